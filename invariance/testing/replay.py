"""Run a recorded failure again, exactly: the same model, images and transformations from the same seeds."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..checking import CheckReport, Question, SymmetryQuestion, answer, question_from_dict
from ..errors import ArgumentError
from ..reading import is_folder
from ..records import read_record
from ..targets import load_symmetry, load_target, origin
from .search import WorstCase

__all__ = ["Replay", "replay"]

_CLOSE = 1e-6  # machines differ in rounding, and so do errors of rounding size


@dataclass(frozen=True)
class Replay:
    """What was recorded and what came out now.

    Attributes:
        recorded, now: errors by name, and the verdict.
        report: of a check.
        torch: the version that the file was recorded with.
    """

    recorded: dict[str, Any]
    now: dict[str, Any]
    report: CheckReport | None = None
    torch: str = ""

    @property
    def exact(self) -> bool:
        """Whether it came out as recorded, to the last bit."""
        return self.recorded == self.now

    @property
    def same(self) -> bool:
        """Whether it came out as recorded, up to rounding."""
        return self.recorded.keys() == self.now.keys() and all(
            _close(value, self.now[name]) for name, value in self.recorded.items()
        )

    @property
    def verdict(self) -> str:
        """The verdict of now."""
        return self.now["verdict"]

    def __str__(self) -> str:
        if self.exact:
            return "as recorded, to the last bit"
        made = f"recorded with torch {self.torch}"
        return f"as recorded, up to rounding; {made}" if self.same else f"other than recorded: {self.recorded}; {made}"


@dataclass(frozen=True)
class _Record:
    """A file: what is compared, and where it came from."""

    kind: str
    recorded: dict[str, Any]
    case: WorstCase | None
    asked: dict[str, Any]
    target: str
    seed: int
    test: str
    folder: Path
    threads: int
    torch: str

    @classmethod
    def read(cls, file: Path) -> _Record:
        data = read_record("FILE", file, "check", "warp", "test")
        try:
            kind, made = data["kind"], data["environment"]
            case = WorstCase.from_dict(data) if kind == "warp" else None
            return cls(
                kind,
                case.errors() | {"verdict": "violated"} if case else _recorded(data),
                case,
                data["question"] if kind == "check" else {},
                str(data.get("target", "")),
                int(data.get("target_seed", 0)),
                str(data["test"] if kind == "test" else data.get("test", "")),
                Path(str(data.get("folder", ""))),
                int(made["threads"]),
                str(made["torch"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            said = f"a file that check, search_worst or the pytest plugin wrote ({type(error).__name__}: {error})"
            raise ArgumentError("FILE", file, said) from error

    def question(self) -> Question | SymmetryQuestion:
        """What was asked; a symmetry that the record names is imported."""
        try:
            return question_from_dict(self.asked, load_symmetry)
        except ArgumentError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
            raise ArgumentError("question", self.asked, f"the fields of a check ({error})") from error

    @property
    def place(self) -> Path:
        """The folder that it names, or this one where it can be entered by nobody here."""
        there = is_folder("folder", self.folder) and os.access(self.folder, os.X_OK)
        return self.folder if there else Path()

    @property
    def test_file(self) -> Path:
        """Absolute, so that pytest takes no name for an option or for a file of them."""
        return Path(self.test.partition("::")[0]).resolve()

    def code(self, target: str | None) -> Iterator[tuple[str, str]]:
        """What would be run, and the file or folder that it is in; `target` in place of what the record names."""
        folder = Path() if target else self.place
        with contextlib.chdir(folder):
            told = self.asked.get("symmetry")
            source = told.get("source") if isinstance(told, dict) else None
            if isinstance(source, str):
                yield f"imports {source}", origin(source)
            if target or (self.target and self.kind != "test"):
                yield f"imports {target or self.target}", origin(target or self.target)
            if self.test and not target:  # also where the model cannot be loaded
                yield f"runs the test {self.test}", str(self.test_file)
            if folder != Path():
                yield f"works in {folder}", str(Path.cwd())

    def require_here(self, file: Path, target: str | None) -> None:
        """Raises ArgumentError where code that the record names, or its folder, is not below this one."""
        here = Path.cwd()
        for what, where in self.code(target):
            if not where or what == f"imports {target}":
                continue
            # What has no file, as a module that is built in, is nowhere below.
            if not Path(where).is_absolute() or not Path(where).resolve().is_relative_to(here):
                wanted = f"what is below {here}, but it {what}, from {where}: look at it, and then give --trust"
                raise ArgumentError("FILE", file, wanted)

    @contextlib.contextmanager
    def surroundings(self, folder: Path) -> Iterator[None]:
        """The folder, and as many threads: the last bits of sums depend on them."""
        before = torch.get_num_threads()
        torch.set_num_threads(max(1, self.threads))
        try:
            with contextlib.chdir(folder):
                yield
        finally:
            torch.set_num_threads(before)


def replay(
    file: str | Path, *, target: str | None = None, trust: bool = False, tell: Callable[[str], None] = lambda said: None
) -> Replay:
    """Run what a file recorded: a check or a worst case of a model that can be found again, or a test.

    Paths in it are taken from the folder that it names, or from the working directory where there is no such folder.

    Args:
        target: where the model is, if not where the file says; a path from the working directory.
        trust: run code that the file names wherever it is, and not only below the working directory.
        tell: gets a line on what is about to be imported, or run as a test, and from where.

    Raises:
        ArgumentError: not such a file, or no model is named; code elsewhere that is not trusted; what `load_target` and
            `check` raise.
    """
    record = _Record.read(file := Path(file))
    if not trust:
        record.require_here(file, target)
    for what, place in record.code(target):
        if place:
            tell(f"{what}, from {place}")
    with record.surroundings(Path() if target else record.place):
        if record.kind == "test":
            return _test(record)
        where = target or record.target
        if not where:
            raise ArgumentError("FILE", file, "a record that names its model, or a --target")
        try:
            model = load_target(where, seed=record.seed)
        except ArgumentError:  # a test file that imports only where pytest collects it
            if target or not record.test:
                raise
            return _test(record)
        if record.case is not None:
            return Replay(record.recorded, _worst(record.case, record.case.again(model)), None, record.torch)
        report = answer(model, record.question()).at(where, record.seed)
        return Replay(record.recorded, _errors(report.to_dict()), report, record.torch)


def _test(record: _Record) -> Replay:
    """In a process of its own, since the test may have been imported here already."""
    _, sign, names = record.test.partition("::")
    with tempfile.TemporaryDirectory() as folder:
        options = ["-q", "-p", "no:cacheprovider", "-p", "pytest_invariance", "--invariance-artefacts", folder]
        run = subprocess.run(
            [sys.executable, "-m", "pytest", *options, "--", f"{record.test_file}{sign}{names}"],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"OMP_NUM_THREADS": str(record.threads)},
        )
        written = [json.loads(path.read_text(encoding="utf-8")) for path in Path(folder).glob("*.json")]
    if not written and (run.returncode or " passed" not in run.stdout):  # skipped, it measured nothing
        said = (run.stderr or run.stdout).strip().splitlines()[-1:]
        raise ArgumentError("test", record.test, f"a test that runs and measures ({' '.join(said)})")
    now = _recorded(written[0]) if written else {"verdict": "consistent"}
    return Replay(record.recorded, now, None, record.torch)


def _worst(case: WorstCase, now: WorstCase) -> dict[str, Any]:
    """A counterexample stands where the error is as large as it was, and is gone where a hundredth is left."""
    stands = now.error >= case.error or _close(case.error, now.error)
    gone = now.error <= case.error / 100
    return now.errors() | {"verdict": "violated" if stands else "consistent" if gone else "undecided"}


def _recorded(data: dict[str, Any]) -> dict[str, Any]:
    return {"check": _errors, "test": _measured}[data["kind"]](data)


def _errors(data: dict[str, Any]) -> dict[str, Any]:
    rows = {_name(row): row["error"] for row in data["rows"]}
    return rows | {"verdict": data["verdict"]}


def _name(row: dict[str, Any]) -> str:
    at = f" at {row['size'][0]}" if row["size"] else ""
    output = row.get("output", "")
    return f"{row['transformation']}{at}{', ' if output else ''}{output}"


def _measured(data: dict[str, Any]) -> dict[str, Any]:
    return {"error": data["measured"]["error"], "verdict": data["measured"]["verdict"]}


def _close(recorded: Any, now: Any) -> bool:
    if isinstance(recorded, float) and isinstance(now, float):
        return abs(recorded - now) <= _CLOSE * max(recorded, now, _CLOSE)
    return recorded == now
