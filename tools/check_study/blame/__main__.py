"""`python -m tools.check_study.blame`: run the study and write its page; with --cost, what a ResNet-50 costs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from .cost import cost
from .study import KINDS, Trial, trial

DOCS = Path(__file__).resolve().parents[3] / "docs"
RIGHT = 0.95


def main() -> int:
    """Exit status 0: the right place in at least 95 % of the networks; 1: in fewer."""
    parser = argparse.ArgumentParser(prog="python -m tools.check_study.blame", description=main.__doc__)
    parser.add_argument("--faults", type=int, default=240, help="networks with one fault, half of them in code")
    parser.add_argument("--pairs", type=int, default=60, help="networks with two")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--page", type=Path, default=DOCS / "blame_study.md")
    parser.add_argument("--cost", type=int, metavar="PIXELS", help="time a ResNet-50 at this size instead")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.cost:
        print(cost(options.cost))
        return 0
    single = [_trial(i, options.seed, 1) for i in range(options.faults)]
    pairs = [_trial(i, options.seed, 2) for i in range(options.pairs)]
    options.page.write_text(page(single, pairs, options.seed), encoding="utf-8")
    for wrong in (found for found in (*single, *pairs) if not found.right):
        print(json.dumps(wrong.to_dict(), ensure_ascii=False))
    return 0 if sum(found.right for found in single) >= RIGHT * len(single) else 1


def _trial(index: int, seed: int, faults: int) -> Trial:
    functional = bool(index // len(KINDS) % 2)
    return trial(KINDS[index % len(KINDS)], 100_000 * seed + index, faults, functional=functional)


def page(single: list[Trial], pairs: list[Trial], seed: int) -> str:
    """The page as Markdown."""
    rows = "\n".join(_row(kind, single, pairs) for kind in (*KINDS, ""))
    wrong = "\n".join(f"- {_told(found)}" for found in (*single, *pairs) if not found.right) or "None."
    return f"""# Is the right place blamed?

Faults are planted in random networks that are symmetric without them: in the weights or the code of a layer, and as
code in `forward` between layers (a slice, a padding on one side, positions added or concatenated, a forgotten element
of a sum over the group, …). *Right*: what was planted is named, by module or by its lines, and nothing else is. A fault
counts when the output shows it.

`python -m tools.check_study.blame --faults {len(single)} --pairs {len(pairs)} --seed {seed}` writes this page.

| networks | in a layer | in the code of `forward` | two faults: both, and nothing else | faults of the pairs found |
|---|---|---|---|---|
{rows}

## Where it was wrong

{wrong}
"""


def _row(kind: str, single: list[Trial], pairs: list[Trial]) -> str:
    ours, two = ([t for t in trials if kind in (t.kind, "")] for trials in (single, pairs))
    cells = []
    for functional in (False, True):
        some = [t for t in ours if bool(t.planted[0].slip) == functional]
        cells.append(f"{sum(t.right for t in some)} of {len(some)}")
    cells.append(f"{sum(t.right for t in two)} of {len(two)}")
    cells.append(f"{sum(t.found for t in two)} of {2 * len(two)}")
    return f"| {kind or '**all**'} | " + " | ".join(cells) + " |"


def _told(found: Trial) -> str:
    planted = " and ".join(f"{p.slip or 'the layer itself'} in {p.module}" for p in found.planted)
    blamed = "; ".join(f"{sentence.partition('; ')[0]}" for sentence in found.blamed) or "nothing"
    return f"{found.kind} {found.seed}: planted {planted}; blamed: {blamed}"


if __name__ == "__main__":
    sys.exit(main())
