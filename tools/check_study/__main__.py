"""`python -m tools.check_study`: run the study, or what is missing of it, and write the page."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from .page import alarms, missed, page
from .study import new_study, run

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main() -> int:
    """Exit status 0: no false alarm and no miss; 1: some."""
    parser = argparse.ArgumentParser(prog="python -m tools.check_study", description=main.__doc__)
    parser.add_argument("--alarms", type=int, default=2120, help="checks of symmetric modules")
    parser.add_argument("--misses", type=int, default=10**6, help="faults; all by default")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--json", type=Path, default=DOCS / "check_study.json", help="results; taken up where they end")
    parser.add_argument("--page", type=Path, default=DOCS / "check_study.md")
    options = parser.parse_args()

    def keep(study: dict[str, Any]) -> None:
        written = options.json.with_suffix(".part")
        written.write_text(_compact(study), encoding="utf-8")
        written.replace(options.json)

    study = new_study(options.json)
    for left in run(study, alarms=options.alarms, misses=options.misses, workers=options.workers, keep=keep):
        if left % 100 == 0:
            print(f"{left} left; {len(alarms(study))} false alarms, {len(missed(study))} missed", flush=True)
    options.page.write_text(page(study), encoding="utf-8")
    for what in (*alarms(study), *missed(study)):
        print(what)
    return 1 if alarms(study) or missed(study) else 0


def _compact(study: dict[str, Any]) -> str:
    """A line for each family and each fault."""
    parts = []
    for key, value in study.items():
        if isinstance(value, dict):
            lines = ",\n".join(f"  {json.dumps(k, ensure_ascii=False)}: {_flat(v)}" for k, v in sorted(value.items()))
            parts.append(f" {json.dumps(key)}: {{\n{lines}\n }}")
        else:
            parts.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _flat(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    sys.exit(main())
