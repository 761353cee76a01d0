"""Everything that waits for a card, bounded in time and restartable: `make gpu`, or `python -m tools.gpu`.

In order: the tests marked `gpu`; the figures; the queue of trainings. What is in OUT already is not done again on the
same card; trainings go on from OUT/runs-*.tar. On a CPU `--dry` runs the same code at small sizes, the card and its
events stood in for. Exit status 0: all that was tried passed; 1: a test or a figure failed, or a training; 2: no card,
or a folder of something else.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from invariance.errors import ArgumentError

from .checks import run_tests
from .figures import FIGURES
from .kept import Kept, pack, unpack
from .machine import Machine, NoCardError
from .trainings import QUEUE, run_queue

PARTS = ("tests", "figures", "trainings")


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    parts = options.only or PARTS
    start = time.monotonic()
    until = start + 60 * options.minutes
    try:
        machine = Machine.here(dry=options.dry)
    except NoCardError as error:
        print(f"gpu: {error}", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    about = machine.about()
    print(f"{machine.name}, torch {about['torch']}: {options.minutes:g} minutes")
    try:
        kept = {part: Kept(options.out / f"{part}.json", about) for part in PARTS}
    except ArgumentError as error:
        print(f"gpu: {error}", file=sys.stderr)
        return 2
    bad = 0
    if "tests" in parts and ("all" not in kept["tests"] or options.again):
        result = run_tests(until - time.monotonic(), dry=options.dry)
        kept["tests"].add("all", result)
        bad += bool(result.get("failed"))
        _tell("tests", result)
    if "figures" in parts:
        bad += _figures(machine, kept["figures"], until, again=options.again)
    if "trainings" in parts and options.data is not None:
        runs = options.work / "runs"
        unpack(options.out, runs)
        wanted = QUEUE[:1] if options.dry else QUEUE
        result = run_queue(wanted, options.data, runs, machine, side=options.side, until=until)
        kept["trainings"].add("all", result)
        pack(runs, options.out)
        bad += bool(result["failed"])
        _tell("trainings", {"runs": len(result["runs"]), "failed": result["failed"], "waiting": result["waiting"]})
    elif "trainings" in parts:
        print("trainings: none; --data names the folder of the images")
    print(f"{options.out}: {time.monotonic() - start:.0f} s")
    return int(bad > 0)


def _figures(machine: Machine, kept: Kept, until: float, *, again: bool) -> int:
    bad = 0
    for name, figure in FIGURES.items():
        if (name in kept and not again) or time.monotonic() > until:
            continue
        try:
            kept.add(name, figure(machine))
        except Exception as error:  # one figure that fails must not cost the minutes of the others
            kept.add(name, {"failed": f"{type(error).__name__}: {error}"})
            bad += 1
        _tell(name, kept.results[name])
    return bad


def _tell(name: str, result: object) -> None:
    print(f"{name}: {result}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.gpu", description=__doc__)
    parser.add_argument("--minutes", type=_positive, default=25.0, help="no longer than this")
    parser.add_argument("--out", type=Path, default=Path("results/gpu"), help="folder of what is kept")
    parser.add_argument("--work", type=Path, default=Path("build/gpu"), help="folder of the trainings as they run")
    parser.add_argument("--data", type=Path, help="folder of the images, as `invariance train --data`")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part alone; may be repeated")
    parser.add_argument("--side", type=_some, default=4, help="trainings side by side on the card")
    parser.add_argument("--again", action="store_true", help="measure anew what is kept")
    parser.add_argument("--dry", action="store_true", help="on the CPU, small, as the tests run it")
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


def _some(text: str) -> int:
    if int(text) < 1:
        raise ValueError
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
