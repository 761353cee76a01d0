"""The only place that knows the prover: how it is asked, and what it claims for the output."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from invariance.errors import ArgumentError
from invariance.proving import Action, prove_program, trace
from invariance.proving.checker import motion
from invariance.proving.question import Asked
from invariance.proving.question import Question as Asking
from invariance.proving.trace import refreshed

from .oracle import Act
from .subject import Motion, Subject

__all__ = ["Answer", "Question", "acts_of", "ask"]


@dataclass(frozen=True)
class Answer:
    """The verdict; *nearly*: proved after a relative `change` of weights; *refused*: the network is bad input.

    With the certificate of a proof (there is none of one with other weights), the motions of the output by generator,
    and the reasons where there is no proof.
    """

    verdict: str
    certificate: dict[str, Any] | None = None
    reasons: tuple[str, ...] = ()
    change: float = 0.0
    outputs: dict[str, Action | None] = field(default_factory=dict)


class Question:
    """A graph that is exported once, asked about with any weights.

    Raises:
        ArgumentError: the network is refused before anything is proved.
    """

    def __init__(self, subject: Subject) -> None:
        self.asking, self.model = _asking(subject), subject.model
        self.program = trace(subject.model, subject.shapes)

    def ask(self, model: nn.Module) -> Answer:
        """About the same graph with the weights of another model.

        Raises:
            ArgumentError: weights that are not finite.
        """
        program = self.program if model is self.model else refreshed(self.program, model)
        report = prove_program(program, self.asking, search=False)
        proved = report.verdict == "proved"
        reasons = (*map(str, report.stops), *report.notes)
        if report.backward is not None:
            return Answer("nearly", None, reasons, report.backward.error)
        certificate = report.certificate() if proved and report.rewritten is None else None
        outputs = {g.name: g.outputs[0] for g in report.generators} if proved else {}
        return Answer(report.verdict, certificate, reasons, outputs=outputs)


def ask(subject: Subject) -> Answer:
    """Export and ask."""
    try:
        return Question(subject).ask(subject.model)
    except ArgumentError as error:
        return Answer("refused", None, (str(error),))


def _asking(subject: Subject) -> Asking:
    """The subject's own generators, by what they do to the numbers of the inputs' entries; any motion of the output."""
    generators = tuple(
        Asked(name, _actions(subject, motion), lambda k, shape: None) for name, motion in subject.motions.items()
    )
    return Asking(subject.group, None, None, subject.shapes, generators)


def _actions(subject: Subject, move: Motion) -> tuple[Action, ...]:
    numbers = [torch.arange(1.0, math.prod(s) + 1, dtype=torch.float64).view(1, *s) for s in subject.shapes]
    actions = []
    for moved in move(*numbers):
        flat = moved.flatten().numpy()
        signs = None if (flat > 0).all() else np.sign(flat)
        actions.append(Action.from_dense(tuple(moved.shape), abs(flat).astype(np.int64) - 1, signs))
    return tuple(actions)


def acts_of(answer: Answer) -> dict[str, Act]:
    """How the proof says that the output moves, by generator, from the certificate if there is one."""
    if answer.certificate is None:
        return {name: action.on if action else lambda output: output for name, action in answer.outputs.items()}
    (output,) = answer.certificate["outputs"]
    return {g["name"]: _act(g["steps"].get(output)) for g in answer.certificate["generators"]}


def _act(said: dict[str, Any] | None) -> Act:
    if said is None:
        return lambda output: output
    index, scale = motion(said)

    def act(output: Tensor) -> Tensor:
        flat = output.flatten(1)[:, index]
        return (flat * scale if (scale != 1).any() else flat).view(output.shape)

    return act
