"""`invariance train` from files to files, and one line for every mistake."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from experiments.training.synthetic import dataset

from invariance.cli import main
from invariance.experiments.data.remote import CIFAR10_FILES
from invariance.experiments.run import load_run


@pytest.fixture
def folder(tmp_path: Path, generator) -> Path:
    """550 training and 110 test images in CIFAR-10's layout."""
    data = dataset(660, 32, generator)
    records = np.concatenate([data.labels.numpy()[:, None], data.images.flatten(1).numpy()], axis=1).astype(np.uint8)
    for name, batch in zip(CIFAR10_FILES, np.split(records, 6), strict=True):
        batch.tofile(tmp_path / name)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["invariance", "train", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


def test_an_epoch_from_files_to_files(monkeypatch, capsys, folder: Path, tmp_path: Path):
    out = tmp_path / "runs" / "cnn"
    arguments = ("cnn:width=2", "--data", folder, "--validation", 38, "--epochs", 1, "--out", out)
    assert run(monkeypatch, *arguments) == 0
    shown = capsys.readouterr()
    assert "on the validation split, epoch 1" in shown.out
    lines = shown.err.splitlines()
    assert lines[0].endswith("parameters")
    assert lines[1].startswith("epoch 1/1: loss ")
    record = json.loads((out / "record.json").read_text())
    assert (record["data"]["train"], record["data"]["validation"], record["data"]["test"]) == (512, 38, 110)
    assert record["options"]["model"] == "cnn:width=2"
    assert load_run(out)[0](torch.rand(2, 3, 32, 32)).shape == (2, 10)
    assert run(monkeypatch, *arguments) == 0
    assert "epoch 1/1" not in capsys.readouterr().err


def test_all_images_train_and_the_last_epoch_counts(monkeypatch, capsys, folder: Path, tmp_path: Path):
    out = tmp_path / "all"
    options = ("--epochs", 2, "--train-on", "all", "--select", "last", "--augment", "rotation:3.14")
    assert run(monkeypatch, "cnn:width=2", "--data", folder, *options, "--recompute-batchnorm", "--out", out) == 0
    assert "no validation images, epoch 2" in capsys.readouterr().out
    record = json.loads((out / "record.json").read_text())
    assert (record["data"]["train"], record["data"]["validation"]) == (550, 0)
    assert record["best"] == {"epoch": 2, "validation_accuracy": None}
    assert load_run(out)[0](torch.rand(2, 3, 32, 32)).isfinite().all()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no-such"], "no-such"),
        (["cnn", "--train-on", "test"], "--train-on = test"),
        (["cnn", "--train-on", "all"], "--validation = 50"),
        (["cnn", "--statistics", "training"], "statistics = training: evaluation, or also recompute_batchnorm"),
        (["cnn", "--augment", "rotation:200"], "augment = rotation:200"),
        (["cnn", "--select", "first"], "select = first"),
        (["cnn", "--dataset", "imagenet"], "imagenet"),
        (["cnn", "--epochs", "0"], "epochs = 0"),
        (["cnn", "--batch", "0"], "batch = 0"),
        (["cnn", "--width", "-1"], "width = -1"),
        (["cnn", "--schedule", "warm"], "schedule = warm"),
        (["cnn", "--precision", "int4"], "precision = int4"),
        (["cnn", "--device", "tpu"], "--device = tpu"),
        (["cnn", "--validation", "0"], "validation = 0"),
        (["cnn", "--learning-rate", "1e30", "--width", "1", "--limit", "300"], "lower --learning-rate"),
    ],
)
@pytest.mark.bad_input
def test_a_mistake_is_one_line_and_status_two(monkeypatch, capsys, folder: Path, tmp_path: Path, arguments, told: str):
    options = ("--validation", 50, "--data", folder, "--out", tmp_path / "out")
    assert run(monkeypatch, arguments[0], *options, *arguments[1:]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if not line.endswith("parameters")]
    assert told in line


@pytest.mark.bad_input
def test_without_images_held_out_no_best_epoch_is_chosen(monkeypatch, capsys, folder: Path, tmp_path: Path):
    assert run(monkeypatch, "cnn", "--data", folder, "--out", tmp_path / "out", "--train-on", "all") == 2
    assert "--select = best: last, with --train-on all" in capsys.readouterr().err
