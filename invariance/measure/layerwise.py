r"""Where does a network break a symmetry? The equivariance error of every layer, by forward hooks.

For the layers $F_1, F_2, \dots$ of a module, each taken from the input, and $g$ in a symmetry,
$$E_l = \mathrm{RMS}\|F_l(gx) - \rho_l(g)F_l(x)\| \,/\, \mathrm{RMS}\|F_l(x) - F_l(x')\|$$
with the action $\rho_l$ that fits best: on the plane as the image moves, on the channels trivially or by a permutation
with signs. No action of that kind does better, so that what is called broken is broken; an error of rounding size is no
accident of the choice, since one permutation serves all samples and pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..errors import ArgumentError, DegenerateError, UndefinedError
from ..groups import SplitGroup
from ..images import ContinuousImage
from ..warps import Method, Warp
from .error import ErrorReport, equivariance_error
from .layer_calls import LayerCall, layer_calls, same_path
from .symmetry import Element, group_elements, on_planes, shift_element, warp_element

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LayerError", "LayerwiseReport", "layerwise_error"]


@dataclass(frozen=True, eq=False)
class LayerError:
    """One layer under the element of the symmetry that it takes worst.

    Attributes:
        layer, kind, shape: name in the module, class, and shape of the output.
        element: of the symmetry.
        actions: those of the output that fit best, over all elements.
        report: the comparison, from which `error` comes; None where there was none.
        reason: why there is no error: no tensor, another shape, the same output for all images, no pixel left.
        conditions: what the layer violates: for finite groups the size condition (n + 2p − k) mod s = 0 at the lengths
            that it was called with (`invariance.sizes`), for shifts that s divides the shift of its input.
    """

    layer: str
    kind: str
    shape: tuple[int, ...] | None
    element: str = ""
    actions: tuple[str, ...] = ()
    report: ErrorReport | None = None
    reason: str = ""
    conditions: tuple[str, ...] = ()

    @property
    def error(self) -> float | None:
        """The normalised error E."""
        return None if self.report is None else self.report.normalised

    @property
    def action(self) -> str:
        return " / ".join(self.actions)

    @property
    def name(self) -> str:
        return f"{self.layer} ({self.kind})" if self.layer else self.kind


@dataclass(frozen=True, eq=False)
class LayerwiseReport:
    """The layers in the order in which they are computed; those above `tolerance` break the symmetry."""

    symmetry: str
    layers: tuple[LayerError, ...]
    tolerance: float

    @property
    def first_broken(self) -> LayerError | None:
        """The culprit: the first layer above the tolerance; layers without an error are passed over."""
        return next((layer for layer in self.layers if layer.error is not None and layer.error > self.tolerance), None)

    @property
    def verdict(self) -> str:
        """One sentence: the first layer that breaks the symmetry, how much, and the size condition it violates."""
        layer = self.first_broken
        if layer is None:
            compared = sum(layer.report is not None for layer in self.layers)
            left_out = f"; {len(self.layers) - compared} not compared" if compared < len(self.layers) else ""
            return (
                f"{self.symmetry}: no layer of {compared} compared is off by more than {self.tolerance:.1e}{left_out}"
            )
        found = f"{self.symmetry} is broken first by {layer.name}: E = {layer.error:.1e} under {layer.element}"
        return "; ".join((found, *layer.conditions))

    def rows(self) -> list[dict[str, Any]]:
        """Plain values, one dictionary a layer: for a table, a frame or JSON."""
        return [
            {
                "layer": layer.layer,
                "kind": layer.kind,
                "shape": None if layer.shape is None else list(layer.shape),
                "error": layer.error,
                "element": layer.element,
                "action": layer.action,
                "note": layer.reason or "; ".join(layer.conditions),
            }
            for layer in self.layers
        ]

    def to_frame(self) -> pd.DataFrame:
        """One row a layer (extra `frames`)."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def __str__(self) -> str:
        width = max(len(layer.name) for layer in self.layers)
        lines = [f"{layer.name:<{width}}  {self._status(layer)}" for layer in self.layers]
        return "\n".join((*lines, self.verdict))

    def _status(self, layer: LayerError) -> str:
        if layer.error is None:
            return f"      –  not compared: {layer.reason}"
        return f"{layer.error:7.1e}  {layer.action if layer.error <= self.tolerance else 'broken'}"


