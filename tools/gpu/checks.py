"""The tests marked `gpu`, with what came of each."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

from .deadline import Deadline

__all__ = ["run_tests"]

ROOT = Path(__file__).resolve().parents[2]
SMALL = "tests/gpu/test_layers.py"  # of a dry run: `make test` has them all

_SIDE = 8  # processes: importing and compiling fill a core each, and the card has memory for all of them


_LINES = 12  # of a failure that are kept: a comparison of tensors says how far off it is in so many


def run_tests(deadline: Deadline, *, dry: bool) -> dict[str, Any]:
    """How many passed, and the last lines of what failed; `cut` where the time was not enough."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", f"--junitxml={report}"]
        command += ["-W", "default"]  # the versions are the machine's: what they warn of is no failure of ours
        command += [SMALL, "-k", "float32"] if dry else _marked()
        command += [] if dry or find_spec("xdist") is None else ["-n", str(_SIDE)]
        environment = os.environ | {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=DEVNULL, stderr=DEVNULL) as process:
            while process.poll() is None:
                if not deadline.left():
                    process.kill()
                    return {"cut": True}
                time.sleep(0.05)
        if not report.exists():
            return {"failed": {"pytest": "left no report: run it by hand"}}
        cases = list(ElementTree.parse(report).iter("testcase"))
    failed = {
        f"{case.get('classname')}::{case.get('name')}": (bad.get("message") or "").splitlines()[-_LINES:]
        for case in cases
        for bad in (*case.findall("failure"), *case.findall("error"))
    }
    skipped = sum(case.find("skipped") is not None for case in cases)
    return {"passed": len(cases) - len(failed) - skipped, "skipped": skipped, "failed": failed}


def _marked() -> list[str]:
    """The files that have such tests: to collect the thousands of others takes longer than these."""
    return sorted(
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if "mark.gpu" in path.read_text(encoding="utf-8")
    )
