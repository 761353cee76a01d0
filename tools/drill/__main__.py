"""Run the drill; see the package."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from .page import Part, page

__all__ = ["drill", "main"]

_PRELOADED = (
    *("invariance.checking", "invariance.experiments.fit", "invariance.plots", "invariance.proving"),
    *("invariance.testing.replay", "invariance_proofs.ledger"),
)
"""Imported once, here, for all forks."""

COUNTS = {"corrupt files": 1200, "command lines": 800, "kills": 84}
PAGE = Path(__file__).parents[2] / "docs/reliability.md"


def drill(part: int, seed: int, only: str = "", say: Callable[[str], None] = print) -> list[Part]:
    """An N-th of the cases, each kind in a folder of its own; what goes wrong is said as it happens."""
    for module in _PRELOADED:
        import_module(module)
    import torch

    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs ignore, and pass on
    torch.set_num_threads(1)  # those of OpenMP do not come along in a fork, which would wait for them
    from .corrupt import corrupt_files
    from .kills import kills
    from .lines import command_lines
    from .stage import build

    kinds: dict[str, Callable[..., Iterator[tuple[str, list[str]]]]] = {
        "corrupt files": corrupt_files,
        "command lines": command_lines,
        "kills": kills,
    }
    parts = []
    with tempfile.TemporaryDirectory() as place:
        stage, work = Path(place, "stage"), Path(place, "work")
        stage.mkdir()
        work.mkdir()
        build(stage)
        before = Path.cwd()
        try:
            for name, cases in kinds.items():
                if only not in name:
                    continue
                os.chdir(before)
                begin, wrong, count = time.monotonic(), Counter[str](), 0
                for what, found in cases(stage, work, -(-COUNTS[name] // part), seed):
                    count += 1
                    for fault in found:
                        wrong[fault.partition(":")[0].partition(" (")[0]] += 1
                        say(f"{what}\n    {' '.join(fault.split())}")
                parts.append(Part(name, count, dict(wrong), time.monotonic() - begin))
        finally:
            os.chdir(before)
    return parts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--part", type=int, default=1, metavar="N", help="an N-th of the cases; the page says how many there were"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", metavar="WORD", help="corrupt, lines or kills")
    parser.add_argument("--no-page", action="store_true", help="do not write docs/reliability.md")
    options = parser.parse_args()
    parts = drill(options.part, options.seed, options.only)
    for done in parts:
        print(done)
    if not options.no_page and not options.only:
        from invariance.files import write

        write(PAGE, page(parts, options.seed))
    sys.exit(any(done.wrong for done in parts))


if __name__ == "__main__":
    main()
