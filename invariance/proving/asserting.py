"""Proofs in tests and in the code of a model: an assertion, a decorator, and a hook for training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from torch import nn

from ..groups import SplitGroup
from ..symmetry import Symmetry
from .generators import MovingGroup
from .prove import asked_of, prove, prove_program
from .question import Claim
from .report import ProofReport
from .trace import refreshed, trace

__all__ = ["NotProvedError", "Reproof", "assert_proved", "prove_symmetry"]

M = TypeVar("M", bound=type[nn.Module])


class NotProvedError(AssertionError):
    """A symmetry that is not proved, or disproved; the report is `report`."""

    def __init__(self, report: ProofReport) -> None:
        super().__init__(str(report))
        self.report = report


def assert_proved(model: nn.Module, **question: Any) -> ProofReport:
    """The report of `prove`, which has the same arguments.

    Raises:
        NotProvedError: anything but *proved*; the message is the report. What `prove` raises is passed on.

    >>> assert_proved(nn.ReLU(), input_shape=(3, 5, 5), group="p4", claim="equivariant").verdict
    'proved'
    """
    report = prove(model, **question)
    if report.verdict != "proved":
        raise NotProvedError(report)
    return report


def prove_symmetry(**question: Any) -> Callable[[M], M]:
    """A class of modules whose every new instance is proved to have a symmetry, by the arguments of `prove`.

    The proof takes an export and a walk, a few seconds, each time that a module is built.

    Raises:
        NotProvedError: from the class's constructor.

    >>> @prove_symmetry(input_shape=(1, 5, 5), group="p4", claim="equivariant")
    ... class Twice(nn.Module):
    ...     def forward(self, x):
    ...         return 2 * x
    >>> type(Twice()).__name__
    'Twice'
    """

    def decorate(kind: M) -> M:
        build = kind.__init__

        def build_and_prove(self: Any, *args: Any, **options: Any) -> None:
            build(self, *args, **options)
            if type(self) is kind:  # a subclass is not built yet
                object.__setattr__(self, "symmetry_report", assert_proved(self, **question))

        type.__setattr__(kind, "__init__", build_and_prove)
        return kind

    return decorate


class Reproof:
    """A proof that is made again with new weights, on the graph that was exported once: a hook for training.

    Its arguments are those of `prove`.

    >>> layer = nn.Conv2d(1, 1, 1)
    >>> again = Reproof(layer, input_shape=(1, 5, 5), group="p4")
    >>> again().verdict
    'proved'
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        input_shape: Sequence[int] | None = None,
        group: str | SplitGroup | MovingGroup | None = None,
        claim: Claim | None = None,
        symmetry: Symmetry | None = None,
        search: bool = False,
        max_error: float = 0.0,
    ) -> None:
        self.model, self.search, self.max_error = model, search, max_error
        self.question = asked_of(model, input_shape, group, claim, symmetry, max_error)
        self.program = trace(model, self.question.shapes, self.question.places)

    def __call__(self, *_: Any) -> ProofReport:
        """The report for the weights that the model has now; arguments, as a hook has them, are not looked at."""
        self.program = refreshed(self.program, self.model)
        report = prove_program(self.program, self.question, search=self.search, max_error=self.max_error)
        return replace(report, export_seconds=0.0)