def layerwise_error(
    model: nn.Module,
    images: ContinuousImage | Tensor,
    symmetry: SplitGroup | tuple[int, int] | Warp,
    *,
    size: int | None = None,
    border: int = 0,
    margin: float = 0.1,
    method: Method = "quintic",
    tolerance: float | None = None,
) -> LayerwiseReport:
    r"""Compare every layer's output for the images with that for the transformed images.

    Args:
        images: at least two; continuous ones, sampled at `size`, for warps only.
        symmetry: a finite group, of which all elements are tried; a circular shift by (rows, columns) of pixels; or a
            warp, for which outputs with a plane are compared where x and φ(x) are inside the domain by `margin`.
        border: for finite groups and shifts: so many pixels next to the edge become NaN, which leaves those in the
            comparison that neither padding nor the seam of the shift reaches. At least the shift, and what padding
            reflects.
        tolerance: E from which a layer counts as broken. By default $\epsilon^{3/5}$ of the dtype for finite groups and
            shifts, 4e-10 in double precision; 0.1 for warps, whose E holds the discretisation: compare two sizes.

    Raises:
        ArgumentError: fewer than two images, a border that the symmetry does not allow, a model that gives two outputs
            for one image (dropout), or one that calls other layers for the transformed images.
    """
    inputs, elements = _elements(images, symmetry, size, border, margin, method)
    if len(inputs) < 2:
        raise ArgumentError("images", len(inputs), "at least two independent images, to normalise the error by")
    rounding = torch.finfo(inputs.dtype).eps ** 0.6
    allowed = (0.1 if isinstance(symmetry, Warp) else rounding) if tolerance is None else tolerance

    def severity(layer: LayerError) -> float:
        """No comparison at one element is worse than an exact one at another, and better than a broken one."""
        return allowed if layer.error is None else layer.error

    def worse(layer: LayerError, other: LayerError) -> LayerError:
        actions = tuple(dict.fromkeys((*layer.actions, *other.actions)))
        return replace(max(layer, other, key=severity), actions=actions)

    with torch.no_grad():
        plain = layer_calls(model, inputs)
        _check_deterministic(plain, layer_calls(model, inputs))
        worst: list[LayerError] = []
        for element in elements:
            pairs = same_path(plain, layer_calls(model, element.transformed))
            found = [_compare(call, moved, element, allowed) for call, moved in pairs]
            worst = [worse(*pair) for pair in zip(worst, found, strict=True)] if worst else found
    name = symmetry.name if isinstance(symmetry, SplitGroup) else elements[0].name
    return LayerwiseReport(name, tuple(worst), allowed)


def _elements(
    images: ContinuousImage | Tensor,
    symmetry: SplitGroup | tuple[int, int] | Warp,
    size: int | None,
    border: int,
    margin: float,
    method: Method,
) -> tuple[Tensor, list[Element]]:
    if isinstance(symmetry, Warp):
        if border:
            raise ArgumentError("border", border, "0 for warps, which have a margin")
        inputs, element = warp_element(images, symmetry, size=size, margin=margin, method=method)
        return inputs, [element]
    if not isinstance(images, Tensor) or size is not None:
        raise ArgumentError(
            "images", type(images).__name__, "sampled images, with no size, for finite groups and shifts"
        )
    least = 0 if isinstance(symmetry, SplitGroup) else max(map(abs, symmetry))
    if border and not least <= border < min(images.shape[-2:]) / 2:
        raise ArgumentError("border", border, f"at least {least} pixels, and less than half of the image")
    inputs = torch.full_like(images, torch.nan) if border else images
    if border:
        core = (..., slice(border, -border), slice(border, -border))
        inputs[core] = images[core]
    elements = (
        group_elements(symmetry, inputs) if isinstance(symmetry, SplitGroup) else [shift_element(inputs, symmetry)]
    )
    return inputs, elements


def _check_deterministic(calls: list[LayerCall], again: list[LayerCall]) -> None:
    for first, second in same_path(calls, again):
        if first.output is None or second.output is None:
            continue
        if not torch.equal(first.output.nan_to_num(), second.output.nan_to_num()):
            raise ArgumentError(
                "model", f"two outputs of layer {first.layer!r} for the same images", "deterministic: no dropout"
            )


def _compare(plain: LayerCall, moved: LayerCall, element: Element, tolerance: float) -> LayerError:
    if plain.output is None or moved.output is None:
        return LayerError(plain.layer, plain.kind, None, element.name, reason="no floating-point tensor")
    best = LayerError(plain.layer, plain.kind, tuple(plain.output.shape), element.name)
    reason = "no action: shape differs"
    for action, expected in element.candidates(plain.output, moved.output):
        if expected.shape != moved.output.shape:
            continue
        try:
            region = on_planes(element.region, plain.output.ndim)
            report = equivariance_error(
                lambda values: values, plain.output, moved.output, output_action=lambda _, e=expected: e, region=region
            )
            error = report.normalised
        except UndefinedError:
            reason = "the same for all images"
        except DegenerateError:
            reason = "no pixel left to compare"
        else:
            if best.error is None or error < 0.999 * best.error:
                best = replace(best, actions=(action,), report=report)
            if error <= tolerance:
                return best
    if best.report is None:
        return replace(best, reason=reason)
    return replace(best, conditions=element.conditions(plain))
