"""`python -m tools.surface_study`: measure, and write docs/promise_study.md, .json and the figures of it."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from invariance.experiments.data import load_splits
from invariance.experiments.memory import keep_freed_memory
from invariance.files import write, write_json

from .baselines import baselines
from .curves import MEASURED, bounded, networks
from .features import tried
from .figures import draw
from .front import trained
from .ladders import at_64, ladders
from .nearness import nearness
from .page import of_the_front, on_the_front, page
from .rotations import rotated_digits
from .warped import Warped

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PARTS = ("ladders", "bounded", "networks", "runs", "nearness", "baselines", "features", "digits", "certificates")


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """What the report draws of it: the front of the classifiers trained alike, and the certificates."""
    rows = of_the_front(found)
    return {
        "note": rows[0]["note"],
        "training": rows[0]["training"],
        "front": [on_the_front(row) for row in rows],
        "certificates": found["certificates"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS, help="What to measure again; all of it.")
    parser.add_argument("--runs", type=Path, nargs="*", default=(), help="Folders of finished trainings.")
    parser.add_argument("--digits", type=Path, help="Folder of finished trainings on rotated MNIST.")
    parser.add_argument("--certificates", type=Path, nargs="*", default=(), help="Of `invariance certify --json`.")
    parser.add_argument("--data", type=Path, default=os.environ.get("INVARIANCE_DATA"), help="Folder of the data.")
    parser.add_argument("--note", default="", help="What the data are, if not the canonical files.")
    chosen = parser.parse_args()
    keep_freed_memory()
    file = DOCS / "promise_study.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if "ladders" in chosen.parts:
        found["ladders"] = ladders()
    if "bounded" in chosen.parts:
        found["bounded"] = [row for family in MEASURED for row in bounded(6, family)]
    if "networks" in chosen.parts:
        found |= {"at_64": at_64(), "networks": networks()}
    if {"runs", "nearness", "baselines", "features"} & {*chosen.parts}:
        splits = load_splits("cifar10", chosen.data, note=chosen.note)
        warped = Warped(splits)
        if "runs" in chosen.parts:
            found["trained"] = [row for folder in chosen.runs for row in trained(folder, splits, warped)]
        if "nearness" in chosen.parts:
            found["nearness"] = [row for folder in chosen.runs for row in nearness(folder, splits)]
        if "baselines" in chosen.parts:
            found["baselines"] = baselines(splits, warped)
        if "features" in chosen.parts:
            found["features"] = tried(splits)
    if "digits" in chosen.parts and chosen.digits:
        found["digits"] = rotated_digits(chosen.digits, chosen.data)
    if "certificates" in chosen.parts and chosen.certificates:
        found["certificates"] = [json.loads(path.read_text(encoding="utf-8")) for path in chosen.certificates]
    write_json(file, found)
    write(DOCS / "promise_study.md", page(found))
    write_json(ROOT / "invariance" / "report" / "promise.json", shown(found))
    draw(found, DOCS / "images")


if __name__ == "__main__":
    main()
