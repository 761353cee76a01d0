"""`python -m tools.doctor_study`: plant every cause, score the doctor's first line, write docs/doctor_study.md."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from invariance.doctor import diagnose
from invariance.errors import ArgumentError

from .planted import Planted, healthy, planted

DOCS = Path(__file__).resolve().parents[2] / "docs"


def scored(case: Planted) -> dict[str, Any]:
    """The first line, and whether it is right; whether a mend was offered, and whether the check passes with it."""
    model, options = case.build()
    try:
        found = diagnose(model, **options)
    except ArgumentError as error:
        return {"name": case.name, "planted": case.causes, "said": f"refused: {error}"[:200], "right": False}
    said = found.causes[0] if found.causes else ""
    mended = found.mended
    return {
        "name": case.name,
        "planted": list(case.causes),
        "said": said,
        "right": said in case.causes if case.causes else found.healthy,
        "change": found.steps[-1].remedy.change if found.steps else "",
        "passes": None if mended is None else mended.examined().holds,
        "line": found.first_line[:160],
    }


def page(rows: list[dict[str, Any]], all_cases: int) -> str:
    """The page; it says how many cases are missing."""
    sick, well = ([r for r in rows if bool(r["planted"]) is bad] for bad in (True, False))
    mends = [r for r in sick if r.get("passes") is not None]
    lines = [
        "# How often the doctor is right",
        "",
        "Written by `python -m tools.doctor_study`. A cause is planted in a network that is symmetric without it;",
        "`invariance doctor` names one in its first line, and that line alone is scored.",
        "",
        f"- Right cause: {sum(r['right'] for r in sick)} of {len(sick)}.",
        f"- Healthy networks for which it names none: {sum(r['right'] for r in well)} of {len(well)}.",
        f"- A change is offered for {len(mends)} of {len(sick)}; after it `check` says *consistent* in "
        f"{sum(r['passes'] for r in mends)}.",
        "",
        *([f"Not scored yet: {all_cases - len(rows)} cases; `--go-on` does.", ""] if len(rows) < all_cases else []),
        "| cause | planted | named |",
        "|---|---|---|",
    ]
    count, right = Counter(r["planted"][0] for r in sick), Counter(r["planted"][0] for r in sick if r["right"])
    lines += [f"| {cause} | {number} | {right[cause]} |" for cause, number in sorted(count.items())]
    if wrong := [r for r in rows if not r["right"]]:
        lines += ["", "Not right:", ""]
        lines += [f"- {r['name']}: {' or '.join(r['planted']) or 'healthy'}; said {r['said'] or 'none'}" for r in wrong]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Exit status 0: at least 90 % of the causes, and no cause for the healthy; 1: less."""
    parser = argparse.ArgumentParser(prog="python -m tools.doctor_study", description=main.__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every so many-th case")
    parser.add_argument("--first", type=int, default=0, help="begin at this case")
    parser.add_argument("--go-on", action="store_true", help="take what the JSON has for granted")
    parser.add_argument("--only", default="", help="cases whose names have this in them")
    parser.add_argument("--page", type=Path, default=DOCS / "doctor_study.md")
    parser.add_argument("--json", type=Path, default=DOCS / "doctor_study.json")
    options = parser.parse_args()
    kept = {row["name"]: row for row in json.loads(options.json.read_text(encoding="utf-8"))} if options.go_on else {}
    cases = [case for case in (*planted(), *healthy()) if options.only in case.name][options.first :: options.every]
    rows, begun = [], time.monotonic()
    for case in cases:
        rows.append(kept.get(case.name) or scored(case))
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        if not rows[-1]["right"]:
            told = rows[-1].get("line", "")
            print(f"{case.name}: planted {case.causes}, said {rows[-1]['said']}: {told}", flush=True)
    sick, well = ([r for r in rows if bool(r["planted"]) is bad] for bad in (True, False))
    right, sound = (sum(r["right"] for r in part) for part in (sick, well))
    print(f"{right} of {len(sick)} causes, {sound} of {len(well)} healthy; {time.monotonic() - begun:.0f} s")
    options.page.write_text(page(rows, len(cases)), encoding="utf-8")
    good = sum(r["right"] for r in sick) >= 0.9 * len(sick) and all(r["right"] for r in well)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
