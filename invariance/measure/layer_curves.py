"""The invariance curve of every layer of a network, each taken from the input: where warps are forgotten, or not."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import ArgumentError
from ..images import ContinuousImage, sample
from ..warps import Method
from .curve import Family, InvarianceCurve, invariance_curve
from .layer_calls import layer_calls

__all__ = ["layer_curves"]


def layer_curves(
    model: nn.Module,
    images: ContinuousImage | Float[Tensor, "b c h w"],
    *,
    warp: str | Family,
    scales: Sequence[float],
    generator: torch.Generator,
    layers: Collection[str] | None = None,
    draws: int = 1,
    size: int | None = None,
    margin: float = 0.1,
    method: Method = "cubic",
) -> dict[str, InvarianceCurve]:
    r"""`invariance_curve` of each layer under the same warps, by the layer's dotted name, in the order of computation.

    The claim follows the output. One with a plane, "b … h w", is held to move with the image (*covariant*: all that a
    map of features can do), any other one to stay (*invariant*). So no step from a layer to the next can be called
    progress where the plane is only pooled away.

    Args:
        layers: names as `layerwise_error` gives them; all layers whose output is a floating-point tensor by default.
        draws, size, margin, method: as in `invariance_curve`.

    Raises:
        ArgumentError: a layer that the model does not call, or that has no such output.
    """
    with torch.no_grad():
        calls = layer_calls(model, images[:1] if isinstance(images, Tensor) else sample(images, size or 1)[:1])
    planes = {call.layer: call.output.ndim >= 4 for call in calls if call.output is not None}
    for name in layers or ():
        if name not in planes:
            raise ArgumentError("layers", name, f"layers of the model: {', '.join(planes)}")
    state, curves = generator.get_state(), {}
    for name, plane in planes.items():
        if layers is None or name in layers:
            generator.set_state(state)
            curves[name] = invariance_curve(
                _Tap(model, name, plane),
                images,
                warp=warp,
                scales=scales,
                generator=generator,
                draws=draws,
                claim="covariant" if plane else "invariant",
                size=size,
                margin=margin,
                method=method,
                label=name,
            )
    return curves


class _Tap:
    """Images to the output of one layer, the axes between batch and plane as one."""

    def __init__(self, model: nn.Module, layer: str, plane: bool) -> None:
        self.model, self.layer, self.plane = model, layer, plane

    def __call__(self, images: Tensor) -> Tensor:
        (output,) = (call.output for call in layer_calls(self.model, images) if call.layer == self.layer)
        if output is None:
            raise ArgumentError("layers", self.layer, "a layer whose output is a floating-point tensor for all images")
        return output.flatten(1, -3) if self.plane else output
