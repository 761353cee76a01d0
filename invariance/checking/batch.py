"""Does the output for a sample depend on the rest of its batch, as batch statistics make it?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ..errors import ArgumentError
from .exact import IMAGES, Shown
from .inputs import KINDS
from .judge import judge
from .moved import Moved
from .probe import Probe
from .question import Question
from .report import Row, merged
from .rounding import measured

__all__ = ["check_batch"]


def check_batch(probe: Probe, question: Question, size: int | None, generator: torch.Generator) -> Iterator[Row]:
    """A row for each other batch that the same samples are in, the gravest of all kinds of batches."""
    shape, count = question.shape(size), min(question.images or IMAGES, question.batch)
    if count < 2:
        raise ArgumentError("batch", question.batch, "at least 2 samples in a pass")
    here = (shape[-2], shape[-1])
    kinds = list(_kinds(probe, _drawn(question, shape, count, generator)))
    for name, rebatched in _BATCHES.items():
        rows: dict[str, Row] = {}
        for kind in kinds:
            try:
                moved = rebatched(probe, kind.inputs, kind.plain)
            except ArgumentError as error:
                said = f"the model takes no such batch ({error.args[2]})"
                rows[kind.kind] = Row(name, here, None, None, 0.0, "undecided", note=said)
                continue
            rows[kind.kind] = judge(
                name,
                here,
                Moved(kind.plain, moved, lambda output: output, exact=True),
                kind.rounding,
                family=len(_BATCHES) * len(kinds),
                generator=generator,
                tolerance=question.tolerance,
            )
        yield merged(rows, tolerance=question.tolerance)


def _drawn(question: Question, shape: tuple[int, ...], count: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Batches of one kind each, and one of an image of each kind: a branch on the whole batch shows beside others."""
    if question.inputs is not None:
        return {"the inputs given": question.inputs[:count]}
    drawn = {kind: draw(shape, count, generator) for kind, draw in KINDS.items()}
    return drawn | {"one image of each kind": torch.cat([images[:1] for images in drawn.values()])[: question.batch]}


def _kinds(probe: Probe, drawn: dict[str, Tensor]) -> Iterator[Shown]:
    """Those that the model takes; the first that it refuses is raised where it takes none."""
    refused: ArgumentError | None = None
    taken = 0
    for kind, inputs in drawn.items():
        try:
            plain = probe(inputs)
        except ArgumentError as error:
            refused = refused or error
            continue
        if not taken:
            probe.require_function(inputs, plain)
        taken += 1
        (rounding,) = measured(probe, [(inputs, plain)], alone=False)
        yield Shown(kind, inputs, plain, rounding)
    if not taken and refused is not None:
        raise refused


def _alone(probe: Probe, inputs: Tensor, plain: Tensor) -> Tensor:
    return torch.cat([probe(x[None]) for x in inputs])


def _reversed(probe: Probe, inputs: Tensor, plain: Tensor) -> Tensor:
    return probe(inputs.flip(0)).flip(0)


def _beside_another(probe: Probe, inputs: Tensor, plain: Tensor) -> Tensor:
    return torch.cat((probe(torch.cat((inputs[:-1], 1 + 2 * inputs[:1])))[:-1], plain[-1:]))


_BATCHES: dict[str, Callable[[Probe, Tensor, Tensor], Tensor]] = {
    "each sample alone": _alone,
    "the batch in reverse": _reversed,
    "another sample in the place of the last": _beside_another,
}
