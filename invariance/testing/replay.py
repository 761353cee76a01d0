"""Run a recorded failure again, exactly: the same model, images and transformations from the same seeds."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from .check import CheckReport, Question, answer
from .search import WorstCase
from .target import load_target

__all__ = ["Replay", "replay"]

_CLOSE = 1e-6  # machines differ in rounding, and so do errors of rounding size


@dataclass(frozen=True)
class Replay:
    """What was recorded and what came out now.

    Attributes:
        recorded, now: verdicts, or errors with their verdicts, by name.
        report: of a check.
    """

    recorded: dict[str, Any]
    now: dict[str, Any]
    report: CheckReport | None = None

    @property
    def same(self) -> bool:
        """Whether it came out as recorded, to rounding."""
        return self.recorded.keys() == self.now.keys() and all(
            _close(value, self.now[name]) for name, value in self.recorded.items()
        )

    @property
    def verdict(self) -> str:
        """The verdict of now."""
        return self.now["verdict"]


def replay(file: Path, *, target: str | None = None) -> Replay:
    """Run what a file recorded: a check or a worst case of a model that can be found again, or a test.

    Paths in it are taken from the working directory.

    Args:
        target: where the model is, if not where the file says.

    Raises:
        ArgumentError: not such a file, or no model is named; what `load_target` and `check` raise.
    """
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        kind = data["kind"]
        recorded = {"check": _errors, "warp": WorstCase.from_dict, "test": _measured}[kind](data)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, IndexError) as error:
        raise ArgumentError("FILE", file, f"a file that check, search_worst or the plugin wrote ({error})") from error
    if isinstance(recorded, WorstCase):
        return _worst(recorded, *_target(file, data, target))
    if kind == "check":
        return _check(recorded, data.get("question"), *_target(file, data, target))
    return _test(recorded, data.get("test"))


def _check(recorded: dict[str, Any], question: Any, target: str, seed: int) -> Replay:
    report = answer(load_target(target, seed=seed), Question.from_dict(question)).at(target, seed)
    return Replay(recorded, _errors(report.to_dict()), report)


def _worst(case: WorstCase, target: str, seed: int) -> Replay:
    model = load_target(target, seed=seed)
    cases = {"error": case} | ({"shrunk": case.shrunk} if case.shrunk else {})
    recorded: dict[str, Any] = {name: case.error for name, case in cases.items()}
    now: dict[str, Any] = {name: case.measure(model) for name, case in cases.items()}
    same = all(_close(recorded[name], now[name]) for name in cases)
    return Replay(recorded | {"verdict": "violated"}, now | {"verdict": "violated" if same else "undecided"})


def _test(recorded: dict[str, Any], test: str) -> Replay:
    """In a process of its own, since the test may have been imported here already."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:invariance", "-p", "invariance.testing.plugin"]
        command = [sys.executable, "-m", "pytest", *options, "--invariance-artefacts", folder, str(test)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode not in (0, 1):
            said = (run.stderr or run.stdout).strip().splitlines()[-1:]
            raise ArgumentError("test", test, f"a test that runs from here ({' '.join(said)})")
        written = list(Path(folder).glob("*.json"))
        again = _measured(json.loads(written[0].read_text(encoding="utf-8"))) if written else {}
    return Replay(recorded, again or {"verdict": "consistent"})


def _target(file: Path, data: dict[str, Any], target: str | None) -> tuple[str, int]:
    where = target or data.get("target")
    if not where:
        raise ArgumentError("FILE", file, "a record that names its model, or a --target")
    return where, data.get("target_seed", 0)


def _errors(data: dict[str, Any]) -> dict[str, Any]:
    rows = {f"{row['transformation']} at {row['size'][0]}": row["error"] for row in data["rows"]}
    return rows | {"verdict": data["verdict"]}


def _measured(data: dict[str, Any]) -> dict[str, Any]:
    return {f"{i}: {m['what']}": m["error"] for i, m in enumerate(data["measured"])} | {"verdict": "violated"}


def _close(recorded: Any, now: Any) -> bool:
    if isinstance(recorded, float) and isinstance(now, float):
        return abs(recorded - now) <= _CLOSE * max(recorded, now, _CLOSE)
    return recorded == now
