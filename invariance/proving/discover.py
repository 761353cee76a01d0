"""Which symmetries a network has: every group that can act on its input by moving entries and changing signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from ..errors import ArgumentError
from .actions import Action
from .generators import group_of
from .prove import prove_generator
from .question import Question, question_of, shape_of
from .report import SENTENCE, GeneratorProof
from .trace import Program, trace

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["Discovery", "Family", "discover"]

_ON_GRIDS = (
    ("cube-and-mirrors", "p4m", "flips", "flip"),
    ("translation", "translation/2", "translation/4", "translation/8"),
    ("channels", "pairs"),
    ("sign",),
)
_ON_LISTS = (("permutations@0", "pairs"), ("permutations@1", "translation"), ("sign",))
_MOST = 4096  # elements of a group that are counted one by one


@dataclass(frozen=True)
class Family:
    """Groups of one kind: the generators of the largest one, and the largest that goes through with its order."""

    name: str
    generators: tuple[GeneratorProof, ...]
    largest: str | None
    order: int


@dataclass(frozen=True)
class Discovery:
    """What `discover` found: a group of each family, and all that they generate together."""

    families: tuple[Family, ...]

    @property
    def trivial(self) -> bool:
        """Whether nothing but the identity is respected."""
        return not any(family.largest for family in self.families)

    @property
    def group(self) -> str:
        """The largest group that is proved in each family, joined, such as "p4m × permutations"."""
        return " × ".join(f.largest for f in self.families if f.largest) or "the trivial group"

    def table(self) -> Table:
        """A rich table, a row for each generator that was tried."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table

        table = Table(title=f"the largest groups found: {self.group}", title_justify="left", box=SIMPLE_HEAD)
        for column in ("group", "generator", "respected", "the output"):
            table.add_column(column, overflow="fold")
        for family in self.families:
            for g in family.generators:
                said = "; ".join(g.words) if g.proved else str(g.stops[0]) if g.stops else "–"
                table.add_row(family.name, g.name, "[green]yes[/]" if g.proved else "[yellow]not proved[/]", said)
        return table

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a file: each family with what is proved of each generator."""
        return {
            "kind": "discover",
            "group": self.group,
            "families": [
                {
                    "name": f.name,
                    "largest": f.largest,
                    "order": f.order,
                    "generators": {g.name: g.proved for g in f.generators},
                }
                for f in self.families
            ],
            "sentence": SENTENCE,
        }

    def __str__(self) -> str:
        orders = ", ".join(f"{f.largest} has {f.order} elements" for f in self.families if f.largest)
        return f"the largest groups found: {self.group}{f' ({orders})' if orders else ''}\n{SENTENCE}"


def discover(model: nn.Module, *, input_shape: Sequence[int]) -> Discovery:
    """The largest group of the list that the network respects, family by family; so it does what they generate.

    Raises:
        ArgumentError, ArgumentTypeError: as `prove`.

    >>> discover(nn.Conv2d(2, 1, 1), input_shape=(2, 5, 5)).group
    'p4m × translation'
    """
    shape = shape_of(input_shape)
    program = trace(model, (shape,))
    families = []
    for names in _ON_GRIDS if len(shape) > 2 else _ON_LISTS:
        acting = [name for name in names if _acts(name, shape)]
        if acting:
            families.append(_family(program, [question_of(name, shape, None, None) for name in acting]))
    return Discovery(tuple(families))


def _acts(name: str, shape: tuple[int, ...]) -> bool:
    try:
        group = group_of(name, shape)
        for generator in group.generators:
            generator.on(shape)
    except ArgumentError:
        return False
    return bool(group.order and group.order > 1)


def _family(program: Program, questions: Sequence[Question]) -> Family:
    tried: dict[bytes, GeneratorProof] = {}  # by the motion: a shift is there under several names
    chosen: tuple[str | None, int] = (None, 1)
    for question in questions:
        for part in (question, *question.subgroups):
            keys = [
                b"".join(a.tobytes() for a in asked.inputs[0].dense() if a is not None) for asked in part.generators
            ]
            for key, asked in zip(keys, part.generators, strict=True):
                if key not in tried:
                    tried[key] = prove_generator(program, asked)
            if all(tried[key].proved for key in keys):
                order = part.order or _order([asked.inputs[0] for asked in part.generators])
                if order > chosen[1]:
                    chosen = (part.group, order)
        if chosen[0] == question.group:
            break
    return Family(questions[0].group, tuple(tried.values()), *chosen)


def _order(actions: Sequence[Action]) -> int:
    """Of the group that these generate, counted one by one up to `_MOST`."""
    moves = [action.dense()[0] for action in actions]
    start = np.arange(len(moves[0]))
    seen, fresh = {start.tobytes()}, [start]
    while fresh and len(seen) < _MOST:
        grown = []
        for element in fresh:
            for move in moves:
                made = element[move]
                if made.tobytes() not in seen:
                    seen.add(made.tobytes())
                    grown.append(made)
        fresh = grown
    return len(seen)
