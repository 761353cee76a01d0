r"""One element of a symmetry as the images see it, and as an output of any shape may.

An output may transform by more than one action: its channels stay, or the group permutes them. The candidates are
given in the order of preference; a layer is equivariant if it is so for one of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jaxtyping import Bool
from torch import Tensor, nn

from ..errors import ArgumentError
from ..groups import SplitGroup
from ..images import ContinuousImage
from ..sizes import size_defects
from ..warps import Method, Warp, warp_images
from .error import Region
from .layer_calls import LayerCall
from .matching import match_channels
from .warping import inside, sample_pair

__all__ = ["Candidates", "Element", "group_elements", "on_planes", "shift_element", "warp_element"]

Candidates = Callable[[Tensor, Tensor], Iterator[tuple[str, Tensor]]]
"""Names of actions and ρ(g)F(x), from F(x) and F(gx)."""

_MOST_CHANNELS = 1024  # an assignment of more takes seconds


@dataclass(frozen=True, eq=False)
class Element:
    """Attributes:

    name: for reports.
    transformed: gx.
    candidates: the actions on an output.
    region: which pixels of an output with a plane count; all by default.
    conditions: what a layer that breaks the symmetry violates, where its numbers tell.
    """

    name: str
    transformed: Tensor
    candidates: Candidates
    region: Region | None = None
    conditions: Callable[[LayerCall], tuple[str, ...]] = lambda call: ()


def group_elements(group: SplitGroup, inputs: Tensor) -> list[Element]:
    """All elements of H but the identity; `inputs` are images "b c h w" or features "b c |H| h w"."""
    if inputs.ndim not in (4, 5):
        raise ArgumentError(
            "inputs.shape", tuple(inputs.shape), "(batch, channels, h, w) or (batch, channels, |H|, h, w)"
        )
    act = group.act if inputs.ndim == 5 else group.act_on_plane
    return [
        Element(
            f"{group.name}[{g}]",
            act(g, inputs),
            lambda plain, actual, g=g: _by_group(group, g, plain, actual),
            conditions=_size_conditions,
        )
        for g in group.elements
        if g
    ]


def _by_group(group: SplitGroup, g: int, plain: Tensor, actual: Tensor) -> Iterator[tuple[str, Tensor]]:
    if plain.ndim == 1:
        yield "channels stay", plain
        return
    if plain.ndim >= 5 and plain.shape[-3] == group.order:
        yield "regular, on the group axis", group.act(g, plain)
    elif plain.ndim == 4 and plain.shape[1] % group.order == 0:
        yield "regular, on channels c·|H| + h", group.act(g, plain.unflatten(1, (-1, group.order))).flatten(1, 2)
    moved = group.act_on_plane(g, plain) if plain.ndim >= 4 else plain
    yield "channels stay", moved
    channels = _channels(moved)
    if 1 < channels.shape[1] <= _MOST_CHANNELS and moved.shape == actual.shape:
        yield "channels permuted, up to signs", match_channels(_channels(actual), channels).reshape(moved.shape)


def shift_element(inputs: Tensor, shift: tuple[int, int]) -> Element:
    """The circular shift by (rows, columns) of pixels; outputs move by 1/s of it, s a divisor of both.

    Of the strides s that the shape allows, up to the ratio of the lengths, the best is taken: an output that would have
    to move by a part of a pixel is equivariant under none. One that is larger by a whole factor may move by as much.
    """
    if inputs.ndim < 4:
        raise ArgumentError("inputs.shape", tuple(inputs.shape), "(batch, channels, …, h, w)")
    if not any(shift):
        raise ArgumentError("shift", shift, "a shift other than none")
    axes = (-2, -1)

    def candidates(plain: Tensor, actual: Tensor) -> Iterator[tuple[str, Tensor]]:
        if plain.ndim < 4:
            yield "stays", plain
            return
        most = max(1, math.ceil(min(inputs.shape[axis] / plain.shape[axis] for axis in axes)))
        for stride in range(1, most + 1):
            if not any(step % stride for step in shift):
                yield f"moves by 1/{stride}", plain.roll([step // stride for step in shift], axes)
        factors = {plain.shape[axis] / inputs.shape[axis] for axis in axes}
        if len(factors) == 1 and (factor := factors.pop()) > 1 and factor.is_integer():
            yield f"moves by {factor:g}", plain.roll([step * int(factor) for step in shift], axes)

    return Element(f"shift by {shift}", inputs.roll(shift, axes), candidates, conditions=_stride_conditions)


def warp_element(
    images: ContinuousImage | Tensor, warp: Warp, *, size: int | None, margin: float, method: Method
) -> tuple[Tensor, Element]:
    """The images' samples and the warp; planes are taken to cover the domain, other outputs to be invariant."""
    inputs, transformed = sample_pair(images, warp, size=size, method=method)

    def candidates(plain: Tensor, actual: Tensor) -> Iterator[tuple[str, Tensor]]:
        if plain.ndim < 4:
            yield "stays", plain
        else:
            yield "moves with the image", warp_images(_channels(plain), warp, method=method).reshape(plain.shape)

    def region(height: int, width: int) -> Bool[Tensor, "b 1 h w"]:
        return inside(warp, height, width, 1 - margin, inputs)

    return inputs, Element(type(warp).__name__.lower(), transformed, candidates, region)


def on_planes(region: Region | None, axes: int) -> Region | None:
    """The region of outputs with so many axes; of those without a plane, all of it."""
    if region is None or axes < 4:
        return None

    def spread(height: int, width: int) -> Tensor:
        return region(height, width).view(-1, *[1] * (axes - 3), height, width)

    return spread


def _size_conditions(call: LayerCall) -> tuple[str, ...]:
    shape = call.input_shape
    if shape is None or len(shape) < 4 or not _slides(call.module):
        return ()
    defects = [size_defects(call.module, length, channels=shape[1:-2]) for length in dict.fromkeys(shape[-2:])]
    return tuple(dict.fromkeys(str(window).partition(": ")[2] for windows in defects for window in windows))


def _stride_conditions(call: LayerCall) -> tuple[str, ...]:
    stride = getattr(call.module, "stride", 1)
    strides = sorted({stride} if isinstance(stride, int) else set(stride))
    if not _slides(call.module) or strides == [1]:
        return ()
    return (f"keeps shifts of its input by multiples of its stride, {strides[-1]}",)


def _slides(module: nn.Module) -> bool:
    return hasattr(module, "kernel_size") and hasattr(module, "stride")


def _channels(values: Tensor) -> Tensor:
    """All axes between the batch and the plane as one; all but the batch where there is no plane."""
    return values.flatten(1, -3 if values.ndim >= 4 else -1)
