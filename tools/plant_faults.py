r"""Plant small faults in a copy of the project, one at a time, and see whether its rows and tests notice.

    python tools/plant_faults.py --only gconv --json faults.json

`faults/*.toml` has a table for each source file: the rows of the ledger and the tests that guard it, and its faults as
[old text, new text, what it breaks]. A fault is caught when one of these rows comes out other than recorded, or one of
these tests fails. The working tree is only read. Exit status 0: all caught; 1: some survived; 2: nothing was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from queue import SimpleQueue

from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
FAULTS = Path(__file__).resolve().parent / "faults"
PACKAGES = "invariance", "invariance_proofs"
SECONDS = 300
"""A check that takes longer counts as failed: the fault has made a loop endless."""

ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "HYPOTHESIS_PROFILE": "unshrunk"}

ROWS = """
import sys
from invariance_proofs.judge import run
from invariance_proofs.ledger import statements

rows = {name: said for said in statements() for name in (said.id, said.key)}
for name in sys.argv[1:]:
    entry = run(rows[name])
    if not entry.agreed:
        sys.exit(f"{name}: {entry.verdict} ({entry.reason})")
"""


class FaultError(ValueError):
    """A fault does not apply, or the copy says nothing about faults: it fails without any, or imports another tree."""


@dataclass(frozen=True)
class Fault:
    """A replacement of text that occurs once in a file, and what guards the file."""

    file: str
    old: str
    new: str
    breaks: str
    rows: tuple[str, ...]
    tests: tuple[str, ...]

    def applied(self, text: str) -> str:
        """The file's text with the fault; raises `FaultError` unless the old text occurs exactly once."""
        if (count := text.count(self.old)) != 1:
            raise FaultError(f"{self.file}: {self.old!r} occurs {count} times, wanted is once")
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Outcome:
    """What a fault came to. `by` is the first row or test that failed, empty if the fault survived."""

    fault: Fault
    by: str
    seconds: float

    @property
    def caught(self) -> bool:
        return bool(self.by)


def read(folder: Path = FAULTS) -> list[Fault]:
    """All faults, file by file."""
    tables = (tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.toml")))
    return [
        Fault(file, old, new, breaks, tuple(entry.get("rows", ())), tuple(entry.get("tests", ())))
        for table in tables
        for file, entry in table.items()
        for old, new, breaks in entry["faults"]
    ]


def plant(faults: Sequence[Fault], *, root: Path = ROOT, jobs: int = 1) -> Iterator[Outcome]:
    """The outcomes, in the order of the faults, from `jobs` copies of the tree at `root` at a time.

    Raises:
        FaultError: a fault does not apply, something fails without any fault, or a copy does not import itself.
    """
    for fault in faults:
        fault.applied((root / fault.file).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, ThreadPoolExecutor(jobs) as pool:
        trees: SimpleQueue[Path] = SimpleQueue()

        def borrowed(work: Callable[[Path], Outcome]) -> Outcome:
            tree = trees.get()
            try:
                return work(tree)
            finally:
                trees.put(tree)

        for n in range(jobs):
            tree = Path(folder).resolve() / str(n)
            _copy(root, tree)
            _require_own_imports(tree)
            trees.put(tree)
        guards = dict.fromkeys((fault.rows, fault.tests) for fault in faults)
        rows, tests = (tuple(dict.fromkeys(name for guard in guards for name in guard[i])) for i in (0, 1))
        if failure := _failure(Path(folder).resolve() / "0", rows, tests):
            raise FaultError(f"without any fault: {failure}")
        yield from pool.map(lambda fault: borrowed(lambda tree: _outcome(tree, fault)), faults)


def _outcome(tree: Path, fault: Fault) -> Outcome:
    start = time.perf_counter()
    with _planted(tree, fault):
        by = _failure(tree, fault.rows, fault.tests)
    return Outcome(fault, by, time.perf_counter() - start)


def _copy(root: Path, tree: Path) -> None:
    """The tracked and untracked files of a repository, without those that git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (root / name).is_symlink():
            (tree / name).symlink_to((root / name).readlink())
        elif (root / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, tree / name)


@contextmanager
def _planted(tree: Path, fault: Fault) -> Iterator[None]:
    path = tree / fault.file
    text = path.read_text(encoding="utf-8")
    path.write_text(fault.applied(text), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


def _failure(tree: Path, rows: Sequence[str], tests: Sequence[str]) -> str:
    """What fails first in a tree, rows before tests; empty if nothing does."""
    if rows and (failure := _run(tree, "-c", ROWS, *rows)):
        return failure
    return _run(tree, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests) if tests else ""


def _run(tree: Path, *arguments: str) -> str:
    """Run Python in a tree; why it failed, in one line, or nothing."""
    try:
        done = _python(tree, *arguments)
    except subprocess.TimeoutExpired:
        return f"more than {SECONDS} s"
    if not done.returncode:
        return ""
    lines = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
    named = (line for line in lines if line.startswith(("FAILED ", "ERROR ")))
    return next(named, lines[-1] if lines else f"exit status {done.returncode}")


def _python(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=tree, env=os.environ | ENVIRONMENT | {"PYTHONPATH": str(tree)},
        capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip


def _require_own_imports(tree: Path) -> None:
    """An editable install of the working tree must not come before the copy."""
    asked = f"import {', '.join(PACKAGES)}; print(*({', '.join(f'{name}.__file__' for name in PACKAGES)},), sep='\\n')"
    answer = _python(tree, "-c", asked)
    found = [Path(line).resolve() for line in answer.stdout.splitlines()]
    if len(found) != len(PACKAGES) or not all(path.is_relative_to(tree) for path in found):
        raise FaultError(f"the copy in {tree} does not import itself: {answer.stdout}{answer.stderr}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="PATTERN", default="", help="faults whose file or description matches")
    parser.add_argument("--rows", action="store_true", help="only faults in proofs/, judged by their rows alone")
    parser.add_argument("--jobs", metavar="N", type=int, default=1, help="copies of the tree at work at a time")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the outcomes to a file")
    options = parser.parse_args(arguments)
    faults = [fault for fault in read() if re.search(options.only, f"{fault.file}: {fault.breaks}")]
    if options.rows:
        faults = [replace(fault, tests=()) for fault in faults if fault.file.startswith("proofs/") and fault.rows]
    console = Console(width=None if sys.stdout.isatty() else 200)
    try:
        planted = plant(faults, jobs=options.jobs)
        outcomes = list(track(planted, "planting", total=len(faults), console=Console(stderr=True)))
    except FaultError as error:
        console.print(str(error), markup=False)
        return 2
    table = Table("file", "what it breaks", "outcome", "seconds", "by")
    for outcome in outcomes:
        colour = "green" if outcome.caught else "bold red"
        verdict = f"[{colour}]{'caught' if outcome.caught else 'SURVIVED'}[/]"
        what, by = escape(outcome.fault.breaks), escape(outcome.by)
        table.add_row(outcome.fault.file, what, verdict, f"{outcome.seconds:.1f}", by)
    console.print(table)
    caught = sum(outcome.caught for outcome in outcomes)
    console.print(f"{len(outcomes)} planted, {caught} caught")
    if options.json:
        text = json.dumps([asdict(outcome) | {"caught": outcome.caught} for outcome in outcomes], indent=2)
        options.json.write_text(text, encoding="utf-8")
    return int(caught < len(outcomes)) if outcomes else 2


if __name__ == "__main__":
    sys.exit(main())
