"""The pytest plugin: fixtures, a summary of what was measured, and a file for each failure that can be replayed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .record import Measurement, recording

if TYPE_CHECKING:
    import torch

    from .check import CheckReport

__all__ = ["invariance_generator", "symmetry"]

_PROPERTY = "invariance"
_KEY = pytest.StashKey[list[Measurement]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("invariance")
    group.addoption(
        "--invariance-artefacts",
        default=".invariance",
        metavar="DIR",
        help="Folder for a JSON file of each failed symmetry assertion (.invariance); see `invariance replay`.",
    )


@pytest.fixture
def invariance_generator() -> torch.Generator:
    """A generator of seed 0, new for each test."""
    import torch

    return torch.Generator().manual_seed(0)


@pytest.fixture
def symmetry() -> Callable[..., CheckReport]:
    """`assert_symmetric`: `symmetry(model, input_shape=(3, 32, 32), group="p4", claim="equivariant")`."""
    from .symmetric import assert_symmetric

    return assert_symmetric


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    __tracebackhide__ = True
    with recording() as measured:
        item.stash[_KEY] = measured
        try:
            return (yield)
        finally:
            # User properties travel from the workers of pytest-xdist to the process that prints the summary.
            item.user_properties += [(_PROPERTY, {**m.to_dict(), "report": None}) for m in measured]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: Any = yield
    measured = item.stash.get(_KEY, [])
    if report.when == "call" and report.failed and any(m.verdict != "consistent" for m in measured):
        file = _write(item, measured)
        report.sections.append(("invariance", f"replay with: invariance replay {file}"))
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    rows = [
        (report.nodeid, value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == _PROPERTY
    ]
    if not rows:
        return
    terminalreporter.section("measured symmetry errors")
    for nodeid, value in rows:
        error = "–" if value["error"] is None else f"{value['error']:.1e}"
        allowed = "" if value["allowed"] is None else f" (allowed {value['allowed']:.1e})"
        terminalreporter.line(f"{value['verdict']:<10}  E = {error:<8}{allowed:<18}  {value['what']}  {nodeid}")


def _write(item: pytest.Item, measured: list[Measurement]) -> Path:
    """The check itself where its model can be found again, or else the name of the test."""
    failed = [m for m in measured if m.verdict != "consistent"]
    data = failed[-1].report or {"kind": "test", "test": item.nodeid, "measured": [m.to_dict() for m in measured]}
    folder = Path(str(item.config.getoption("--invariance-artefacts")))
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', item.nodeid)}.json"
    file.write_text(json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1), encoding="utf-8")
    return file
