r"""Transformations that are exact on pixels: finite groups, colour gains, block fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..actions import PointwiseAction, block_action
from ..errors import ArgumentError
from ..groups import GROUPS, SplitGroup
from .question import FINITE, Kind, Question

__all__ = ["Element", "block_size", "elements", "planar_name", "require_field"]

_NAMES = {
    ((0, -1), (1, 0)): "90°",
    ((-1, 0), (0, -1)): "180°",
    ((0, 1), (-1, 0)): "270°",
    ((-1, 0), (0, 1)): "flip of rows",
    ((1, 0), (0, -1)): "flip of columns",
    ((0, 1), (1, 0)): "transposition",
    ((0, -1), (-1, 0)): "anti-transposition",
}


_GAINS = (0.3, 1.7, 6.0)


@dataclass(frozen=True)
class Element:
    """One transformation: its name, its number, and what it does to a field of each kind."""

    name: str
    index: int
    act: Callable[[Kind, Tensor], Tensor]


def elements(question: Question, model: object, size: int | None, generator: torch.Generator) -> Iterator[Element]:
    """All but the identity for a finite group; generators and random elements for the others."""
    if question.group in FINITE:
        yield from _finite(GROUPS[question.group])
    elif question.group == "colour-gain":
        yield from _gains(question.input_shape[0])
    else:
        height, width = question.shape(size)[-2:]
        yield from _block_fields(question.block or block_size(model), (height, width), generator)


def require_field(question: Question, output: Tensor) -> None:
    """Raises ArgumentError where the output is no field of the kind that the claim speaks of."""
    match question.moves:
        case "scalar":
            fitting, wanted = output.ndim == 4, "(batch, channels, height, width) for a scalar field"
        case "regular":
            order = GROUPS[question.group].order
            fitting = output.ndim == 5 and output.shape[2] == order
            wanted = f"(batch, channels, {order}, height, width) for the regular representation of {question.group}"
        case "jacobian":
            fitting = output.ndim == 6 and tuple(output.shape[2:4]) == (3, 2)
            wanted = "(batch, channels, 3, 2, height, width) for a Jacobian field"
        case _:
            return
    if not fitting:
        raise ArgumentError("model(inputs).shape", tuple(output.shape), wanted)


def planar_name(group: SplitGroup, element: int) -> str:
    return _NAMES[group.matrices[element]]


def block_size(model: object) -> int:
    """The kernel size of the first layer, the K of the paper's block fields."""
    layers: Iterator[Any] = model.modules() if isinstance(model, nn.Module) else iter(())
    for layer in layers:
        size = getattr(layer, "kernel_size", None)
        if isinstance(size, int):
            return size
        if isinstance(size, tuple) and len(set(size)) == 1:
            return size[0]
    raise ArgumentError("block", None, "the side of a block in pixels: no layer has a kernel size")


def _finite(group: SplitGroup) -> Iterator[Element]:
    for g in group.elements[1:]:

        def act(kind: Kind, field: Tensor, g: int = g) -> Tensor:
            if kind == "regular":
                return group.act(g, field)
            moved = group.act_on_plane(g, field)
            if kind == "scalar":
                return moved
            # d(f ∘ φ) = J(φ) dφ with φ = A⁻¹, whose matrix in (x, y) is that in (row, column) with both axes swapped.
            matrix = torch.tensor(group.matrices[group.inverse[g]], dtype=field.dtype, device=field.device).flip(0, 1)
            return PointwiseAction.constant(matrix[None])(moved)

        yield Element(planar_name(group, g), g, act)


def _gains(channels: int) -> Iterator[Element]:
    """Darker, brighter and much brighter, of all channels and of each: what saturates or clips shows at one of them."""
    gained = [
        (f"gain {gain:g} of {'all' if c is None else f'channel {c}'}", gain, c)
        for c in (None, *(range(channels) if channels > 1 else ()))
        for gain in _GAINS
    ]
    for index, (name, gain, channel) in enumerate(gained):
        one = torch.arange(channels) == channel if channel is not None else torch.ones(channels, dtype=torch.bool)
        gains = torch.where(one, gain, 1.0).double()

        def act(kind: Kind, field: Tensor, gains: Tensor = gains) -> Tensor:
            if field.shape[1] != len(gains):
                wanted = f"the {len(gains)} channels of the input, so that each has its gain"
                raise ArgumentError("model(inputs).shape", tuple(field.shape), wanted)
            return field * gains.to(field)[:, None, None]

        yield Element(name, index, act)


def _block_fields(block: int, size: tuple[int, int], generator: torch.Generator) -> Iterator[Element]:
    flip = torch.tensor([1.0, -1.0], dtype=torch.float64).view(1, 1, 2, 1, 1)
    for index, name in enumerate(("block field", "block field 2", "block field with reflections")):
        field = block_action(1, 0.5, generator=generator, size=size, block=block).field
        if index == 2:
            reflected = torch.rand((1, 1, 1, *(n // block for n in size)), generator=generator) < 0.5
            spread = reflected.repeat_interleave(block, -2).repeat_interleave(block, -1)
            field = torch.where(spread, field * flip, field)

        def act(kind: Kind, jac: Tensor, field: Tensor = field) -> Tensor:
            if jac.shape[-2:] == size:
                return PointwiseAction(field.to(jac.device))(jac)
            if tuple(jac.shape[-2:]) == tuple(n // block for n in size):
                return PointwiseAction(field[..., ::block, ::block].to(jac.device))(jac)
            wanted = f"the size {size} of the input, or one pixel for each block of {block}"
            raise ArgumentError("model(inputs).shape", tuple(jac.shape), wanted)

        yield Element(name, index, act)
