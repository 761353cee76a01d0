r"""One element of a symmetry as the images see it, and as an output of any shape may.

An output may transform by more than one action: its channels stay, or the group permutes them. The candidates are
given in the order of preference; a layer is equivariant if it is so for one of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from ..errors import ArgumentError
from ..groups import SplitGroup
from ..images import ContinuousImage
from ..sizes import size_defects
from ..warps import Method, Warp, warp_images
from .error import Region
from .matching import keeps_norms, match_channels, match_clearly, match_orthogonal
from .places import Call
from .warping import inside, sample_pair

__all__ = [
    "Candidates",
    "Element",
    "group_elements",
    "layouts",
    "mixed",
    "on_planes",
    "shift_element",
    "warp_element",
]

Candidates = Callable[[Tensor, Tensor, float, bool], Iterator[tuple[str, Tensor]]]
"""Names of actions and ρ(g)F(x), from F(x) and F(gx); a tolerance, and whether to match channels that cannot fit it."""

_MOST_CHANNELS = 1024  # an assignment of more takes seconds


@dataclass(frozen=True, eq=False)
class Element:
    """Attributes:

    name: for reports.
    transformed: gx.
    candidates: the actions on an output.
    exact: whether it moves numbers without changing them, everywhere.
    region: which pixels of an output with a plane count; all by default.
    conditions: what a layer that breaks the symmetry violates, where its numbers tell.
    single: the model takes one sample, without an axis of samples: E is relative to the tensor's own size.
    """

    name: str
    transformed: Any
    candidates: Candidates
    exact: bool = True
    region: Region | None = None
    conditions: Callable[[Call], tuple[str, ...]] = lambda call: ()
    single: bool = False


def group_elements(group: SplitGroup, inputs: Tensor) -> list[Element]:
    """Elements that generate H; `inputs` are images "b c h w" or features "b c |H| h w".

    What is equivariant under generators is so under all elements, up to rounding. Where a quarter turn changes the
    shape of the images, all elements but the identity are given.
    """
    if inputs.ndim not in (4, 5):
        raise ArgumentError(
            "inputs.shape", tuple(inputs.shape), "(batch, channels, h, w) or (batch, channels, |H|, h, w)"
        )
    act = group.act if inputs.ndim == 5 else group.act_on_plane
    square = inputs.shape[-1] == inputs.shape[-2]
    return [
        Element(
            f"{group.name}[{g}]",
            act(g, inputs),
            lambda plain, actual, tolerance, thorough, g=g: _by_group(group, g, plain, actual, tolerance, thorough),
            conditions=_size_conditions,
        )
        for g in (_generators(group) if square else group.elements[1:])
    ]


def _generators(group: SplitGroup) -> list[int]:
    """Elements in their order, save those that earlier ones generate."""
    found: list[int] = []
    reached = {0}
    for g in group.elements:
        if g not in reached:
            found.append(g)
            while (more := reached | {group.product[a][b] for a in reached for b in found}) != reached:
                reached = more
    return found


def _by_group(
    group: SplitGroup, g: int, plain: Tensor, actual: Tensor, tolerance: float, thorough: bool
) -> Iterator[tuple[str, Tensor]]:
    if plain.ndim == 1:
        yield "channels stay", plain
        return
    if plain.ndim >= 5 and plain.shape[-3] == group.order:
        yield "regular, on the group axis", group.act(g, plain)
    elif plain.ndim == 4 and plain.shape[1] % group.order == 0:
        yield "regular, on channels c·|H| + h", group.act(g, plain.unflatten(1, (-1, group.order))).flatten(1, 2)
    moved = group.act_on_plane(g, plain) if plain.ndim >= 4 else plain
    yield "channels stay", moved
    for layout, planes, back in layouts(plain):
        yield f"channels stay ({layout})", back(group.act_on_plane(g, planes))
    if plain.ndim != 3:  # tokens: any order of their entries is no action on channels
        yield from mixed(moved, actual, tolerance, thorough)


def mixed(
    moved: Tensor, actual: Tensor, tolerance: float, thorough: bool, *, plane: int = 2
) -> Iterator[tuple[str, Tensor]]:
    """Maps of the channels, the axes between batch and last `plane`, where their norms agree: else none fits."""
    if moved.shape != actual.shape or not (count := _channels(moved, plane).shape[1]) > 1:
        return
    a, f = _channels(actual, plane), _channels(moved, plane)
    fits = keeps_norms(a, f, tolerance)
    matched = match_clearly(a, f) if fits or thorough else None
    if matched is None and fits and count <= _MOST_CHANNELS:  # channels that are equal, or zero
        matched = match_channels(a, f)
    if matched is not None:
        yield "channels permuted, up to signs", matched.reshape(moved.shape)
    if fits and (best := match_orthogonal(a, f, tolerance)) is not None:
        yield "channels mixed by an orthogonal matrix", best.reshape(moved.shape)


Planes = tuple[str, Tensor, Callable[[Tensor], Tensor]]


def layouts(values: Tensor, plane: int = 2) -> Iterator[Planes]:
    """Other places of a plane: before the last axis; a square of tokens, with or without one before it.

    With a name, the tensor with the plane last, and the way back.
    """
    if values.ndim == plane + 2:
        yield "channels last", values.movedim(-1, 1), lambda planes: planes.movedim(1, -1)
    if values.ndim == 3 and plane == 2:
        for axis, name in ((1, "tokens"), (2, "tokens last")):
            count = values.shape[axis]
            for extra in (0, 1):
                if (side := math.isqrt(count - extra)) > 1 and side * side == count - extra:
                    yield _tokens(values, axis, side, extra, name)


def _tokens(values: Tensor, axis: int, side: int, extra: int, name: str) -> Planes:
    other = 3 - axis
    first, rest = values.split((extra, values.shape[axis] - extra), axis)

    def back(planes: Tensor) -> Tensor:
        tokens = planes.flatten(2).transpose(1, 2)
        return torch.cat((first, tokens if axis == 1 else tokens.transpose(1, 2)), axis)

    planes = (rest.transpose(1, 2) if other == 2 else rest).unflatten(2, (side, side))
    return name + (" after the first" if extra else ""), planes, back


def shift_element(inputs: Tensor, shift: tuple[int, int]) -> Element:
    """The circular shift by (rows, columns) of pixels; outputs move by 1/s of it, s a divisor of both.

    Of the strides s that the shape allows, up to the ratio of the lengths, the best is taken: an output that would have
    to move by a part of a pixel is equivariant under none. One that is larger by a whole factor may move by as much.
    """
    if inputs.ndim < 4:
        raise ArgumentError("inputs.shape", tuple(inputs.shape), "(batch, channels, …, h, w)")
    if not any(shift):
        raise ArgumentError("shift", shift, "a shift other than none")

    def candidates(plain: Tensor, actual: Tensor, tolerance: float, thorough: bool) -> Iterator[tuple[str, Tensor]]:
        if plain.ndim < 4:
            yield "stays", plain
        else:
            for name, moved in _shifted(plain, shift, inputs.shape[-2:]):
                yield name, moved
        for layout, planes, back in layouts(plain):
            for name, moved in _shifted(planes, shift, inputs.shape[-2:]):
                yield f"{name} ({layout})", back(moved)

    exact = bool(inputs.isfinite().all())
    transformed = inputs.roll(shift, (-2, -1))
    return Element(f"shift by {shift}", transformed, candidates, exact, conditions=_stride_conditions)


def _shifted(plain: Tensor, shift: tuple[int, int], size: Sequence[int]) -> Iterator[tuple[str, Tensor]]:
    axes = (-2, -1)
    most = max(1, math.ceil(min(whole / plain.shape[axis] for axis, whole in zip(axes, size, strict=True))))
    for stride in range(1, most + 1):
        if not any(step % stride for step in shift):
            yield f"moves by 1/{stride}", plain.roll([step // stride for step in shift], axes)
    factors = {plain.shape[axis] / whole for axis, whole in zip(axes, size, strict=True)}
    if len(factors) == 1 and (factor := factors.pop()) > 1 and factor.is_integer():
        yield f"moves by {factor:g}", plain.roll([step * int(factor) for step in shift], axes)


def warp_element(
    images: ContinuousImage | Tensor, warp: Warp, *, size: int | None, margin: float, method: Method
) -> tuple[Tensor, Element]:
    """The images' samples and the warp; planes are taken to cover the domain, other outputs to be invariant."""
    inputs, transformed = sample_pair(images, warp, size=size, method=method)

    def candidates(plain: Tensor, actual: Tensor, tolerance: float, thorough: bool) -> Iterator[tuple[str, Tensor]]:
        if plain.ndim < 4:
            yield "stays", plain
        else:
            yield "moves with the image", warp_images(_channels(plain), warp, method=method).reshape(plain.shape)

    def region(height: int, width: int) -> Bool[Tensor, "b 1 h w"]:
        return inside(warp, height, width, 1 - margin, inputs)

    return inputs, Element(type(warp).__name__.lower(), transformed, candidates, False, region)


