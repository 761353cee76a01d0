"""`invariance table` from files to files, and one line for every mistake."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from invariance.cli import main
from invariance.experiments.evaluation import corruptions
from invariance.experiments.table import load_table
from invariance.experiments.table.forensic import load_forensic


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["invariance", "table", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


def test_finished_runs_become_a_table_and_figures(monkeypatch, capsys, folder: Path, runs: Path, tmp_path: Path):
    out = tmp_path / "results"
    arguments = ("diffcnn", "--data", folder, "--runs", runs, "--out", out, "--note", "synthetic", "--origin", "corner")
    assert run(monkeypatch, *arguments) == 0
    names = "diffcnn.json diffcnn.md diffcnn.png diffcnn-figure-1.json diffcnn-figure-1.png"
    files = [out / name for name in [*names.split(), "diffcnn-figure-3.json", "diffcnn-figure-3.png"]]
    printed = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r".*/diffcnn\.[0-9a-f]{12}\.npz", printed.pop(1))
    assert printed == [str(file) for file in files]
    assert all(file.stat().st_size > 1000 for file in files)
    table = load_table(files[0])
    assert [row.label for row in table.rows] == ["cnn", "diffcnn-cnn"]
    assert table.missing == ("st-cnn", "cpab-cnn", "rotdcf-cnn")
    assert table.protocol.origin == "corner"
    assert (table.data["note"], len(table.columns)) == ("synthetic", 16)
    assert "origin corner" in files[1].read_text(encoding="utf-8")
    for number in (4, 9, 12):  # without a warp, σ = 0 is what clean images are
        assert table.rows[0].accuracy[1] == table.rows[0].accuracy[0], number
    options = ("--resolution", 4, "--scales", "0", "--images", 30, "--model", "cnn")
    assert run(monkeypatch, *arguments, *options) == 0
    control = load_table(out / "diffcnn-resolution-4.json")
    assert control.protocol.corruption == "resolution-4"
    assert [row.label for row in control.rows] == ["cnn"]
    assert len(list(out.glob("diffcnn-resolution-4*"))) == 4
    assert load_table(files[0]).data["images"] == 60


def test_missing_runs_are_trained_first(monkeypatch, capsys, folder: Path, tmp_path: Path):
    arguments = ("diffcnn", "--data", folder, "--out", tmp_path, "--model", "cnn", "--scales", "0.1")
    options = ("--epochs", 1, "--width", 2, "--limit", 60)
    assert run(monkeypatch, *arguments, "--seeds", "0,1", *options) == 0
    err = capsys.readouterr().err
    assert "training cnn-seed0" in err
    assert "training cnn-seed1" in err
    assert len(load_table(tmp_path / "diffcnn.json").rows[0].runs) == 2
    assert run(monkeypatch, *arguments, "--seeds", "0,2", *options) == 0
    err = capsys.readouterr().err
    assert "training cnn-seed0" not in err
    assert [run.seed for run in load_table(tmp_path / "diffcnn.json").rows[0].runs] == [0, 1, 2]


def test_rotated_mnist_has_errors_and_no_warps(monkeypatch, tmp_path: Path):
    random = np.random.default_rng(0)
    for part, count in (("train", 120), ("t10k", 20)):
        for kind, shape in (("images-idx3", (count, 28, 28)), ("labels-idx1", (count,))):
            array = random.integers(0, 10, shape, dtype=np.uint8)
            head = (0x0800 + array.ndim).to_bytes(4, "big") + np.array(shape, ">u4").tobytes()
            (tmp_path / f"{part}-{kind}-ubyte").write_bytes(head + array.tobytes())
    options = ("--model", "z2cnn", "--epochs", 1, "--width", 2)
    assert run(monkeypatch, "rotmnist", "--data", tmp_path, "--out", tmp_path / "out", *options) == 0
    names = {re.sub(r"\.[0-9a-f]{12}\.", ".", file.name) for file in (tmp_path / "out").iterdir()}
    assert names == {"rotmnist.json", "rotmnist.npz", "rotmnist.md", "runs"}
    page = (tmp_path / "out" / "rotmnist.md").read_text(encoding="utf-8")
    assert "100 test images of rotmnist, not known to be the canonical files." in page
    assert "| *5.03* |" in page
    assert "| *claimed: P4CNN* |" in page


def test_the_forensic_tries_every_candidate(monkeypatch, folder: Path, runs: Path, tmp_path: Path):
    arguments = ("diffcnn", "--data", folder, "--runs", runs, "--out", tmp_path, "--forensic", "--images", 4)
    assert run(monkeypatch, *arguments, "--scales", "0,0.01") == 0
    result = load_forensic(tmp_path / "diffcnn-forensic.json")
    assert result.candidates == corruptions.CORRUPTIONS
    assert result.models == ("cnn", "diffcnn-cnn")
    assert len(result.cells) == 3
    assert "printed" in (tmp_path / "diffcnn-forensic.md").read_text(encoding="utf-8")


MISTAKES = {
    "unknown table": (["nope"], "NAME = nope"),
    "no data": (["diffcnn", "--data", "nowhere"], "nowhere"),
    "no runs": (["diffcnn", "--runs", "empty"], "at least one finished run of cnn"),
    "a folder that is missing": (["diffcnn", "--runs", "nowhere"], "--runs = nowhere"),
    "unknown origin": (["diffcnn", "--runs", "empty", "--origin", "moon"], "origin = moon"),
    "unknown corruption": (["diffcnn", "--corruption", "rain"], "corruption = rain"),
    "two controls": (["diffcnn", "--corruption", "grey", "--resolution", "16"], "one of"),
    "scales that are none": (["diffcnn", "--scales", "a"], "--scales = a"),
    "scales for clean images": (["rotmnist", "--scales", "0.1"], "scales"),
    "seeds that are none": (["diffcnn", "--seeds", "x"], "--seeds = x"),
    "unknown network": (["diffcnn", "--model", "nope"], "nope"),
    "a target": (["diffcnn", "--model", "nets.py:net"], "type: invariance curve --model nets.py:net"),
    "unknown backend": (["diffcnn", "--model", "cnn", "--backend", "abacus"], "backend = abacus"),
    "unknown device": (["diffcnn", "--device", "abacus"], "--device = abacus"),
    "unknown schedule": (["diffcnn", "--schedule", "late"], "schedule = late"),
    "no table to add to": (["diffcnn", "--runs", "RUNS", "--out", "empty", "--add"], "--add = empty"),
    "a foreign table": (["diffcnn", "--runs", "RUNS", "--out", "foreign"], "diffcnn.json"),
}


@pytest.mark.bad_input
@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_one_line_and_status_two(monkeypatch, capsys, folder, runs, tmp_path, arguments, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INVARIANCE_DATA", str(folder))
    (tmp_path / "empty").mkdir()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "diffcnn.json").write_text("[]", encoding="utf-8")
    assert run(monkeypatch, *(str(runs) if a == "RUNS" else a for a in arguments)) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.strip().splitlines()[-1].startswith("invariance: ")
    assert "Traceback" not in error
