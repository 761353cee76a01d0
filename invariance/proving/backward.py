"""The backward error: by how little the weights must change for the proof to go through, and the changed weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from .keeping import weights_of
from .nearness import Equations
from .question import Question
from .scales import ROUNDED, of_one_size
from .trace import Program
from .walk import walk
from .words import at_most

__all__ = ["Backward", "nearest_symmetric"]


@dataclass(frozen=True)
class Backward:
    """The network is exactly symmetric after changing weights by at most `error`, relative to each tensor's largest.

    Attributes:
        weight: the tensor that changes most; empty where one size alone changes them.
        changes: of every tensor that changes.
        state: all weights and buffers by name, those that change as the nearest symmetric ones.
        program: the graph with these weights; its proof is exact.
        sized: whether every unit was divided by its largest weight first, and what reads it multiplied; `error` has
            the rounding of that.
    """

    error: float
    weight: str
    changes: Mapping[str, float]
    state: Mapping[str, Tensor] = field(repr=False, compare=False)
    program: Program = field(repr=False, compare=False)
    sized: bool = False

    def __str__(self) -> str:
        sized = "with units brought to one size, " if self.sized else ""
        most = f", most in `{self.weight}`" if self.weight else ""
        change = f"at most {at_most(self.error)} of the largest in each tensor{most}"
        return f"{sized}exactly symmetric after changing its weights by {change}"


def nearest_symmetric(program: Program, question: Question) -> Backward | None:
    """The nearest weights for which every generator goes through; None where some step is no matter of rounding.

    What is returned is not proved yet: `prove_program` of its program decides.
    """
    found = _nearest(program, question)
    if found is None and (sized := of_one_size(program)) is not None:
        found = _nearest(sized, question)
        return None if found is None else replace(found, sized=True, error=found.error + ROUNDED)
    return found


def _nearest(program: Program, question: Question) -> Backward | None:
    equations = Equations()
    near = replace(program, equations=equations, folded={})
    for asked in question.generators:
        if not walk(near, asked.inputs).reached:
            return None
    names = program.names
    real = {names[n]: c.double().numpy() for n, c in program.constants.items() if names[n] in equations.starts}
    if not equations.pairs:
        return None
    projected = equations.projected(real)
    changes = {}
    for name, after in projected.items():
        off, size = (float(np.abs(a).max(initial=0.0)) for a in (after - real[name], real[name]))
        if off > 0:
            changes[name] = off / size if size > 0 else math.inf
    if math.inf in changes.values() or changes.keys() & (program.fixed | program.overlapping):
        return None
    now = {names[n]: c for n, c in program.constants.items()}
    now |= {name: torch.from_numpy(after) for name, after in projected.items()}
    constants = {n: now[names[n]] for n in program.constants}
    held = weights_of(program.module) if program.module else {}
    first = {id(weight): name for name, weight in reversed(held.items())}
    state = {name: now.get(first[id(weight)], weight).detach() for name, weight in held.items()}
    worst = max(changes, key=changes.__getitem__, default="")
    changed = replace(program, constants=constants, folded={})
    return Backward(changes.get(worst, 0.0), worst, changes, state, changed)
