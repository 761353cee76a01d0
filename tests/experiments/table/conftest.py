"""A small CIFAR-10 on disk, and networks trained on it for a moment."""

from pathlib import Path

import numpy as np
import pytest
import torch
from experiments.training.synthetic import dataset

from invariance.experiments.data import load_splits
from invariance.experiments.data.remote import CIFAR10_FILES
from invariance.experiments.fit import train
from invariance.experiments.options import TrainOptions

RUNS = (("cnn", 0), ("cnn", 1), ("diffcnn-cnn:channels=3", 0), ("diffcnn-cnn", 0))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty images a file, airplanes, automobiles, birds and cats told by their brightest quarter."""
    data = dataset(360, 32, torch.Generator().manual_seed(0))
    records = torch.cat((data.labels[:, None].to(torch.uint8), data.images.flatten(1)), 1).numpy()
    folder = tmp_path_factory.mktemp("cifar")
    for name, part in zip(CIFAR10_FILES, np.split(records, 6), strict=True):
        part.tofile(folder / name)
    return folder


@pytest.fixture(scope="session")
def runs(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finished runs of `RUNS`, and one that was interrupted."""
    out = tmp_path_factory.mktemp("runs")
    splits = load_splits("cifar10", folder, note="synthetic")
    for number, (model, seed) in enumerate(RUNS):
        train(TrainOptions(model, "cifar10", epochs=1, width=2, seed=seed), splits, out / f"run {number}")
    broken = out / "deeper" / "interrupted"
    train(TrainOptions("st-cnn", "cifar10", epochs=1, width=2), splits, broken)
    record = (broken / "record.json").read_text(encoding="utf-8")
    (broken / "record.json").write_text(record.replace('"finished": true', '"finished": false'), encoding="utf-8")
    return out
