"""Whole commands, in seconds of the processor, children included; the report also in those that a reader waits."""

from __future__ import annotations

import compileall
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .row import Row, Rows
from .timing import Pairs

__all__ = ["process", "rows"]

_ROOT = Path(__file__).parents[1]


def process(*words: str) -> float:
    """Seconds of the processor of `python …` in a new process, and of what it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, *words], check=False, cwd=folder, capture_output=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(_ROOT)},
        )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def rows() -> Rows:
    for package in ("invariance", "proofs"):  # as installing does, also where Python is told to write no bytecode
        compileall.compile_dir(_ROOT / package, quiet=1)
    run = "from invariance.cli import main; main()"
    yield _row(
        "import of check", ("-c", "from invariance import check"), "import of torch", ("-c", "import torch"), None
    )
    yield _row("invariance --help", ("-c", run, "--help"), "what was wanted", 0.4, 1.0)
    yield _row("invariance verify, all entries", ("-c", run, "verify"), "what was wanted", 20.0, 1.0, rounds=1)
    begun = time.perf_counter()
    spent = process("-c", run, "report")
    waited = time.perf_counter() - begun
    cores = os.cpu_count() or 1
    for what, seconds, goal in (("waited for", waited, 1.0), (f"of the processor, {cores} cores", spent, None)):
        ratio = seconds / 15
        said = f"invariance report, seconds {what}"
        yield Row("Commands", said, "what was wanted", seconds, 15.0, (ratio, ratio, ratio), goal, "s")


def _row(
    what: str, words: Sequence[str], beside: str, other: Sequence[str] | float, goal: float | None, rounds: int = 3
) -> Row:
    ours = tuple(process(*words) for _ in range(rounds))
    theirs = (other,) * rounds if isinstance(other, int | float) else tuple(process(*other) for _ in range(rounds))
    once = ours[0] / theirs[0]
    ratios = Pairs(ours, theirs).ratios if rounds > 1 else (once, once, once)
    return Row("Commands", what, beside, sorted(ours)[rounds // 2], sorted(theirs)[rounds // 2], ratios, goal, "s")
