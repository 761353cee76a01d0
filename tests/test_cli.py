"""The command line: what it writes, its exit statuses, and one line for every mistake."""

import json
import os
import re
import sys
from pathlib import Path

import pytest
import torch

from invariance.cli import main
from invariance.measure import InvarianceCurve


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["invariance", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


def test_verify_prints_and_writes_the_ledger(monkeypatch, capsys, tmp_path: Path):
    file = tmp_path / "ledger.json"
    assert run(monkeypatch, "verify", "--only", "T2.d", "--json", file) == 0
    assert "REFUTED" in capsys.readouterr().out
    (entry,) = json.loads(file.read_text(encoding="utf-8"))["entries"]
    assert entry["id"] == "T2.d"
    assert entry["counterexample"]


def test_explain_prints_the_counterexample(monkeypatch, capsys):
    assert run(monkeypatch, "verify", "--explain", "T2.d") == 0
    out = capsys.readouterr().out
    assert "Counterexample" in out
    assert "J = {" in out


def test_a_verdict_other_than_recorded_is_status_one(monkeypatch, capsys):
    import dataclasses

    from invariance_proofs import judge, ledger
    from invariance_proofs.statement import Verdict

    (statement,) = ledger.select("T2.d")
    wrong = dataclasses.replace(judge.run(statement), verdict=Verdict.UNKNOWN)
    monkeypatch.setattr(ledger, "verify", lambda *asked, **options: iter([wrong]))
    assert run(monkeypatch, "verify", "--only", "T2.d") == 1
    assert "recorded is REFUTED AS STATED" in " ".join(capsys.readouterr().out.split())


def test_curve_writes_a_picture_and_its_data(monkeypatch, tmp_path: Path):
    picture = tmp_path / "curve.svg"
    options = ("--scales", "0.01,0.1", "--size", 12, "--draws", 1, "--warp", "affine")
    assert run(monkeypatch, "curve", "--output", picture, *options) == 0
    assert "<svg" in picture.read_text(encoding="utf-8")
    data = json.loads(picture.with_suffix(".json").read_text(encoding="utf-8"))
    curves = [InvarianceCurve.from_dict(curve) for curve in data["curves"]]
    assert [curve.label for curve in curves] == ["diffcnn:kernel_size=1", "diffcnn:kernel_size=3", "plain-cnn"]
    assert curves[0].difference.shape == (2, 1, 7)
    assert InvarianceCurve.from_dict(data["floor"]).scales == (0.01, 0.1)


def test_curve_of_analytic_images_repeats_with_its_seed(monkeypatch, tmp_path: Path):
    options = ("--images", "analytic", "--claim", "equivariant", "--scales", "0.1", "--size", 12, "--draws", 1)
    model = ("--model", "diffcnn:kernel_size=1,degenerate=nan")
    for name in ("a.png", "b.png"):
        assert run(monkeypatch, "curve", "--output", tmp_path / name, *model, *options, "--seed", 3) == 0
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == (tmp_path / "b.json").read_text(encoding="utf-8")


def test_curve_says_whether_theory_is_respected(monkeypatch, capsys, tmp_path: Path):
    options = ("--images", "analytic", "--size", 24, "--draws", 1, "--scales", "0.01,0.03,0.1", "--theory")
    model = ("--model", "plain-cnn")
    assert run(monkeypatch, "curve", "--output", tmp_path / "curve.png", *model, *options) == 0
    bound, slope = json.loads((tmp_path / "curve.json").read_text(encoding="utf-8"))["theory"]
    assert bound == "plain-cnn: Lipschitz bound: respected"
    assert re.fullmatch(r"plain-cnn: fit: slope 0\.9\d+ in \[0\.9\d*, \d\.?\d*\]", slope)
    assert f"{bound}\n{slope}\n" in capsys.readouterr().out
    assert (
        run(monkeypatch, "curve", "--output", tmp_path / "curve.png", *model, *options, "--claim", "equivariant") == 0
    )
    (slope,) = json.loads((tmp_path / "curve.json").read_text(encoding="utf-8"))["theory"]
    assert "slope" in slope


MISTAKES = {
    "unknown command": (["frobnicate"], "No such command 'frobnicate'"),
    "no command": ([], "Missing command"),
    "unknown option": (["verify", "--nope"], "No such option"),
    "unknown statement": (["verify", "--only", "X9"], "X9"),
    "missing output": (["curve"], "Missing option '--output'"),
    "output format": (["curve", "--output", "x.gif"], "ends in .png or .svg or .pdf"),
    "unknown model": (["curve", "--output", "x.png", "--model", "resnet"], "--model = resnet: FILE.py:NAME"),
    "unknown model option": (
        ["curve", "--output", "x.png", "--model", "diffcnn:colour=3"],
        "colour = 3",
    ),
    "bad model option": (["curve", "--output", "x.png", "--model", "diffcnn:kernel_size=0"], "kernel_size = 0"),
    "two channels": (["curve", "--output", "x.png", "--model", "diffcnn:channels=2"], "at least 3 channels"),
    "scales that are no numbers": (["curve", "--output", "x.png", "--scales", "a,b"], "--scales = a,b"),
    "no scale": (["curve", "--output", "x.png", "--scales", "0"], "--scales = 0: a scale above 0"),
    "an option given twice": (["curve", "--output", "x.png", "--model", "diffcnn:channels=4,channels=5"], "twice"),
    "an empty name": (["verify", "--explain", ""], "'' is empty"),
    "a pipe in the place of a file": (["verify", "--file", "pipe.py"], "--file = pipe.py: an existing file"),
    "a name that no file can have": (["table", "rotmnist", "--out", "a" * 300], "File name too long"),
    "a model of such a name": (["check", "a" * 5000, "--input", "3,8,8", "--group", "p4"], "TARGET = aaa"),
    "a picture of 1e5 pixels a side": (["curve", "--output", "x.png", "--size", "100000"], "--size = 100000: less"),
    "an image of that size": (
        ["check", "torch:relu", "--input", "3,100000,100000", "--group", "p4"],
        "--batch = 2 samp",
    ),
    "fields of that size": (
        ["check", "torch:relu", "--in", "points:1000000000", "--group", "O(3)"],
        "--batch = 2 samp",
    ),
    "a profile of that size": (
        ["profile", "torch:relu", "--input", "3,100000,100000"],
        "--batch = 2 samples of 30,000",
    ),
    "a proof of that size": (
        ["prove", "torch.nn:ReLU", "--input", "3,100000,100000", "--group", "p4"],
        "--input = 3,100",
    ),
    "1e8 draws": (
        ["curve", "--output", "x.png", "--images", "analytic", "--draws", "100000000"],
        "--draws = 100000000",
    ),
    "an option of one value twice": (
        ["check", "torch:relu", "--input", "3,8,8", "--group", "p4", "--images", "2", "--images", "3"],
        "--images = 3: given once, not 2 times",
    ),
    "a switch twice": (
        ["train", "cnn", "--out", "x", "--contiguous", "--channels-last"],
        "--channels-last = True: giv",
    ),
    "an output over another": (
        ["prove", "torch:relu", "--json", "x.json", "--certificate", "./x.json"],
        "--certificate = ./x.json: another name than that of --json",
    ),
    "an output over weights that are read": (
        ["check", "net.py:Net@w.safetensors", "--json", "w.safetensors"],
        "--json = w.safetensors: another name: TARGET reads it",
    ),
    "an output over a program": (["check", "net.pt2", "--json", "net.pt2"], "--json = net.pt2: another name: TARGET"),
    "an output over a picture that is read": (
        ["curve", "--images", "pictures", "--output", "pictures/a.png"],
        "--output = pictures/a.png: another name: --images reads it",
    ),
    "an output over a link to data": (
        ["compare", "a=net.py:Net", "--labels", "y.npy", "--json", "link.json"],
        "--json = link.json: another name: --labels reads it",
    ),
    "an output over a file of another kind": (
        ["check", "torch:relu", "--json", "nets.py"],
        "--json = nets.py: another name: nets.py is there, was not written",
    ),
    "a table over somebody's page": (["table", "rotmnist", "--out", "mine"], "--out = mine/rotmnist.md: another name"),
    "a report over somebody's picture": (["report", "--output", "mine"], "--output = mine/layerwise.png: another name"),
    "pages over somebody's": (["verify", "--only", "T2.d", "--markdown", "mine.md"], "--markdown = mine/diffcnn.md"),
    "negative scale": (["curve", "--output", "x.png", "--scales=-0.1,0.1"], "--scales = (-0.1, 0.1)"),
    "scale that is not a number": (["curve", "--output", "x.png", "--scales", "nan"], "scales = (nan,)"),
    "unknown warp": (["curve", "--output", "x.png", "--warp", "twirl"], "--warp = twirl"),
    "unknown claim": (["curve", "--output", "x.png", "--claim", "perfect"], "--claim = perfect"),
    "folder that is missing": (["curve", "--output", "x.png", "--images", "nowhere"], "--images = nowhere"),
    "unwritable output": (
        ["curve", "--output", "missing/folder/x.png", "--scales", "0.1", "--size", "9"],
        "missing/folder",
    ),
    "unknown device": (["curve", "--output", "x.png", "--device", "abacus"], "--device = abacus"),
    "report from a missing folder": (["report", "--images", "nowhere"], "--images = nowhere"),
}


MINE = ("mine/rotmnist.md", "mine/layerwise.png")


@pytest.mark.bad_input
@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_one_line_and_status_two(monkeypatch, capsys, tmp_path: Path, arguments, said: str):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.py")
    for name in ("nets.py", "w.safetensors", "net.pt2", "y.npy", "pictures/a.png", "mine/diffcnn.md", *MINE):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("kept", encoding="utf-8")
    Path("link.json").symlink_to("y.npy")
    assert run(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.strip().splitlines()[-1].startswith("invariance: ")
    assert "Traceback" not in error
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.read_text(encoding="utf-8") for path in kept} == {"kept"}


def test_a_grey_photograph_is_one_line(monkeypatch, capsys, tmp_path: Path):
    from PIL import Image

    Image.new("L", (20, 20)).save(tmp_path / "grey.png")
    assert run(monkeypatch, "curve", "--output", tmp_path / "x.png", "--images", tmp_path) == 2
    assert "grey.png: three colours" in capsys.readouterr().err


@pytest.mark.gpu
def test_curve_on_the_gpu_agrees_with_the_cpu(monkeypatch, tmp_path: Path, card: str):
    options = ("--scales", "0.1", "--size", 12, "--draws", 1)
    for name, device in (("here", "cpu"), ("there", card)):
        assert run(monkeypatch, "curve", "--output", tmp_path / f"{name}.png", *options, "--device", device) == 0
    first, second = (
        torch.tensor(json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))["curves"][2]["difference"])
        for name in ("here", "there")
    )
    torch.testing.assert_close(first, second, rtol=1e-6, atol=1e-9)
