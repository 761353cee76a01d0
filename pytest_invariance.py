"""The pytest plugin: fixtures, a summary of what was measured, and a file for each failure that can be replayed.

Outside the package, so that pytest can load it without importing torch: a test session pays for that when the first
test imports `invariance`, and not at all if none does. `-p no:pytest_invariance` turns it off.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import torch

    from invariance.testing import CheckReport
    from invariance.testing.record import Measurement

__all__ = ["MEASURED", "invariance_generator", "symmetry"]

MEASURED: ContextVar[list[Measurement] | None] = ContextVar("MEASURED", default=None)
"""Where `invariance.testing.record` puts what the running test measures."""

_PROPERTY = "invariance"
_KEY = pytest.StashKey[list["Measurement"]]()
_GRAVITY = ("violated", "undefined", "undecided", "measured", "consistent")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("invariance")
    group.addoption(
        "--invariance-artefacts",
        default=".invariance",
        metavar="DIR",
        help="Folder for a JSON file of each failed symmetry assertion (.invariance); see `invariance replay`.",
    )
    group.addoption(
        "--invariance-rows",
        type=int,
        default=20,
        metavar="N",
        help="Measured symmetry errors in the summary, those closest to what is allowed first (20; 0: none, −1: all).",
    )


@pytest.fixture
def invariance_generator() -> torch.Generator:
    """A generator of seed 0, new for each test."""
    import torch

    return torch.Generator().manual_seed(0)


@pytest.fixture
def symmetry() -> Callable[..., CheckReport]:
    """`assert_symmetric`: `symmetry(model, input_shape=(3, 32, 32), group="p4", claim="equivariant")`."""
    from invariance.testing import assert_symmetric

    return assert_symmetric


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    __tracebackhide__ = True
    measured: list[Measurement] = []
    item.stash[_KEY] = measured
    token = MEASURED.set(measured)
    try:
        return (yield)
    finally:
        MEASURED.reset(token)
        # User properties travel from the workers of pytest-xdist to the process that prints the summary.
        item.user_properties += [(_PROPERTY, row) for row in _summarised(measured)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: Any = yield
    failed = [m for m in item.stash.get(_KEY, []) if m.verdict != "consistent"]
    if report.when == "call" and report.failed and failed:
        try:
            said = f"replay with: invariance replay {_write(item, failed[-1])}"
        except (OSError, ValueError) as error:  # OutputError is a ValueError
            said = f"no file to replay: {error}"
        report.sections.append(("invariance", said))
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    rows = [
        (report.nodeid, row)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, row in report.user_properties
        if name == _PROPERTY and (report.failed or row["verdict"] == "consistent")  # other failures were expected
    ]
    most = int(str(config.getoption("--invariance-rows")))
    if not rows or most == 0:
        return
    rows.sort(key=lambda row: (_GRAVITY.index(row[1]["verdict"]), -_closeness(row[1])))
    shown = rows if most < 0 else rows[:most]
    terminalreporter.section("measured symmetry errors")
    for nodeid, row in shown:
        error = "–" if row["error"] is None else f"{row['error']:.1e}"
        allowed = "" if row["allowed"] is None else f" (allowed {row['allowed']:.1e})"
        often = f", worst of {row['count']}" if row["count"] > 1 else ""
        terminalreporter.line(f"{row['verdict']:<10}  E = {error:<8}{allowed:<18}  {row['what']}{often}  {nodeid}")
    if len(shown) < len(rows):
        kinds = [sum(row["verdict"] == verdict for _, row in rows[most:]) for verdict in _GRAVITY]
        rest = ", ".join(f"{count} {verdict}" for count, verdict in zip(kinds, _GRAVITY, strict=True) if count)
        terminalreporter.line(f"and {rest}: --invariance-rows=-1 lists all")


def _summarised(measured: list[Measurement]) -> list[dict[str, Any]]:
    """For each claim of a test its gravest measurement, closest to what is allowed, and how many there were."""
    claims: dict[str, list[Measurement]] = {}
    for measurement in measured:
        claims.setdefault(measurement.what, []).append(measurement)
    rows = []
    for of_claim in claims.values():
        dicts = [m.to_dict() | {"count": len(of_claim)} for m in of_claim]
        rows.append(min(dicts, key=lambda row: (_GRAVITY.index(row["verdict"]), -_closeness(row))))
    return [{key: value for key, value in row.items() if key != "report"} for row in rows]


def _closeness(row: dict[str, Any]) -> float:
    """E in units of what is allowed; that of a refinement ladder, which allows nothing in particular, counts as 0."""
    return row["error"] / row["allowed"] if row["error"] is not None and row["allowed"] else 0.0


def _write(item: pytest.Item, failed: Measurement) -> Path:
    """The check itself where its model can be found again; and the name of the test."""
    from invariance.files import write_json
    from invariance.provenance import environment

    data = failed.report or {"kind": "test", "measured": failed.to_dict(), "environment": environment()}
    root = item.config.rootpath
    where = {"test": item.nodeid, "folder": str(root)}
    if target := str(data.get("target", "")):
        where["target"] = target.removeprefix(f"{root.as_posix()}/")
    folder = Path(str(item.config.getoption("--invariance-artefacts")))
    if not folder.exists():
        folder.mkdir(parents=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")  # git need not be told of it
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", item.nodeid)[-100:].lstrip("-")
    file = folder / f"{name}-{hashlib.sha256(item.nodeid.encode()).hexdigest()[:8]}.json"
    write_json(file, data | where)
    return file
