"""`python -m tools.prove_study`: run the study, or what is missing of it, and write the page."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

import invariance.proving

from .page import page, wrong_proofs
from .study import jobs
from .tried import TRIED, ask

DOCS = Path(__file__).resolve().parents[2] / "docs"
KEEP_EVERY = 20


def sources() -> str:
    """A digest of the prover's sources."""
    files = sorted(Path(invariance.proving.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def main() -> int:
    """Exit status 0: no wrong proof; 1: some."""
    parser = argparse.ArgumentParser(prog="python -m tools.prove_study", description=main.__doc__)
    parser.add_argument(
        "--of-each", type=int, default=30, help="architectures of each family; of the grammar five times"
    )
    parser.add_argument(
        "--shares", type=int, default=1, help="processes that the work is shared by, each with a --json"
    )
    parser.add_argument("--share", type=int, default=0, help="which of them this is, from 0")
    parser.add_argument("--json", type=Path, default=DOCS / "prove_study.json", help="results; taken up where they end")
    parser.add_argument("--page", type=Path, default=DOCS / "prove_study.md")
    options = parser.parse_args()
    study: dict[str, Any] = {"torch": torch.__version__, "parts": {}}
    if options.json.exists():
        study = json.loads(options.json.read_text(encoding="utf-8"))
    for name in TRIED if options.share == 0 else ():
        if name not in study.setdefault("tried", {}):
            study["tried"][name] = ask(TRIED[name])
    wanted = [job for job in jobs(options.of_each) if job[1] not in study["parts"].get(job[0], {})]
    wanted = wanted[options.share :: options.shares]
    for left, (part, name, job) in zip(range(len(wanted) - 1, -1, -1), wanted, strict=True):
        study["parts"].setdefault(part, {})[name] = asdict(job())
        study.setdefault("sources", {}).setdefault(part, {})[name] = sources()
        if left % KEEP_EVERY == 0:
            text = json.dumps(study, ensure_ascii=False, indent=0, sort_keys=True)
            written = options.json.with_suffix(".part")
            written.write_text(text + "\n", encoding="utf-8")
            written.replace(options.json)
            print(f"{left} left; {len(wrong_proofs(study))} wrong proofs", flush=True)
    options.page.write_text(page(study), encoding="utf-8")
    for what in wrong_proofs(study):
        print(what)
    return 1 if wrong_proofs(study) else 0


if __name__ == "__main__":
    sys.exit(main())
