"""Does the output for a sample depend on the rest of its batch, as batch statistics make it?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ..errors import ArgumentError
from .exact import IMAGES
from .inputs import images
from .judge import Moved, judge
from .probe import Probe
from .question import Question
from .report import Row
from .rounding import measured

__all__ = ["check_batch"]


def check_batch(probe: Probe, question: Question, size: int | None, generator: torch.Generator) -> Iterator[Row]:
    """A row for each other batch that the same samples are in."""
    shape, count = question.shape(size), min(question.images or IMAGES, question.batch)
    if count < 2:
        raise ArgumentError("batch", question.batch, "at least 2 samples in a pass")
    inputs = images(shape, count, generator) if question.inputs is None else question.inputs[:count]
    plain = probe(inputs)
    probe.require_function(inputs, plain)
    (rounding,) = measured(probe, [(inputs, plain)], alone=False)
    batches: dict[str, Callable[[], Tensor]] = {
        "each sample alone": lambda: torch.cat([probe(x[None]) for x in inputs]),
        "the batch in reverse": lambda: probe(inputs.flip(0)).flip(0),
        "another sample in the place of the last": lambda: torch.cat(
            (probe(torch.cat((inputs[:-1], 1 + 2 * inputs[:1]))[:count])[:-1], plain[-1:])
        ),
    }
    for name, run in batches.items():
        here = (shape[-2], shape[-1])
        try:
            moved = run()
        except ArgumentError as error:
            said = f"the model takes no such batch ({error.args[2]})"
            yield Row(name, here, None, None, 0.0, "undecided", note=said)
            continue
        case = Moved(plain, moved, lambda output: output)
        yield judge(name, here, case, rounding, family=len(batches), generator=generator, tolerance=question.tolerance)
