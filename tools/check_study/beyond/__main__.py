"""`python -m tools.check_study.beyond`: run the study, or what is missing of it, and write the page."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from .page import alarms, missed, page
from .study import new_study, run

DOCS = Path(__file__).resolve().parents[3] / "docs"


def main() -> int:
    """Exit status 0: no false alarm and no miss; 1: some."""
    parser = argparse.ArgumentParser(prog="python -m tools.check_study.beyond", description=main.__doc__)
    parser.add_argument("--alarms", type=int, default=4200, help="checks of symmetric networks")
    parser.add_argument("--faults", type=int, default=160, help="networks that faults are planted in")
    parser.add_argument("--json", type=Path, default=DOCS / "beyond_images_study.json", help="taken up where it ends")
    parser.add_argument("--page", type=Path, default=DOCS / "beyond_images_study.md")
    options = parser.parse_args()

    def keep(study: dict[str, Any]) -> None:
        written = options.json.with_suffix(".part")
        written.write_text(json.dumps(study, ensure_ascii=False, indent=0, separators=(",", ":")), encoding="utf-8")
        written.replace(options.json)
        options.page.write_text(page(study), encoding="utf-8")

    study = new_study(options.json)
    for done, total in run(study, alarms=options.alarms, faults=options.faults, keep=keep):
        if done % 500 == 0:
            print(f"{done} of {total}; {len(alarms(study))} false alarms, {len(missed(study))} missed", flush=True)
    for what in (*alarms(study), *missed(study)):
        print(what)
    return 1 if alarms(study) or missed(study) else 0


if __name__ == "__main__":
    sys.exit(main())
