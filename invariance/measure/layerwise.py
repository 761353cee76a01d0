r"""Where does a network break a symmetry? The equivariance error of every layer, and the places to blame.

For the layers $F_1, F_2, \dots$ of a module, each taken from the input, and $g$ in a symmetry,
$$E_l = \mathrm{RMS}\|F_l(gx) - \rho_l(g)F_l(x)\| \,/\, \mathrm{RMS}\|F_l(x) - F_l(x')\|$$
with the action $\rho_l$ that fits best: on the plane as the image moves, on the channels trivially, by a permutation
with signs or by an orthogonal matrix. An error of rounding size is no accident of the choice, since one map serves all
samples and pixels. Which layer is to blame, or which lines between layers, is told by `blame`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..errors import ArgumentError
from ..extras import NeededFor
from ..groups import SplitGroup
from ..images import ContinuousImage
from ..warps import Method, Warp
from .blame import Fault, Left, blame
from .symmetry import Element, group_elements, shift_element, warp_element

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LayerError", "LayerwiseReport", "blame_layers", "layerwise_error"]


_NAMED = 8  # faults in a sentence; `faults` has them all


@dataclass(frozen=True, eq=False)
class LayerError:
    """One layer under the element of the symmetry that it takes worst.

    Attributes:
        layer, kind, shape: name in the module, class, and shape of the output.
        element: of the symmetry.
        actions: those of the output that fit best, over all elements.
        error: the normalised error E; None where nothing could be compared.
        reason: why there is no error: no tensor, another shape, the same output for all images, no pixel left.
        conditions: what the layer violates: for finite groups the size condition (n + 2p − k) mod s = 0 at the lengths
            that it was called with (`invariance.sizes`), for shifts that s divides the shift of its input.
    """

    layer: str
    kind: str
    shape: tuple[int, ...] | None
    element: str = ""
    actions: tuple[str, ...] = ()
    error: float | None = None
    reason: str = ""
    conditions: tuple[str, ...] = ()

    @property
    def action(self) -> str:
        """In words, how the layer's output moves; several if it moves in several ways."""
        return " / ".join(self.actions)

    @property
    def name(self) -> str:
        """Where the layer is in the network, and its class."""
        return f"{self.layer} ({self.kind})" if self.layer else self.kind


@dataclass(frozen=True, eq=False)
class LayerwiseReport:
    """The layers and the faults in the order in which they are computed.

    Attributes:
        layers: with the error of each, also where a later one mends it.
        faults: the places that break the symmetry of the output, each on its own.
        tolerance: E from which a layer counts as broken.
        action: how the output moves; empty where it does not, or where that cannot be told.
    """

    symmetry: str
    layers: tuple[LayerError, ...]
    faults: tuple[Fault, ...]
    tolerance: float
    action: str = ""

    @property
    def first_broken(self) -> Fault | None:
        """The first place to blame."""
        return next(iter(self.faults), None)

    @property
    def verdict(self) -> str:
        """One sentence: the first place that breaks the symmetry, how much, the size condition that it violates, and
        the others that do so on their own."""
        if (fault := self.first_broken) is None:
            compared = sum(layer.error is not None for layer in self.layers)
            left_out = f"; {len(self.layers) - compared} not compared" if compared < len(self.layers) else ""
            return (
                f"{self.symmetry}: no layer of {compared} compared is off by more than {self.tolerance:.1e}{left_out}"
            )
        first = f"{self.symmetry} is broken first by {fault.sentence}"
        return f"{first}; {self.others}" if self.others else first

    @property
    def others(self) -> str:
        """The faults after the first; empty where there are none."""
        names = [fault.name for fault in self.faults[1:]]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return f"broken also by {', '.join(names[:_NAMED])}{more}, each on its own" if names else ""

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
        with NeededFor("to_frame"):
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
    name = symmetry.name if isinstance(symmetry, SplitGroup) else elements[0].name
    return blame_layers(model, inputs, elements, tolerance=allowed, symmetry=name)


def blame_layers(
    model: nn.Module, inputs: object, elements: Iterable[Element], *, tolerance: float, symmetry: str
) -> LayerwiseReport:
    """The report for some elements of any symmetry, on a tensor or a tree of them.

    Raises:
        ArgumentError: as `layerwise_error`.
    """
    layers: list[LayerError] = []
    faults: dict[tuple[str, object], Fault] = {}
    actions: list[str] = []
    for element in elements:
        found, modules, moves = blame(model, inputs, element, tolerance)
        actions.append(moves)
        for fault in found:
            faults.setdefault((fault.layer, fault.between), fault)
        here = [_layer_error(left, element, tolerance) for left in modules]
        layers = [_worse(*pair, tolerance) for pair in zip(layers, here, strict=True)] if layers else here
    action = " / ".join(dict.fromkeys(actions)) if all(actions) else ""
    return LayerwiseReport(symmetry, tuple(layers), tuple(faults.values()), tolerance, action)


def _layer_error(left: Left, element: Element, tolerance: float) -> LayerError:
    call, fit = left.call, left.fit
    if fit is None:
        return LayerError(call.label, call.kind, left.shape, element.name, reason="does not depend on the input")
    told = fit.status in ("moves", "broken")
    broken = told and fit.error is not None and fit.error > tolerance
    return LayerError(
        call.label,
        call.kind,
        left.shape,
        element.name,
        (fit.action,) if fit.action and told else (),
        fit.error if told else None,
        fit.reason,
        element.conditions(call) if broken else (),
    )


def _worse(layer: LayerError, other: LayerError, tolerance: float) -> LayerError:
    """No comparison at one element is worse than an exact one at another, and better than a broken one."""

    def severity(layer: LayerError) -> float:
        return tolerance if layer.error is None else layer.error

    actions = tuple(dict.fromkeys((*layer.actions, *other.actions)))
    return replace(max(layer, other, key=severity), actions=actions)


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
