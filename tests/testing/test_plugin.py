"""The plugin at work in a project of its own: summary, fixtures, decorator, and failures that replay."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import scipy.optimize  # noqa: F401 - numpy's modules cannot be loaded twice, as pytester would have it

from invariance.cli import main
from invariance.testing.replay import replay

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "pytest_invariance", "-p", "no:cacheprovider")

TESTS = """
import pytest
import torch
from torch import nn
from invariance import P4ConvZ2
from invariance.testing import assert_equivariant, assert_symmetric, check_symmetry

@check_symmetry(input_shape=(3, 9, 9), group="p4", claim="equivariant", action="regular")
def test_lifting():
    return P4ConvZ2(3, 2, 3)

@check_symmetry(input_shape=(3, 9, 9), group="p4", claim="equivariant", seed=3)
def test_plain():
    return nn.Conv2d(3, 2, 3)

def test_fixture(symmetry, invariance_generator):
    options = {"input_shape": (3, 9, 9), "group": "p4m", "generator": invariance_generator}
    report = symmetry(nn.ReLU(), claim="equivariant", **options)
    assert len(report.rows) == 7

@pytest.mark.parametrize("case", ["a/b"])
def test_tensors(case):
    x = torch.linspace(0, 1, 9, dtype=torch.float64).view(1, 1, 3, 3)
    assert_equivariant(lambda x: x, x, x.flip(-1), output_action=lambda y: y.flip(-1))
    assert_equivariant(lambda x: x.cumsum(-1), x, x.flip(-1), output_action=lambda y: y.flip(-1))

def test_expected():
    with pytest.raises(AssertionError):
        test_tensors(None)

@check_symmetry(input_shape=(3, 9, 9), group="p4", claim="invariant")
def test_with_a_fixture(tmp_path):
    return lambda x: x.mean((-2, -1))

def test_of_something_else():
    raise ValueError
"""


LIGHT = """
import pytest
import torch
from invariance.testing import assert_invariant

@pytest.mark.parametrize("error", [0.0, 1e-12, 1e-3])
def test_light(error):
    x = torch.ones(2, 3, dtype=torch.float64)
    assert_invariant(lambda x: x, x, x + error)
"""


def run_pytest(folder: Path, *options: str) -> str:
    command = [sys.executable, "-m", "pytest", *PLUGIN, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder).stdout


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("project")
    (folder / "test_layers.py").write_text(TESTS, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]", encoding="utf-8")
    return folder, run_pytest(folder)


@pytest.fixture
def out(once: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the run printed; the working directory is a copy of the project as it left it."""
    folder = tmp_path / "copy"
    shutil.copytree(once[0], folder)
    assert (folder / ".invariance" / ".gitignore").read_text(encoding="utf-8") == "*\n"
    for file in (folder / ".invariance").glob("*.json"):
        data = json.loads(file.read_text(encoding="utf-8"))
        assert data["folder"] == str(once[0])
        file.write_text(json.dumps(data | {"folder": str(folder)}), encoding="utf-8")
    monkeypatch.chdir(folder)
    return once[1]


@pytest.fixture
def light(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(test_it=LIGHT)
    return pytester


def replayed(monkeypatch: pytest.MonkeyPatch, file: Path) -> int:
    monkeypatch.setattr(sys, "argv", ["invariance", "replay", str(file)])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


def artefact(name: str) -> Path:
    (file,) = Path(".invariance").glob(f"*{name}*")
    return file


def test_the_summary_lists_what_was_measured(out: str):
    assert "3 failed, 4 passed" in out
    lines = out.partition("measured symmetry errors")[2].splitlines()[1:6]
    wanted = (
        r"violated    E = 8.0e-01  \(allowed 1.0e-09\)  equivariant, worst of 2  test_layers.py::test_tensors",
        r"violated    E = \S+ +\(allowed \S+\) +p4, equivariant  test_layers.py::test_plain",
        r"consistent  E = \S+ +\(allowed \S+\) +p4",
        r"consistent  E = \S+ +\(allowed \S+\) +p4",
        r"consistent  E = \S+ +\(allowed \S+\) +p4",
    )
    assert all(re.search(*pair) for pair in zip(wanted, lines, strict=True))


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ("0", []),
        ("1", [r"violated    E = 1.0e-03  \(allowed 1.0e-09\)", "and 2 consistent: --invariance-rows=-1 lists all"]),
        ("-1", ["violated    E = 1.0e-03", "consistent  E = 1.0e-12", "consistent  E = 0.0e"]),
    ],
)
def test_the_summary_is_as_long_as_asked_for(light: pytest.Pytester, rows: str, lines: list[str]):
    out = light.runpytest(*PLUGIN, f"--invariance-rows={rows}").stdout.str()
    summary = out.partition("measured symmetry errors")[2].partition("short test summary")[0].splitlines()
    found = [line for line in summary if " " in line.strip("= ")]
    assert all(re.match(*pair) for pair in zip(lines, found, strict=True))


