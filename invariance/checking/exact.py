"""Finite groups, colour gains and block fields: every element, at every size asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import torch
from torch import Tensor

from ..measure import ErrorReport, equivariance_error
from ..measure.error import Region
from .elements import Element, elements, require_field
from .inputs import images
from .judge import judge_exact
from .probe import Probe
from .question import Question
from .report import Row
from .rounding import Rounding

__all__ = ["IMAGES", "check_exact", "compared", "expected_output"]

IMAGES = 4


def compared(
    plain: Tensor, moved: Tensor, action: Callable[[Tensor], Tensor], region: Region | None = None
) -> ErrorReport:
    """F(gx) in `moved` against ρ(g)F(x), `action` on `plain`."""
    return equivariance_error(lambda output: output, plain, moved, output_action=action, region=region)


def check_exact(probe: Probe, question: Question, size: int | None, generator: torch.Generator) -> Iterator[Row]:
    """A row for each element at one size; passes over several elements at once where `batch` leaves room."""
    shape = question.shape(size)
    inputs = images(shape, question.images or IMAGES, generator)
    probe.require_function(inputs[:2])
    rounding = Rounding(probe, inputs)
    plain = rounding.plain
    require_field(question, plain)
    together = shape[-1] == shape[-2] and probe.separates(inputs[:2])
    several = max(1, probe.batch // len(inputs)) if together else 1
    pending = elements(question, probe.model, size, generator)
    while batch := list(islice(pending, several)):
        moved = probe(torch.cat([element.act(question.input_kind, inputs) for element in batch]))
        for element, output in zip(batch, moved.split(len(inputs)), strict=True):
            expected = expected_output(question, element)
            here = (shape[-2], shape[-1])
            if (turned := expected(plain).shape) != output.shape:
                said = (
                    f"the output's shape does not move along: {tuple(output.shape)} where {tuple(turned)} is expected"
                )
                yield Row(element.name, here, None, None, 0.0, "violated", note=said)
                continue
            yield judge_exact(element.name, here, compared(plain, output, expected), rounding, generator=generator)


def expected_output(question: Question, element: Element) -> Callable[[Tensor], Tensor]:
    """ρ(g) on the output."""
    moves = question.moves
    if moves is None:
        return lambda output: output
    if callable(moves):
        return lambda output: moves(element.index, output)
    return lambda output: element.act(moves, output)
