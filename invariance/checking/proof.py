"""A proof beside the measurement: what `prove` finds about the same question."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from ..errors import ArgumentError
from ..measure.error import Model
from .question import FINITE, SymmetryQuestion
from .report import CheckReport

__all__ = ["with_proof"]


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
