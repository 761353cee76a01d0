"""The only place that knows the prover: how it is asked, and what it claims for the output."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from invariance.errors import ArgumentError
from invariance.proving import prove_program, trace
from invariance.proving.checker import motion
from invariance.proving.generators import Generator, MovingGroup

from .oracle import Act
from .subject import Subject

__all__ = ["Answer", "Question", "acts_of", "ask"]


@dataclass(frozen=True)
class Answer:
    """The verdict, or *refused* where the network is bad input; the certificate of a proof; the reasons."""

    verdict: str
    certificate: dict[str, Any] | None = None
    reasons: tuple[str, ...] = ()


class Question:
    """A graph that is exported once, asked about with any weights.

    Raises:
        ArgumentError: the network is refused before anything is proved.
    """

    def __init__(self, subject: Subject) -> None:
        self.group = _group(subject)
        self.program = trace(subject.model, subject.shapes)

    def ask(self, model: nn.Module) -> Answer:
        """About the same graph with the weights of another model."""
        held = {**dict(model.named_parameters()), **dict(model.named_buffers())}
        constants = {
            name: held[self.program.names[name]].detach().double()
            if self.program.names[name] in held and value.is_floating_point()
            else value
            for name, value in self.program.constants.items()
        }
        for name, value in constants.items():
            if value.is_floating_point() and not value.isfinite().all():
                raise ArgumentError("model", name, "finite weights")
        report = prove_program(replace(self.program, constants=constants), self.group)
        proved = report.verdict == "proved"
        return Answer(
            report.verdict,
            report.certificate() if proved else None,
            tuple(str(stop) for stop in report.stops),
        )


def ask(subject: Subject) -> Answer:
    """Export and ask."""
    try:
        return Question(subject).ask(subject.model)
    except ArgumentError as error:
        return Answer("refused", None, (str(error),))


def _group(subject: Subject) -> MovingGroup:
    """The subject's own generators: motions of its inputs, by what they do to the numbers of the entries."""
    return MovingGroup(subject.group, None, tuple(_generator(subject, name) for name in subject.motions))


def _generator(subject: Subject, name: str) -> Generator:
    if subject.group == "sign":
        return Generator(name, lambda array: array, lambda full: {0: np.array([-1.0])})

    def act(array: NDArray[Any]) -> NDArray[Any]:
        """The input is known by its shape; no subject has two of one shape."""
        inputs = [torch.zeros(1, *shape, dtype=torch.long) for shape in subject.shapes]
        which = [tuple(x.shape) for x in inputs].index(array.shape)
        inputs[which] = torch.from_numpy(array.copy())
        return subject.motions[name](*inputs)[which].numpy()

    return Generator(name, act)


def acts_of(answer: Answer) -> dict[str, Act]:
    """How the proof says that the output moves, by generator, from the certificate."""
    assert answer.certificate is not None
    return {g["name"]: _act(g["outputs"][0]) for g in answer.certificate["generators"]}


def _act(said: dict[str, Any] | None) -> Act:
    if said is None:
        return lambda output: output
    index, scale = motion(said, "output")

    def act(output: Tensor) -> Tensor:
        flat = output.flatten(1)[:, index]
        return (flat * scale if (scale != 1).any() else flat).view(output.shape)

    return act
