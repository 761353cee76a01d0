"""The invariance curve of every layer of a network, each taken from the input: where warps are forgotten, or not."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from ..errors import ArgumentError
from ..images import ContinuousImage
from ..warps import Method, Warp, warp_images
from .curve import Family, InvarianceCurve, checked_scales, curve_of, draws_by_scale, family_of
from .error import ErrorReport, equivariance_error
from .layer_calls import layer_calls
from .warping import inside, sample_pair

__all__ = ["layer_curves"]


@torch.no_grad()
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
    r"""`invariance_curve` of each layer under the same warps, by the layer's dotted name, in the order of computation;
    one pass of the model for each draw, whatever the number of layers.

    The claim follows the output. One with a plane, "b … h w", is held to move with the image (*equivariant*: all that a
    map of features can do), any other one to stay (*invariant*). So no step from a layer to the next can be called
    progress where the plane is only pooled away.

    Args:
        layers: names as `layerwise_error` gives them; all layers whose output is a floating-point tensor by default.
        draws, size, margin, method: as in `invariance_curve`.

    Raises:
        ArgumentError: a layer that the model does not call, or that has no such output; scales or draws as in
            `invariance_curve`; a family of pointwise actions.
    """
    scales = checked_scales(scales, draws)
    identity = family_of(warp)(1, 0.0, generator=torch.Generator())
    if not isinstance(identity, Warp):
        raise ArgumentError("warp", warp, "a family of warps: pointwise actions act on Jacobian fields, not on images")
    inputs, _ = sample_pair(images, identity, size=size, method=method)
    plain = _outputs(model, inputs)
    for name in layers or ():
        if name not in plain:
            raise ArgumentError("layers", name, f"layers of the model: {', '.join(plain)}")
    chosen = {name: output for name, output in plain.items() if layers is None or name in layers}
    reports: dict[str, list[list[ErrorReport]]] = {name: [] for name in chosen}
    for drawn in draws_by_scale(family_of(warp), scales, len(inputs), draws, generator):
        for rows in reports.values():
            rows.append([])
        for transformation in drawn:
            assert isinstance(transformation, Warp)
            moved = _outputs(model, sample_pair(images, transformation, size=size, method=method)[1])
            for name, output in chosen.items():
                report = _compare(output, moved.get(name), transformation, inputs, name, margin, method)
                reports[name][-1].append(report)
    return {
        name: curve_of(rows, scales, name, "equivariant" if chosen[name].ndim >= 4 else "invariant")
        for name, rows in reports.items()
    }


def _outputs(model: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    """By layer, the axes between batch and plane as one."""
    calls = layer_calls(model, inputs)
    outputs = {call.layer: call.output for call in calls if call.output is not None}
    return {name: output.flatten(1, -3) if output.ndim >= 4 else output for name, output in outputs.items()}


def _compare(
    plain: Tensor, moved: Tensor | None, warp: Warp, inputs: Tensor, name: str, margin: float, method: Method
) -> ErrorReport:
    if moved is None:
        raise ArgumentError("layers", name, "layers that are called for all images")

    def region(height: int, width: int) -> Bool[Tensor, "b 1 h w"]:
        return inside(warp, height, width, 1 - margin, inputs)

    def action(output: Tensor) -> Tensor:
        return warp_images(output, warp, method=method) if output.ndim >= 4 else output

    return equivariance_error(lambda values: values, plain, moved, output_action=action, region=region)
