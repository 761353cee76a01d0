"""`check` as an assertion, and as a decorator that makes a test of a function that builds a module."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import ArgumentError, ArgumentTypeError, DegenerateError, UndefinedError
from ..groups import GROUPS
from ..measure import layerwise_error
from ..measure.error import Model
from .check import CheckReport, Row, check
from .check.bench import channels_of
from .check.elements import elements
from .check.inputs import images
from .check.pair import PairError
from .check.question import FINITE, LADDER
from .record import Measurement, record

__all__ = ["SymmetryError", "assert_symmetric", "check_symmetry"]

_TRIES = 60


class SymmetryError(AssertionError):
    """A check came out other than *consistent*; the report is in `report`."""

    def __init__(self, message: str, report: CheckReport) -> None:
        super().__init__(message)
        self.report = report


def assert_symmetric(model: Model, *, target: str = "", target_seed: int = 0, **options: Any) -> CheckReport:
    """`check` with these options; fail unless the verdict is *consistent*.

    The message names the element that does worst, by how much, the floor, the first layer that breaks the symmetry, and
    the simplest image found that shows it, as a list of waves.

    Args:
        target, target_seed: where the model can be found again, for artefacts; see `load_target`.

    Raises:
        SymmetryError: an AssertionError that carries the report.
        ArgumentError, ArgumentTypeError: as `check` does.
    """
    __tracebackhide__ = True
    report = check(model, **options).at(target, target_seed)
    worst = report.worst
    what = str(report).splitlines()[0].rpartition(":")[0]
    record(
        Measurement(
            what, worst and worst.error, worst and worst.floor, report.verdict, report.to_dict() if target else None
        )
    )
    if report.verdict != "consistent":
        raise SymmetryError(_explained(model, report), report)
    return report


def check_symmetry(*, seed: int = 0, **options: Any) -> Callable[[Callable[..., Model]], Callable[..., None]]:
    """A decorator: the function builds a module, and the test is `assert_symmetric` of it with these options.

    What the function draws from torch's global generator is drawn from `seed`. pytest's fixtures work as arguments.

        @check_symmetry(input_shape=(3, 32, 32), group="p4", claim="covariant", action="regular")
        def test_lifting_layer():
            return P4ConvZ2(3, 8, kernel_size=3, padding=1)
    """

    def decorate(build: Callable[..., Model]) -> Callable[..., None]:
        target = "" if inspect.signature(build).parameters else _target(build)

        @functools.wraps(build)
        def test(*args: Any, **kwargs: Any) -> None:
            __tracebackhide__ = True
            with torch.random.fork_rng():
                torch.manual_seed(seed)
                model = build(*args, **kwargs)
            assert_symmetric(model, target=target, target_seed=seed, **options)

        return test

    return decorate


def _target(build: Callable[..., Model]) -> str:
    """The function under the decorator, by the file that it is in."""
    file = Path(inspect.getfile(build)).resolve()
    return f"{file.as_posix()}:{build.__qualname__}.__wrapped__" if "<" not in build.__qualname__ else ""


def _explained(model: Model, report: CheckReport) -> str:
    worst = report.worst
    lines = [str(report)]
    if worst is not None:
        low, high = worst.interval or (worst.error, worst.error)
        lines.append(
            f"worst: {worst.transformation} at {worst.size[0]}×{worst.size[1]}: E = {worst.error:.2e} "
            f"in [{low:.1e}, {high:.1e}], floor {worst.floor:.1e}; image {worst.worst_image}: {worst.worst:.2e}"
        )
        if worst.limit is not None and worst.limit_interval is not None:
            low, high = worst.limit_interval
            lines.append(f"E∞ = {worst.limit:.2e} in [{low:.1e}, {high:.1e}], p = {worst.order:.2g}")
        if report.verdict == "violated":
            lines += [*_first_layer(model, report), *_simplest(model, report, worst)]
    return "\n  ".join(lines)


def _first_layer(model: Model, report: CheckReport) -> list[str]:
    """The first layer that breaks a finite group, where the layers can be compared."""
    question = report.question
    if question.group not in FINITE or not isinstance(model, nn.Module) or question.input_kind == "jacobian":
        return []
    inputs = images(question.input_shape, 2, torch.Generator().manual_seed(question.seed))
    state = next(model.parameters(), inputs)
    try:
        return [layerwise_error(model, inputs.to(state.device, state.dtype), GROUPS[question.group]).verdict]
    except (ArgumentError, ArgumentTypeError, DegenerateError, UndefinedError, RuntimeError):
        return []


def _simplest(model: Model, report: CheckReport, worst: Row) -> list[str]:
    """A few waves under one transformation that show a tenth of the worst error, the simplest that were found."""
    from .search import search_worst, shrink
    from .strategies import analytic_images

    question = report.question
    if question.group in LADDER:
        case = search_worst(
            model,
            question.group,
            _TRIES,
            input_shape=question.input_shape,
            claim=question.claim,
            action=question.action,
            dtype=question.dtype,
            device=question.device,
        )
        return [str(case)]
    if question.group == "translation":
        return []
    pair = PairError(model, question)
    generator = torch.Generator().manual_seed(question.seed)
    found = [e for e in elements(question, pair.probe.model, None, generator) if e.name == worst.transformation]
    strategy = analytic_images(channels=channels_of(question), window=0.6, max_waves=2)
    least = (worst.error or 0.0) / 10

    def error(image: Any) -> float:
        return pair.of_element(image, found[0])

    image = shrink(strategy, error, least, _TRIES, seed=question.seed)
    return [] if image is None else [f"simplest image: {image!r}: E = {error(image):.2e}"]
