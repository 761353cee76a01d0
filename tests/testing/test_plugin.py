"""The plugin at work in a project of its own: summary, fixtures, decorator, and failures that replay."""

import json
import re
import sys
from pathlib import Path

import pytest
import scipy.optimize  # noqa: F401 - numpy's modules cannot be loaded twice, as pytester would have it

from invariance.cli import main

pytest_plugins = ["pytester"]

TESTS = """
import torch
from torch import nn
from invariance import P4ConvZ2
from invariance.testing import assert_equivariant, assert_symmetric, check_symmetry

@check_symmetry(input_shape=(3, 9, 9), group="p4", claim="covariant", action="regular")
def test_lifting():
    return P4ConvZ2(3, 2, 3)

@check_symmetry(input_shape=(3, 9, 9), group="p4", claim="equivariant", seed=3)
def test_plain():
    return nn.Conv2d(3, 2, 3)

def test_fixture(symmetry, invariance_generator):
    options = {"input_shape": (3, 9, 9), "group": "p4m", "generator": invariance_generator}
    report = symmetry(nn.ReLU(), claim="equivariant", **options)
    assert len(report.rows) == 7

def test_tensors():
    x = torch.linspace(0, 1, 9, dtype=torch.float64).view(1, 1, 3, 3)
    assert_equivariant(lambda x: x.cumsum(-1), x, x.flip(-1), output_action=lambda y: y.flip(-1))

@check_symmetry(input_shape=(3, 9, 9), group="p4", claim="invariant")
def test_with_a_fixture(tmp_path):
    return lambda x: x[:, :, 0]

def test_of_something_else():
    raise ValueError
"""


@pytest.fixture
def ran(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.RunResult:
    pytester.makepyfile(test_layers=TESTS)
    monkeypatch.chdir(pytester.path)
    return pytester.runpytest("-p", "no:invariance", "-p", "invariance.testing.plugin", "-p", "no:cacheprovider")


def replay(monkeypatch: pytest.MonkeyPatch, file: Path) -> int:
    monkeypatch.setattr(sys, "argv", ["invariance", "replay", str(file)])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


def test_the_summary_lists_what_was_measured(ran: pytest.RunResult):
    ran.assert_outcomes(passed=2, failed=4)
    summary = ran.stdout.str().partition("measured symmetry errors")[2]
    for line in (
        r"violated    E = \S+ +\(allowed \S+\) +p4, equivariant  test_layers.py::test_plain",
        r"consistent  E = \S+ +\(allowed \S+\) +p4, covariant \(regular\)  test_layers.py::test_lifting",
        r"violated    E = 8.0e-01  \(allowed 1.0e-09\)  equivariant  test_layers.py::test_tensors",
    ):
        assert re.search(line, summary)


def test_the_message_has_the_element_the_layer_and_the_waves(ran: pytest.RunResult):
    message = ran.stdout.str()
    for line in (
        r"SymmetryError: p4, equivariant: violated",
        r"worst: \d+° at 9×9: E = \S+ in \[.*\], floor \S+; image \d",
        r"p4 is broken first by Conv2d: E = \S+ under",
        r"simplest image: AnalyticImage.from_waves\(\[\[\[\(\d",
    ):
        assert re.search(line, message)


def test_failures_are_replayed_exactly(ran: pytest.RunResult, monkeypatch, capsys):
    files = sorted(Path(".invariance").iterdir())
    assert [json.loads(file.read_text(encoding="utf-8"))["kind"] for file in files] == ["check", "test", "test"]
    for file in files:
        assert replay(monkeypatch, file) == 1
        assert capsys.readouterr().out.strip().endswith("as recorded")


def test_a_repaired_test_is_consistent_and_other_than_recorded(ran: pytest.RunResult, monkeypatch, capsys):
    source = Path("test_layers.py")
    source.write_text(source.read_text(encoding="utf-8").replace("nn.Conv2d(3, 2, 3)", "nn.ReLU()"), encoding="utf-8")
    (file,) = Path(".invariance").glob("*plain*")
    assert replay(monkeypatch, file) == 0
    assert "other than recorded" in capsys.readouterr().out


def test_no_section_without_measurements(pytester: pytest.Pytester):
    pytester.makepyfile("def test_nothing(): pass")
    result = pytester.runpytest("-p", "no:invariance", "-p", "invariance.testing.plugin")
    assert "measured symmetry errors" not in result.stdout.str()
