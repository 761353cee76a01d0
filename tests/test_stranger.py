"""A stranger's first day: the site's pages in their order, in a folder that has nothing of this project in it.

Each step is what a page says to type, with what it says comes out. They share one process, as torch takes seconds to
import; each runs `invariance` as the command does. At the end nothing is found outside of what was named.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from invariance.cli import main

LAYERS = '''
import torch
from torch import nn


class Turned(nn.Module):
    """A filter that is its own quarter turn."""

    def __init__(self):
        super().__init__()
        whole = torch.randint(-8, 9, (4, 3, 3, 3), generator=torch.Generator().manual_seed(0))
        w = whole.float()  # sums of whole numbers are exact
        self.weight = nn.Parameter(sum(w.rot90(k, (2, 3)) for k in range(4)) / 4)

    def forward(self, x):
        return nn.functional.conv2d(x, self.weight, padding=1)


def net():
    return nn.Sequential(Turned(), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def plain():
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Sum(nn.Module):
    """Of a set of points: the same in any order."""

    def forward(self, x):
        return x.square().sum(1)
'''

GROUP = """
import torch

from invariance.symmetry import Symmetry


def sample(batch, generator):
    return torch.randn(batch, 6, generator=generator, dtype=torch.float64)


swap = Symmetry.of(
    elements=(0, 1),
    act=lambda g, x: x.flip(1) if g else x,
    act_out=lambda g, y: y,
    sample=sample,
)
symmetric = lambda x: x.square().sum(1, keepdim=True)
"""


TEST = """
from layers import net
from invariance.testing import assert_invariant


def test_net_is_invariant():
    assert_invariant(net(), group="p4", input_shape=(3, 9, 9))
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory):
    """An empty folder with the stranger's two files, and how a command is typed there."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "layers.py").write_text(LAYERS, encoding="utf-8")
    (folder / "mine.py").write_text(GROUP, encoding="utf-8")
    (folder / "test_layers.py").write_text(TEST, encoding="utf-8")
    page = (ROOT / "docs" / "add_a_claim.md").read_text(encoding="utf-8")
    (folder / "claims.py").write_text(page.partition("```python\n")[2].partition("```")[0], encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


def typed(line: str) -> tuple[int, str]:
    """Status and output of `invariance LINE`."""
    said, kept = io.StringIO(), sys.argv
    sys.argv = ["invariance", *line.split()]
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), pytest.raises(SystemExit) as stopped:
            main()
    finally:
        sys.argv = kept
    return int(stopped.value.code or 0), said.getvalue()


ROOT = Path(__file__).parents[1]
P4 = "--input 3,9,9 --group p4"
STEPS = {
    "start: what is there": ("--help", 0, "Of a network:"),
    "start: which version": ("--version", 0, "invariance, version"),
    "start: what groups have names": ("groups", 0, "p4"),
    "start: what inputs can be": ("fields", 0, "points"),
    "layer: is mine invariant": (f"check layers.py:net {P4}", 0, "consistent"),
    "layer: is it equivariant": (f"check layers.py:Turned {P4} --claim equivariant", 0, "consistent"),
    "layer: one that is not": (f"check layers.py:plain {P4} --json bad.json", 1, "violated"),
    "layer: the figure": (f"check layers.py:net {P4} --plot good.png --layers", 0, "Turned"),
    "layer: the failure once more": ("replay bad.json", 1, "violated"),
    "layer: every symmetry": ("profile layers.py:Sum --in points:4 --batch 4", 0, "S(4)"),
    "layer: at which sizes": (f"check layers.py:net {P4} --sizes 8,9", 0, "8×8"),
    "layer: to first order": (f"check layers.py:plain {P4} --local", 1, "stability: "),
    "layer: a mistake": ("check layers.py:net --input 9,9,3 --group p4", 2, "channels come first: (3, 9, 9)"),
    "layer: a set": ("check layers.py:Sum --in points:5 --group S(5)", 0, "consistent"),
    "layer: why, and what mends it": (f"doctor layers.py:plain {P4}", 1, "cause"),
    "prove: for all inputs": (f"prove layers.py:net {P4} --certificate net.json", 0, "proved"),
    "prove: again, by the checker": ("prove layers.py:net --verify net.json", 0, ""),
    "prove: what is not so": (f"prove layers.py:plain {P4} --claim invariant", 1, "disproved"),
    "prove: the figure": (f"prove layers.py:net {P4} --plot net.png", 0, "proved"),
    "prove: every group": ("prove layers.py:net --input 3,9,9 --all", 0, "p4"),
    "prove: which operations it knows": ("prove --rules rules.md", 0, ""),
    "curves: how far": (
        "curve --output curve.png --model ours=layers.py:net --model theirs=layers.py:plain --images analytic --size 16"
        " --warp rotation --scales 0,30,90",
        0,
        "curve.json",
    ),
    "curves: drawn again": ("plot curve.json --output again.svg --measure error", 0, "again.svg"),
    "curves: two checkpoints": (
        "compare layers.py:net layers.py:plain --images analytic --size 16 --warp rotation --scales 0,90 --json c.json",
        0,
        "plain",
    ),
    "group: one's own": ("check mine.py:symmetric --symmetry mine.py:swap", 0, "consistent"),
    "claims: one of the ledger": ("verify --only T2.d", 0, "REFUTED AS STATED"),
    "claims: one's own": ("verify --file claims.py", 1, "listed sizes only; recorded is PROVED, decided"),
    "results: a table, drawn again": (f"plot {ROOT}/results/diffcnn/diffcnn.json --output table.png", 0, "table.png"),
    "claims: in full": ("verify --explain T2.d --json claim.json", 0, "BibTeX"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step(desk: Path, step: str):
    line, status, words = STEPS[step]
    found, said = typed(line)
    assert found == status, said
    assert words in said


def test_the_plugin_in_ones_own_tests(desk: Path):
    env = {**os.environ, "PYTHONPATH": f"{desk}:{ROOT}", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", "test_layers.py"]
    ran = subprocess.run(command, cwd=desk, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "1 passed" in ran.stdout


def test_what_is_kept_is_what_was_named(desk: Path):
    """The last step: a look at the folder."""
    named = {"again.svg", "bad.json", "c.json", "claim.json", "curve.csv", "curve.json", "curve.png"}
    found = {file.name for file in desk.iterdir()} - {
        "__pycache__",
        "claims.py",
        "layers.py",
        "mine.py",
        "test_layers.py",
    }
    assert found == named | {"good.png", "net.json", "net.png", "rules.md", "table.png"}
    assert json.loads((desk / "bad.json").read_text(encoding="utf-8"))["verdict"] == "violated"