def on_planes(region: Region | None, axes: int) -> Region | None:
    """The region of outputs with so many axes; of those without a plane, all of it."""
    if region is None or axes < 4:
        return None

    def spread(height: int, width: int) -> Tensor:
        return region(height, width).view(-1, *[1] * (axes - 3), height, width)

    return spread


def _size_conditions(call: Call) -> tuple[str, ...]:
    shape = call.input_shape
    if shape is None or len(shape) < 4 or not _slides(call.module):
        return ()
    defects = [size_defects(call.module, length, channels=shape[1:-2]) for length in dict.fromkeys(shape[-2:])]
    return tuple(dict.fromkeys(str(window).partition(": ")[2] for windows in defects for window in windows))


def _stride_conditions(call: Call) -> tuple[str, ...]:
    stride = getattr(call.module, "stride", 1)
    strides = sorted({stride} if isinstance(stride, int) else set(stride))
    if not _slides(call.module) or strides == [1]:
        return ()
    return (f"keeps shifts of its input by multiples of its stride, {strides[-1]}",)


def _slides(module: nn.Module) -> bool:
    return hasattr(module, "kernel_size") and hasattr(module, "stride")


def _channels(values: Tensor, plane: int = 2) -> Tensor:
    """All axes between the batch and the plane as one; all but the batch where there is no plane."""
    return values.flatten(1, -1 - plane if values.ndim >= plane + 2 else -1)
