"""`check` as an assertion, and as a decorator that makes a test of a function that builds a module."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ..checking import CheckReport, SymmetryQuestion, check
from ..checking.question import LADDER
from ..measure.error import Model
from ..symmetry import Symmetry
from .explain import explain
from .record import Measurement, record

__all__ = ["SymmetryError", "assert_symmetric", "check_symmetry"]


class SymmetryError(AssertionError):
    """A check came out other than *consistent*; the report is in `report`."""

    def __init__(self, message: str, report: CheckReport) -> None:
        super().__init__(message)
        self.report = report


def assert_symmetric(
    model: Model, symmetry: Symmetry | None = None, *, target: str = "", target_seed: int = 0, **options: Any
) -> CheckReport:
    """`check` of a symmetry, or with the options of an image's group; fail unless the verdict is *consistent*.

    The message names the element that does worst, by how much, the floor, the first layer that breaks the symmetry, and
    the simplest case found that shows it: an image as a list of waves, a transposition, a few points.

    Args:
        target, target_seed: where the model can be found again, for artefacts; see `load_target`.

    Raises:
        SymmetryError: an AssertionError that carries the report.
        ArgumentError, ArgumentTypeError: as `check` does.
    """
    __tracebackhide__ = True
    report = check(model, symmetry, **options).at(target, target_seed)
    record(_measurement(report))
    if report.verdict != "consistent":
        raise SymmetryError("\n  ".join((str(report), *explain(model, report))), report)
    return report


def check_symmetry(
    symmetry: Symmetry | None = None, *, seed: int = 0, **options: Any
) -> Callable[[Callable[..., Model]], Callable[..., None]]:
    """A decorator: the function builds a module, and the test is `assert_symmetric` of it with these options.

    What the function draws from torch's global generator is drawn from `seed`. pytest's fixtures work as arguments.

    >>> from invariance.layers import P4ConvZ2
    >>> @check_symmetry(input_shape=(3, 9, 9), group="p4", claim="equivariant", action="regular")
    ... def test_lifting_layer():
    ...     return P4ConvZ2(3, 8, kernel_size=3, padding=1)
    >>> test_lifting_layer()
    """

    def decorate(build: Callable[..., Model]) -> Callable[..., None]:
        target = "" if inspect.signature(build).parameters else _target(build)

        @functools.wraps(build)
        def test(*args: Any, **kwargs: Any) -> None:
            __tracebackhide__ = True
            with torch.random.fork_rng():
                torch.manual_seed(seed)
                model = build(*args, **kwargs)
            assert_symmetric(model, symmetry, target=target, target_seed=seed, **options)

        return test

    return decorate


def _measurement(report: CheckReport) -> Measurement:
    question, worst = report.question, report.worst
    floor = None if worst is None or question.group in LADDER else worst.floor
    portable = question.inputs is None and (not isinstance(question, SymmetryQuestion) or question.symmetry.portable)
    found_again = report.target and not callable(question.action) and portable
    what = report.asked
    data = report.to_dict() if found_again else None
    return Measurement(what, worst and worst.error, floor, report.verdict, data)


def _target(build: Callable[..., Model]) -> str:
    """The function under the decorator, by the file that it is in; empty where it is in none, or in a function."""
    file = Path(inspect.getfile(build)).resolve()
    found = file.suffix == ".py" and file.is_file() and "<" not in build.__qualname__
    return f"{file.as_posix()}:{build.__qualname__}.__wrapped__" if found else ""
