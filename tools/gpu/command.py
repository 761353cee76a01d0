"""Everything that waits for a card, bounded in time and restartable: `make gpu`, or `python -m tools.gpu`.

In order: the tests marked `gpu`; the figures; the queue of trainings; tables of those that are done. What passed on
this card is not done again; trainings go on from OUT/runs-*.tar, on whichever card. On a CPU `--dry` runs the same code
at small sizes, on images of noise where no --data is given, the card and its events stood in for. Exit status 0: all
that was tried passed; 1: a test, a figure, a training or a table failed, or the tests were cut off; 2: no card, or
something that cannot be used.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Collection
from pathlib import Path

from invariance.errors import ArgumentError, OutputError
from invariance.files import require_folder

from .checks import run_tests
from .deadline import Deadline
from .figures import FIGURES
from .kept import Kept, pack, unpack
from .machine import Machine, NoCardError
from .noise import write_noise
from .tables import make_tables
from .trainings import KINDS, QUEUE, progress, readable, run_queue

__all__ = ["main"]

PARTS = ("tests", "figures", "trainings", "tables")
_TABLES = 120.0  # seconds that trainings leave to tables: on an H100 those of 28 runs took 30
DRY = Path("build/gpu-dry")  # a training of a dry run must never be taken for one of the queue


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    options.out = options.out or (DRY if options.dry else Path("results/gpu"))
    options.work = options.work or (DRY if options.dry else Path("build/gpu"))
    try:
        return _run(options)
    except (NoCardError, ArgumentError, OutputError, OSError) as error:
        print(f"gpu: {error}", file=sys.stderr)
        return 2


def _run(options: argparse.Namespace) -> int:
    start = time.monotonic()
    machine = Machine.here(dry=options.dry)
    for option, folder in (("--out", options.out), ("--work", options.work)):
        require_folder(option, folder)
    if options.data is not None and not options.data.is_dir():
        raise ArgumentError("--data", options.data, "the folder of the images")
    options.out.mkdir(parents=True, exist_ok=True)
    about = machine.about()
    print(f"{machine.name}, torch {about['versions']['torch']}: {options.minutes:g} minutes")
    kept = {part: Kept(options.out, part, about) for part in PARTS}
    deadline = Deadline(60 * options.minutes)
    with deadline.heeded():
        bad = _parts(options, machine, kept, deadline)
    print(f"{options.out}: {time.monotonic() - start:.0f} s")
    return int(bad > 0)


def _parts(options: argparse.Namespace, machine: Machine, kept: dict[str, Kept], deadline: Deadline) -> int:
    parts = options.only or PARTS
    bad = 0
    if "tests" in parts and (not kept["tests"].done("all") or options.again):
        result = run_tests(deadline, dry=options.dry)
        kept["tests"].add("all", result)
        bad += not kept["tests"].done("all")
        _tell("tests", result)
    if "figures" in parts:
        bad += _figures(machine, kept["figures"], deadline, again=options.again)
    if {"trainings", "tables"} & set(parts):
        bad += _trainings(options, machine, kept, deadline, parts)
    return bad


def _figures(machine: Machine, kept: Kept, deadline: Deadline, *, again: bool) -> int:
    bad = 0
    for name, figure in FIGURES.items():
        if (kept.done(name) and not again) or not deadline.left():
            continue
        try:
            result = figure(machine)
        except Exception as error:  # one figure that fails must not cost the minutes of the others
            result = {"failed": f"{type(error).__name__}: {error}"}
            bad += 1
        kept.add(name, result)
        _tell(name, result)
    return bad


def _trainings(
    options: argparse.Namespace, machine: Machine, kept: dict[str, Kept], deadline: Deadline, parts: Collection[str]
) -> int:
    """The queue, and tables of what is done."""
    if options.data is None and not machine.dry:
        print("trainings: none; --data names the folder of the images")
        return 0
    runs, bad = options.work / "runs", 0
    unpack(options.out, runs)
    with tempfile.TemporaryDirectory() as noise:
        data = options.data or write_noise(Path(noise))
        wanted, unread = readable(KINDS if machine.dry else QUEUE, data)
        if "trainings" in parts:
            until = deadline.less(_TABLES if "tables" in parts and not machine.dry else 0.0)
            result = run_queue(wanted, data, runs, machine, side=options.side, deadline=until, note=options.note)
            pack(runs, options.out)
            result["failed"] |= unread
            kept["trainings"].add("all", result)
            _tell("trainings", {"runs": len(result["runs"]), "failed": result["failed"], "waiting": result["waiting"]})
            bad += len(result["failed"])
        if "tables" in parts:
            done = {training.name for training in wanted if progress(runs / training.name)["finished"]}
            made = make_tables(wanted, done, data, runs, options.out, machine, deadline=deadline, note=options.note)
            kept["tables"].add("all", made)
            _tell("tables", made)
            bad += len(made["failed"])
    return bad


def _tell(name: str, result: object) -> None:
    print(f"{name}: {result}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.gpu", description=__doc__)
    parser.add_argument("--minutes", type=_positive, default=25.0, help="no longer than this; 25 by default")
    parser.add_argument("--out", type=Path, help="folder of what is kept; results/gpu by default")
    parser.add_argument("--work", type=Path, help="folder of the trainings as they run; build/gpu by default")
    parser.add_argument("--data", type=Path, help="folder of the images, as `invariance train --data`")
    parser.add_argument("--note", default="", help="what the images are, if not the canonical files")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part alone; may be repeated")
    parser.add_argument("--side", type=_some, default=4, help="trainings side by side; 4 by default")
    parser.add_argument("--again", action="store_true", help="test and measure anew what is kept")
    parser.add_argument("--dry", action="store_true", help="on the CPU, small, in build/gpu-dry")
    return parser


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: a number > 0 is wanted")
    return value


def _some(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: a whole number ≥ 1 is wanted")
    return int(text)
