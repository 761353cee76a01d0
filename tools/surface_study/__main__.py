"""`python -m tools.surface_study`: measure, and write docs/promise_study.md, .json and the figures of it."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from invariance.files import write, write_json

from .curves import MEASURED, bounded, networks
from .figures import draw
from .front import trained
from .ladders import at_64, ladders
from .page import page

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, help="Folder of finished trainings; what was kept of them without it.")
    parser.add_argument("--certificates", type=Path, nargs="*", help="Files of `invariance certify --json`.")
    parser.add_argument("--data", type=Path, default=os.environ.get("INVARIANCE_DATA"), help="Folder of the data.")
    parser.add_argument("--trained-only", action="store_true", help="Keep what was measured of random weights.")
    chosen = parser.parse_args()
    file = DOCS / "promise_study.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if not chosen.trained_only:
        rows = [row for family in MEASURED for row in bounded(6, family)]
        found |= {"ladders": ladders(), "at_64": at_64(), "bounded": rows, "networks": networks()}
    if chosen.runs:
        found["trained"] = trained(chosen.runs, chosen.data)
    if chosen.certificates:
        found["certificates"] = [json.loads(path.read_text(encoding="utf-8")) for path in chosen.certificates]
    write_json(file, found)
    write(DOCS / "promise_study.md", page(found))
    draw(found, DOCS / "images")


if __name__ == "__main__":
    main()
