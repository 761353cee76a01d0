"""The certificate: what an independent checker needs to re-check a proof without searching for anything.

One JSON object: `format`; `torch`; `fingerprint`, see `trace.fingerprint`; `inputs`, shapes without the batch;
`group`, `claim`; and `generators`, for each its `name`, the actions on the `inputs` and `outputs`, and `steps`: for
every node of the exported graph whose value depends on the input its action, or `{"open": true}` where a slice or a
padding has none of its own and the operations that follow put it right, or entries are repeated;
and `seal`, a digest of all that.

An action: `shape` (the batch's symbol taken as 1), `batch` [axis, entries of that axis before the batch], `turn` (the
list q), `tables` by axis, `scales` by axis, `block` or null with `axes`, `index`, `scale`:
T(gx)[i] = ∏ scales[a][i_a] · T(x)[π(i)], π(i)_a = tables[a][i_{turn[a]}]; a table that is left out is the identity.
Tables are written as runs [first, step, count].
"""

from __future__ import annotations

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
    found: dict[str, Any] = {
        "format": FORMAT,
        "torch": torch.__version__,
        "fingerprint": program.fingerprint,
        "inputs": [list(shape) for shape in program.input_shapes],
        "group": report.group,
        "claim": report.claim,
        "generators": [
            {
                "name": g.name,
                "inputs": [_action(g.walk.values[name]) for name in program.inputs],
                "outputs": [_action(v) for v in g.walk.outputs],
                "steps": {
                    step.name: _action(value)
                    for step in g.walk.steps
                    if isinstance(value := g.walk.values[step.name], Moving)
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


def _action(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, Moving):
        return None
    if value.action is None or repeated(value):
        return {"open": True}
    return _written(value.action, value.batch)


def _written(action: Action, batch: Batch | None) -> dict[str, Any]:
    block = action.block
    return {
        "shape": list(action.shape),
        "batch": None if batch is None else [batch.axis, batch.before],
        "turn": list(action.turn),
        "tables": {str(a): runs(t) for a, t in enumerate(action.tables) if t is not None},
        "scales": {str(a): np.asarray(s).tolist() for a, s in enumerate(action.scales) if s is not None},
        "block": None
        if block is None
        else {
            "axes": list(block.axes),
            "index": runs(block.index),
            "scale": None if block.scale is None else block.scale.tolist(),
        },
    }
