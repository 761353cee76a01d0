r"""Finite groups, colour gains and block fields: every element, on every kind of images, at every size asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..errors import ArgumentError
from ..measure import ErrorReport, equivariance_error
from ..measure.error import Region
from .elements import Element, elements, require_field
from .inputs import KINDS
from .judge import judge
from .moved import Moved
from .probe import Probe
from .question import FINITE, Question
from .report import Row, merged
from .rounding import Rounding, measured

__all__ = ["IMAGES", "Shown", "check_exact", "compared", "expected_output", "is_pole", "shown"]

IMAGES, MANY = 4, 16
"""Of a kind; many where a channel is the same for all of the few."""


@dataclass(frozen=True, eq=False)
class Shown:
    """Images of one kind, what the model makes of them, and how far that is rounded."""

    kind: str
    inputs: Tensor
    plain: Tensor
    rounding: Rounding


def compared(
    plain: Tensor, moved: Tensor, action: Callable[[Tensor], Tensor], region: Region | None = None
) -> ErrorReport:
    """F(gx) in `moved` against ρ(g)F(x), `action` on `plain`."""
    return equivariance_error(lambda output: output, plain, moved, output_action=action, region=region)


def shown(
    probe: Probe, question: Question, size: int | None, generator: torch.Generator, kinds: Collection[str] = ()
) -> tuple[list[Shown], str, bool]:
    """Images of every kind that the model takes, a sentence on those that it does not, and whether a sample's output
    ignores its batch. Inputs that were given are the only kind. Where units are sparse, more images.

    `kinds`: these alone; all by default.

    Raises:
        ArgumentError: it takes none of them.
    """
    found, said, alone = _drawn(probe, question, size, question.images or IMAGES, generator, kinds)
    if question.images is None and question.inputs is None and _asleep(found):
        found, said, alone = _drawn(probe, question, size, MANY, generator, kinds)
    if (asleep := _asleep(found)) and len(asleep) < found[0].plain.shape[1]:
        listed = ", ".join(map(str, asleep[:3])) + (" and more" if len(asleep) > 3 else "")
        said = "; ".join(
            filter(None, (said, f"nothing is said of channels that are the same for all images: {listed}"))
        )
    return found, said, alone


def _asleep(kinds: Sequence[Shown]) -> list[int]:
    """Channels that tell no two images of any kind apart."""
    if kinds[0].plain.ndim < 2:
        return []
    awake = torch.stack([(kind.plain != kind.plain[:1]).transpose(0, 1).flatten(1).any(1) for kind in kinds]).any(0)
    return (~awake).nonzero().flatten().tolist()


def _drawn(
    probe: Probe,
    question: Question,
    size: int | None,
    count: int,
    generator: torch.Generator,
    kinds: Collection[str],
) -> tuple[list[Shown], str, bool]:
    shape, own = question.shape(size), question.inputs
    drawings = KINDS if own is None else {"the inputs given": lambda *_: own}
    drawings = {kind: draw for kind, draw in drawings.items() if kind in kinds} or drawings
    accepted: list[tuple[str, Tensor, Tensor]] = []
    refused: dict[str, ArgumentError] = {}
    alone = True
    for kind, draw in drawings.items():
        inputs = draw(shape, count, generator)
        try:
            plain = probe(inputs)
        except ArgumentError as error:
            refused[kind] = error
            if len(refused) == 1 and not accepted and error.args[0] == "batch":
                raise
            continue
        if not accepted:
            alone = probe.separates(inputs, plain)
            require_field(question, plain)
        accepted.append((kind, inputs, plain))
    if not accepted:
        raise next(iter(refused.values()))
    roundings = measured(probe, [(x, y) for _, x, y in accepted], alone=alone)
    found = [Shown(*known, rounding) for known, rounding in zip(accepted, roundings, strict=True)]
    said = "; ".join(f"{kind}: {error.args[1]}" for kind, error in refused.items())
    return found, f"left out, as the model refuses them: {said}" if said else "", alone


def check_exact(
    probe: Probe,
    question: Question,
    size: int | None,
    generator: torch.Generator,
    known: Sequence[Row] = (),
) -> Iterator[Row]:
    """A row for each element at one size, the gravest of all kinds of images.

    `known`: rows at another size; only their elements are tried, on their kinds of images.
    """
    kinds, said, _ = shown(probe, question, size, generator, {row.kind for row in known})
    shape = question.shape(size)
    here = (shape[-2], shape[-1])
    names = {row.transformation for row in known}
    pending = [e for e in elements(question, probe.model, size, generator) if not names or e.name in names]
    family = len(pending) * len(kinds) * len(question.sizes or (0,))
    for element in pending:
        expected = expected_output(question, element)
        rows: dict[str, Row] = {}
        poles: dict[str, None] = {}
        for kind in kinds:
            acted = element.act(question.input_kind, kind.inputs)
            try:
                output = probe(acted)
            except ArgumentError as error:  # a pole that rounding hits on one side alone
                if not is_pole(error) or len(kinds) == 1:
                    raise
                poles[kind.kind] = None
                continue
            if (turned := expected(kind.plain).shape) != output.shape:
                note = (
                    f"the output's shape does not move along: {tuple(output.shape)} where {tuple(turned)} is expected"
                )
                rows[kind.kind] = Row(element.name, here, None, None, 0.0, "violated", note=note)
                break
            case = Moved(kind.plain, output, expected, inputs=acted, exact=question.group in FINITE)
            rows[kind.kind] = judge(
                element.name,
                here,
                case,
                kind.rounding,
                family=family,
                generator=generator,
                tolerance=question.tolerance,
            )
        if not rows:
            raise ArgumentError("model(inputs)", "NaN or infinite on transformed images of all kinds", "finite numbers")
        left = f"left out, as the output is not finite once they are transformed: {', '.join(poles)}" if poles else ""
        row = merged(rows, "; ".join(filter(None, (said, left))), tolerance=question.tolerance)
        yield replace(row, kind=row.kind or (kinds[0].kind if known else ""))


def is_pole(error: ArgumentError) -> bool:
    """Whether it says that an output is not finite."""
    return error.args[0] == "model(inputs)" and str(error.args[1]).startswith("NaN")


def expected_output(question: Question, element: Element) -> Callable[[Tensor], Tensor]:
    """ρ(g) on the output."""
    moves = question.moves
    if moves is None:
        return lambda output: output
    if callable(moves):
        return lambda output: moves(element.index, output)
    return lambda output: element.act(moves, output)