def test_the_message_has_the_element_the_layer_and_the_waves(out: str):
    for line in (
        r"SymmetryError: p4, equivariant: violated",
        r"worst: \d+° at 9×9: E = \S+ in \[.*\], floor \S+; image \d",
        r"first broken by Conv2d: E = \S+ under \d+°",
        r"simplest image: AnalyticImage.from_waves\(\[\[\[\(\d",
        r"replay with: invariance replay .invariance/test_layers.py-test_plain-\w{8}.json",
    ):
        assert re.search(line, out)


def test_failures_are_replayed_to_the_last_bit_from_any_folder(out: str, monkeypatch, capsys, tmp_path: Path):
    files = sorted(Path(".invariance").resolve().glob("*.json"))
    assert [json.loads(file.read_text(encoding="utf-8"))["kind"] for file in files] == ["check", "test"]
    monkeypatch.chdir(tmp_path)
    for file in files:
        assert replayed(monkeypatch, file) == 1
        assert capsys.readouterr().out.strip().endswith("as recorded, to the last bit")


def test_a_record_of_another_machine_is_replayed_up_to_rounding(out: str):
    file = artefact("plain")
    data = json.loads(file.read_text(encoding="utf-8"))
    data["rows"][0]["error"] *= 1 + 1e-12
    file.write_text(json.dumps(data | {"folder": "/no/such/folder"}), encoding="utf-8")
    again = replay(file)
    assert again.same
    assert not again.exact
    assert str(again).startswith("as recorded, up to rounding; recorded with torch ")


def test_a_repaired_test_is_consistent_and_other_than_recorded(out: str, monkeypatch, capsys):
    source = Path("test_layers.py")
    source.write_text(source.read_text(encoding="utf-8").replace("nn.Conv2d(3, 2, 3)", "nn.ReLU()"), encoding="utf-8")
    assert replayed(monkeypatch, artefact("plain")) == 0
    assert "other than recorded" in capsys.readouterr().out


def test_a_file_that_imports_under_pytest_alone_is_run_by_it(out: str, monkeypatch, capsys):
    source = Path("test_layers.py").read_text(encoding="utf-8")
    Path("conftest.py").write_text("import pytest\npytest.width = 2", encoding="utf-8")
    Path("test_layers.py").write_text(source.replace("3, 2, 3", "3, pytest.width, 3"), encoding="utf-8")
    assert replayed(monkeypatch, artefact("plain")) == 1
    assert capsys.readouterr().out.strip().endswith("as recorded, to the last bit")


def test_a_test_that_fails_otherwise_is_not_a_replay(out: str, monkeypatch, capsys):
    Path("test_layers.py").write_text("def test_tensors():\n    assert 0", encoding="utf-8")
    assert replayed(monkeypatch, artefact("tensors")) == 2
    assert "a test that runs and measures" in capsys.readouterr().err


def test_workers_report_to_the_summary_and_write_the_files(light: pytest.Pytester):
    out = run_pytest(light.path, "-n", "1", "--invariance-artefacts", "kept")
    assert "1 failed, 2 passed" in out
    assert out.partition("measured symmetry errors")[2].count(" E = ") == 3
    assert len(list((light.path / "kept").glob("*.json"))) == 1


def test_a_folder_that_cannot_be_written_is_said(light: pytest.Pytester):
    (light.path / "taken").write_text("", encoding="utf-8")
    result = light.runpytest(*PLUGIN, "--invariance-artefacts", "taken")
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines(["no file to replay: *taken*"])


def test_it_can_be_turned_off(light: pytest.Pytester):
    result = light.runpytest("-p", "no:pytest_invariance")
    result.assert_outcomes(failed=1, passed=2)
    assert "measured symmetry errors" not in result.stdout.str()
    assert not (light.path / ".invariance").exists()


def test_sessions_that_do_not_need_torch_do_not_import_it(pytester: pytest.Pytester, monkeypatch):
    said = "import sys\ndef test_nothing(): assert not {'torch', 'numpy', 'invariance'} & set(sys.modules)"
    pytester.makepyfile(said)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    out = run_pytest(pytester.path)
    assert "1 passed" in out
    assert "measured symmetry errors" not in out
