"""The symmetry that a shape, a group's name and a claim stand for: images and sequences need no declaration."""

from __future__ import annotations

import torch

from .. import fields as f
from ..errors import ArgumentError, meant
from ..fields import Field
from ..groups import GROUPS, Group, SplitGroup, as_group
from ..measure.error import Model
from ..symmetry import Symmetry
from ..verdicts import Claim
from .probe import Probe
from .question import CHECKED_GROUPS

__all__ = ["symmetry_of"]


def symmetry_of(
    model: Model,
    input_shape: tuple[int, ...],
    group: Group | SplitGroup | str,
    claim: Claim = "invariant",
    action: str = "scalar",
    *,
    dtype: torch.dtype = torch.float64,
    device: str = "cpu",
) -> Symmetry:
    """Images of (C, H, W), or sequences of (C, length), in and out; the model is run once to see what comes out.

    Raises:
        ArgumentError: a shape of another rank, whose axes have to be declared; an output that is no such field.
    """
    try:
        known = as_group(group)
    except ArgumentError as error:
        close, other = meant(str(group), CHECKED_GROUPS), str(error.args[2])
        rest = other.partition("? ")[2] if close and other.startswith("did you mean") else other
        raise ArgumentError("group", group, f"{close}{', '.join(CHECKED_GROUPS)}; or {rest}") from error
    if known.name in GROUPS and not GROUPS[known.name].permutes_pixels:
        raise ArgumentError(
            "group", known.name, "a group of square pixels: of the hexagonal lattice it turns; try C(3)"
        )
    inputs = _field("input_shape", input_shape, known, "scalar")
    if claim == "invariant":
        return Symmetry(known, inputs)
    probe = Probe(model, dtype=dtype, device=device, batch=2)
    output = probe(inputs.sample(2, torch.Generator().manual_seed(0)))
    return Symmetry(known, inputs, _field("model(inputs).shape", tuple(output.shape[1:]), known, action))


def _field(argument: str, shape: tuple[int, ...], group: Group, fibre: str) -> Field:
    colour = "channels" in group.slots
    lengths = [*shape]
    if fibre == "regular" and len(shape) > 2:
        order = lengths.pop(1)
        if order != group.order:
            raise ArgumentError(argument, shape, f"{group.order} elements of {group} on the second axis")
    held = f.regular(group) if fibre == "regular" else "colour" if colour else fibre
    match lengths:
        case [channels, length]:
            return f.sequence(channels, length, held)
        case [channels, height, width]:
            return f.image(channels, height, width, held)
    wanted = "(channels, height, width) or (channels, length); say of other axes what they are, by a Symmetry of fields"
    raise ArgumentError(argument, shape, f"{wanted}, such as Symmetry({str(group)!r}, 'volume:1x16x16x16')")
