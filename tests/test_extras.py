"""Without the extras every command works, or says in one line and with status 2 which is wanted and how it is had."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from invariance.errors import MissingExtraError
from invariance.extras import DISTRIBUTION, EXTRAS, NeededFor

ROOT = Path(__file__).parents[1]

WITHOUT = f"""
import builtins, contextlib, io, json, sys
real = builtins.__import__
missing = {set(EXTRAS)!r}

def without(name, globals=None, locals=None, fromlist=(), level=0):
    root = name.partition(".")[0]
    if level == 0 and root in missing and "invariance" in (globals or {{}}).get("__name__", ""):
        raise ModuleNotFoundError(f"No module named {{root!r}}", name=root)
    return real(name, globals, locals, fromlist, level)

builtins.__import__ = without
import torch
from invariance.cli import main
for line in json.loads(sys.argv[1]):
    sys.argv = ["invariance", *line]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as stopped:
            status = stopped.code
    print(json.dumps([status, err.getvalue()]))
"""

NETS = """
from torch import nn

def net():
    return nn.Conv2d(3, 4, 1)
"""

COMMANDS = {
    "verify --only T2.d": (0, ""),
    "check nets.py:net --input 3,5,5 --group p4 --claim equivariant": (0, ""),
    "prove nets.py:net --input 3,5,5 --group p4 --claim equivariant": (0, ""),
    "prove nets.py:net --input 3,5,5 --group p4 --project p.safetensors": (2, "--project: safetensors"),
    "curve --output c.png --model nets.py:net --images analytic --size 12 --draws 1 --scales 0.1": (0, ""),
    "curve --output c.png --model nets.py:net": (2, "photographs without a folder of one's own: skimage"),
    "report": (2, "photographs without a folder of one's own: skimage"),
    "train cnn --data . --out run": (2, "training: safetensors"),
    "table diffcnn --data . --out t": (2, "training: safetensors"),
    "check nets.py:net@w.safetensors --input 3,5,5 --group p4": (2, "weights of a file: safetensors"),
    "groups": (0, ""),
    "fields": (0, ""),
}


def test_every_command_without_the_extras(tmp_path: Path):
    (tmp_path / "nets.py").write_text(NETS, encoding="utf-8")
    (tmp_path / "w.safetensors").write_bytes(b"")
    lines = json.dumps([line.split() for line in COMMANDS])
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT, lines], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    for line, answer in zip(COMMANDS, ran.stdout.splitlines(), strict=True):
        (status, said), (expected, words) = json.loads(answer), COMMANDS[line]
        assert status == expected, (line, said)
        if words:
            library = words.rpartition(" ")[2]
            assert said == f"invariance: {words} is not installed: pip install '{DISTRIBUTION}[{EXTRAS[library]}]'\n"


def test_every_library_that_is_told_comes_with_the_extra_that_is_told():
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert about["name"] == DISTRIBUTION
    distribution = {"skimage": "scikit-image", "z3": "z3-solver", "pytorch_lightning": "pytorch-lightning"}
    for library, extra in EXTRAS.items():
        names = {Requirement(entry).name for entry in about["optional-dependencies"][extra]}
        assert distribution.get(library, library) in names


def test_another_library_that_is_missing_is_no_extra():
    with pytest.raises(ModuleNotFoundError), NeededFor("nothing"):
        raise ModuleNotFoundError("No module named 'x'", name="x")
    with (
        pytest.raises(MissingExtraError, match="to_frame: pandas is not installed: pip install"),
        NeededFor("to_frame"),
    ):
        raise ModuleNotFoundError("No module named 'pandas'", name="pandas")
