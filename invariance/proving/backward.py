"""The backward error: by how little the weights must change for the proof to go through, and the changed weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from .nearness import Equations
from .question import Question
from .trace import Program
from .walk import walk

__all__ = ["Backward", "nearest_symmetric"]


@dataclass(frozen=True)
class Backward:
    """The network is exactly symmetric after changing weights by at most `error`, relative to each tensor's largest.

    Attributes:
        weight: the tensor that changes most.
        changes: of every tensor that changes.
        state: all weights and buffers by name, those that change as the nearest symmetric ones.
        program: the graph with these weights; its proof is exact.
    """

    error: float
    weight: str
    changes: Mapping[str, float]
    state: Mapping[str, Tensor] = field(repr=False, compare=False)
    program: Program = field(repr=False, compare=False)

    def __str__(self) -> str:
        return (
            f"exactly symmetric after changing its weights by at most {self.error:.1e} of the largest in each tensor, "
            f"most in `{self.weight}`"
        )


def nearest_symmetric(program: Program, question: Question) -> Backward | None:
    """The nearest weights for which every generator goes through; None where some step is no matter of rounding.

    What is returned is not proved yet: `prove_program` of its program decides.
    """
    equations = Equations()
    near = replace(program, equations=equations, folded={})
    for asked in question.generators:
        if not walk(near, asked.inputs).reached:
            return None
    real = {n: c.numpy() for n, c in program.constants.items() if n in equations.starts}
    if not equations.pairs:
        return None
    projected = equations.projected(real)
    changes = {}
    for node, after in projected.items():
        off = float(np.abs(after - real[node]).max(initial=0.0))
        if off > 0:
            changes[program.names[node]] = off / float(np.abs(real[node]).max())
    constants = {n: torch.from_numpy(projected[n]) if n in projected else c for n, c in program.constants.items()}
    state = {program.names[n]: c for n, c in constants.items() if program.names[n] not in program.fixed}
    worst = max(changes, key=changes.__getitem__, default="")
    changed = replace(program, constants=constants, folded={})
    return Backward(changes.get(worst, 0.0), worst, changes, state, changed)
