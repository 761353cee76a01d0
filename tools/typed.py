"""Whether a type checker sees the types of an installed `invariance`: `python tools/typed.py mypy`, or basedpyright.

The file below is a user's; its last line is its only mistake, and what the checker must find.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["USER", "mistakes"]

USER = """
import torch
from typing_extensions import assert_type

from invariance import check, plot_invariance, warp_error
from invariance.checking import CheckReport
from invariance.measure import ErrorReport
from invariance.warps import random_smooth

report = check(torch.nn.Conv2d(3, 4, 1), input_shape=(3, 9, 9), group="p4", claim="equivariant")
assert_type(report, CheckReport)
assert_type(report.verdict == "consistent", bool)
generator = torch.Generator().manual_seed(0)
images = torch.rand(2, 3, 9, 9)
assert_type(warp_error(torch.nn.Identity(), images, random_smooth(2, 0.1, generator=generator)), ErrorReport)
plot_invariance("a name is no curve")
"""


def mistakes(*checker: str) -> list[int]:
    """The lines of the file in which `checker`, a command, finds an error."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "user.py").write_text(USER, encoding="utf-8")
        done = subprocess.run([*checker, "user.py"], cwd=folder, capture_output=True, text=True, check=False)
    return [int(line) for line in re.findall(r"user\.py:(\d+)(?::\d+)?(?: -|:) error", done.stdout)]


if __name__ == "__main__":
    found, last = mistakes(sys.executable, "-m", sys.argv[1]), len(USER.splitlines())
    assert found == [last], f"{sys.argv[1]} finds errors in the lines {found}, not in line {last} alone"
    print(f"{sys.argv[1]} sees the types of invariance")
