"""All rows, as `docs/performance.md`, and what became slower since another run.

    python -m benchmarks [--against FILE] [--only PART …] [--json FILE] [--page FILE]

Exit status 1 where a ratio is more than a fifth larger than in FILE, which an earlier run wrote with `--json`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from invariance.experiments.memory import keep_freed_memory
from invariance.files import write, write_json

from . import commands, passes, stage, steps, warps
from .machine import limits
from .row import Row

_PARTS = {"stage": stage, "warps": warps, "steps": steps, "passes": passes, "commands": commands}
_WORSE = 1.2


def main() -> int:
    options = _options()
    torch.set_num_threads(1)
    keep_freed_memory()
    begun, rows = time.process_time(), []
    for part in options.only:
        for row in _PARTS[part].rows():
            print(row.markdown(), flush=True)
            rows.append(row)
    worse = compared(rows, json.loads(options.against.read_text())) if options.against else []
    if options.json:
        write_json(options.json, {"machine": limits(), "rows": [row.to_dict() for row in rows]})
    if options.page:
        write(options.page, page(rows, limits(), time.process_time() - begun))
    for line in worse:
        print(line)
    return 1 if worse else 0


def compared(rows: Sequence[Row], before: dict[str, object]) -> list[str]:
    """What became slower: rows of which even the better quarter of rounds is more than a fifth above the median before.

    Medians of a busy machine differ by more than that from run to run; a quarter of the rounds does not.
    """
    kept = before["rows"]
    assert isinstance(kept, list)
    known = {row["key"]: row["ratio"] for row in kept}
    return [
        f"slower: {row.key}: {known[row.key]:.2f} was {row.ratio:.2f}"
        for row in rows
        if row.key in known and row.quartiles[0] > _WORSE * known[row.key]
    ]


def page(rows: Sequence[Row], machine: dict[str, str], spent: float) -> str:
    """The page of a run."""
    out = [
        "# Performance",
        "",
        "Written by `make bench` from one run, and not by hand. Each ratio is the median of rounds in which both sides",
        "run in turn, in seconds of the processor, with its first and third quartile; what is counted has none. `make",
        "bench AGAINST=docs/performance.json` tells what became more than a fifth slower since the run that wrote that",
        "file.",
        "",
        "In the last column is the largest ratio that was the aim, where there was one; “not reached”: it is larger.",
        "",
        f"The run took {spent:.0f} s of the processor beside the commands that it starts; the load of {os.cpu_count()} "
        f"cores was {os.getloadavg()[0]:.0f} when it ended. What the machine can do, measured in the same run:",
        "",
        *(f"- {name}: {value}" for name, value in machine.items()),
    ]
    for section in dict.fromkeys(row.section for row in rows):
        out += [
            "",
            f"## {section}",
            "",
            "| what | beside | it takes | the other | ratio | wanted, at most |",
            "|---|---|---|---|---|---|",
        ]
        out += [row.markdown() for row in rows if row.section == section]
    text = Path(__file__).with_name("limits.md").read_text()
    return "\n".join((*out, "", text.strip(), ""))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ratios to peers, as a page")
    parser.add_argument("--against", type=Path, metavar="FILE", help="what an earlier run wrote with --json")
    parser.add_argument("--only", nargs="+", choices=_PARTS, default=_PARTS, help="what to measure; all of it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the ratios")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the page")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
