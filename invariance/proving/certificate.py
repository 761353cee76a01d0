"""The certificate: what an independent checker needs to re-check a proof without searching for anything.

One JSON object: `format`; `torch`; `fingerprint`, see `trace.fingerprint`; `inputs`, shapes of one sample; `places`,
which of them are numbers of places; `outputs`, names of nodes; `group`; `named`, whether the group's name says what its
generators do, else the file does; `claim`; and `generators`, for each its `name`, `labels`, what becomes of each number
of a place, and `steps`: for every node of the exported graph whose value depends on the input its action, or `{"open":
true}` where a slice or a padding has none of its own and the operations that follow put it right, or entries are
repeated; and `seal`, a digest of all that.

An action: `shape` (the batch's symbol taken as 1), `batch` [axis, entries of that axis before the batch], and `parts`,
on disjoint sets of `axes`: `index`, a permutation of the entries over these axes in row-major order; `factors` where
they are not 1: T(gx)[i] = ∏ factors[i] · T(x)[index[i]]. Axes without a part stay. Indices are written as runs [first,
step, count].
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .actions import Action, Ints
from .checker import FORMAT, seal
from .movement import repeated
from .values import Batch, Moving

if TYPE_CHECKING:
    from .report import ProofReport

__all__ = ["certificate", "runs"]


def certificate(report: ProofReport) -> dict[str, Any]:
    """The certificate of a proof.

    Raises:
        ArgumentError: nothing was proved.
    """
    from ..errors import ArgumentError

    if report.verdict != "proved" or report.program is None:
        raise ArgumentError("report", report.verdict, "a proof; only what is proved has a certificate")
    program = report.program
    if report.backward is not None:
        wanted = "a proof of the network as it is; load the projected weights first, and prove that network"
        raise ArgumentError("report", "proved after a change of weights", wanted)
    if any(not np.array_equal(a, b) for g in report.generators for a, b in combinations(g.labels.values(), 2)):
        wanted = "numbers of places of one kind: a certificate holds one relabelling for each generator"
        raise ArgumentError("report", "places of several kinds", wanted)
    if report.rewritten is not None:
        wanted = "a proof of the network as it is: this one is of the same function with other weights"
        raise ArgumentError("report", "proved with other weights", wanted)
    found: dict[str, Any] = {
        "format": FORMAT,
        "torch": torch.__version__,
        "fingerprint": program.fingerprint,
        "inputs": [list(shape) for shape in program.input_shapes],
        "outputs": list(program.outputs),
        "places": list(program.places),
        "group": report.group,
        "named": report.named,
        "claim": report.claim,
        "generators": [
            {
                "name": g.name,
                **({"labels": runs(g.labels[program.places[0]])} if program.places else {}),
                "steps": {
                    name: _action(value, name in program.outputs)
                    for name in (*program.inputs, *(step.name for step in g.walk.steps))
                    if isinstance(value := g.walk.values[name], Moving)
                },
            }
            for g in report.generators
            if g.walk is not None
        ],
    }
    return found | {"seal": seal(found)}


def runs(table: Ints) -> list[list[int]]:
    """A list of integers as arithmetic progressions [first, step, count]."""
    found: list[list[int]] = []
    values = table.tolist()
    k = 0
    while k < len(values):
        step = values[k + 1] - values[k] if k + 1 < len(values) else 1
        end = k + 1
        while end < len(values) and values[end] - values[end - 1] == step:
            end += 1
        if end - k == 2 and end < len(values):  # two alone make no run
            end = k + 1
            step = 1
        found.append([values[k], step, end - k])
        k = end
    return found


def _action(value: Moving, output: bool) -> dict[str, Any]:
    if value.action is None or (repeated(value) and not output):
        return {"open": True}
    return _written(value.action, value.batch)


def _written(action: Action, batch: Batch | None) -> dict[str, Any]:
    return {
        "shape": list(action.shape),
        "batch": None if batch is None else [batch.axis, batch.before],
        "parts": [_part(action, axes) for axes in action.components() if not action.keeps(axes)],
    }


def _part(action: Action, axes: tuple[int, ...]) -> dict[str, Any]:
    index, scale = action.restricted(axes).dense()
    factors = {} if scale is None else {"factors": scale.tolist()}
    return {"axes": list(axes), "index": runs(index)} | factors
