"""A proof beside the measurement: what `prove` finds about the same question.

Small networks that measure as consistent are proved without being asked. What is small is counted, never timed, so
that the same question has the same report.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.parameter import is_lazy

from ..errors import ArgumentError
from ..fields import Field, leaves
from ..measure.error import Model
from ..symmetry import Symmetry
from .question import FINITE, SymmetryQuestion
from .report import CheckReport

if TYPE_CHECKING:
    from ..proving import Program

__all__ = ["ENTRIES", "OPERATIONS", "Prover", "small", "unasked", "with_proof"]

ENTRIES = 2**14
"""Numbers in the weights and in one input; with `OPERATIONS` what a proof takes is mostly its export, 0.2 s of CPU."""

OPERATIONS = 16
"""Modules without parts of their own."""


def small(model: Model, entries: int) -> bool:
    """Whether a proof is so little work that it is made without being asked, about an input of so many numbers.

    What behaves otherwise in training is left out: a proof speaks of the network in evaluation mode.
    """
    if not isinstance(model, nn.Module) or any(map(is_lazy, (*model.parameters(), *model.buffers()))):
        return False
    parts = [part for part in model.modules() if not any(True for _ in part.children())]
    numbers = sum(p.numel() for p in (*model.parameters(), *model.buffers()))
    trains = any(part.training and isinstance(part, _BatchNorm | _DropoutNd) for part in parts)
    return len(parts) <= OPERATIONS and numbers + entries <= ENTRIES and not trains


def unasked(model: Model, report: CheckReport) -> CheckReport:
    """With a proof where the network is small and the measurement consistent, and there is one."""
    question = report.question
    if isinstance(question, SymmetryQuestion):
        shapes = [leaf.shape for _, leaf in leaves(question.symmetry.inputs)]
    else:
        shapes = [question.sample_shape]
    if report.verdict != "consistent" or len(shapes) != 1 or not small(model, prod(shapes[0])):
        return report
    found = with_proof(model, report)
    return found if found.proof is not None and found.proof.verdict == "proved" else report


class Prover:
    """Proofs about one small network and one field of inputs, on one export."""

    def __init__(self, model: Model, inputs: Any) -> None:
        self.model = model
        self.shapes = tuple(leaf.shape for _, leaf in leaves(inputs))
        self.tried = len(self.shapes) == 1 and small(model, prod(self.shapes[0]))

    @cached_property
    def _program(self) -> Program:
        from ..proving import trace

        return trace(self.model, self.shapes)  # pyright: ignore[reportArgumentType]

    def __call__(self, symmetry: Symmetry, outputs: Field) -> bool | None:
        """Whether it is proved; None where the question is none for a proof, or the network too large."""
        from ..proving import prove_program, question_of

        if not self.tried:
            return None
        asked = Symmetry(symmetry.group, symmetry.inputs, outputs, symmetry.batched)
        try:
            question = question_of(None, None, None, asked)
            return prove_program(self._program, question, search=False).verdict == "proved"
        except ArgumentError:
            return None


def with_proof(model: Model, report: CheckReport) -> CheckReport:
    """The report with a proof, or a sentence on why there is none; the verdict of the measurement stays."""
    from ..proving import SENTENCE, prove

    question = report.question
    if not isinstance(model, nn.Module):
        return _saying(report, "no proof: the model is no module, so its weights and graph are not known")
    try:
        if isinstance(question, SymmetryQuestion):
            found = prove(model, symmetry=question.symmetry, search=False)
        elif question.group in FINITE and question.moves in (None, "scalar") and not question.sizes:
            claim = "invariant" if question.moves is None else "equivariant"
            shape = question.input_shape
            found = prove(model, input_shape=shape, group=question.group, claim=claim, search=False)
        else:
            return _saying(report, "no proof: the question is not one of motions of entries at one size")
    except ArgumentError as error:
        return _saying(report, f"no proof: {error}")
    stop = f": {found.stops[0]}" if found.verdict != "proved" and found.stops else ""
    return replace(_saying(report, f"for all inputs {found.verdict}{stop}. {SENTENCE}"), proof=found)


def _saying(report: CheckReport, sentence: str) -> CheckReport:
    return replace(report, diagnosis=(*report.diagnosis, sentence))
