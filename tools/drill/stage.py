"""The files that the drill works on: networks, data, a trained run, records, a saved program, pictures."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import numpy as np

__all__ = ["NETS", "TABLE", "TRAIN", "build"]

NETS = """
import sys
import torch
from torch import nn

class Good(nn.Module):
    def forward(self, x):
        return x.mean(1, keepdim=True)

class Sum(nn.Module):
    def forward(self, x):
        return torch.relu(x).sum((1, 2, 3))

class Scores(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(243, 3))

class Bad(nn.Conv2d):
    def __init__(self):
        super().__init__(3, 4, 3, padding=1)

def leaves(x):
    sys.exit(0)

def breaks(x):
    raise RuntimeError("out of luck")

def nothing(x):
    return x * float("nan")

def random(x):
    return x + torch.rand(1)

def eats(x):
    return torch.zeros(10**13)
"""

TRAIN = (
    "train",
    "z2cnn:width=2",
    "--dataset",
    "mnist",
    "--data",
    "data",
    "--epochs",
    "2",
    "--limit",
    "40",
    "--batch",
    "20",
)

TABLE = ("table", "rotmnist", "--data", "data", "--out", "table", "--model", "z2cnn:width=2", "--images", "8")


def build(folder: Path) -> None:
    """Everything, in `folder`; a few seconds."""
    from PIL import Image

    from .outcome import run

    random = np.random.default_rng(0)
    (folder / "nets.py").write_text(NETS, encoding="utf-8")
    (folder / "exits.py").write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    data = folder / "data"
    (data / "mnist").mkdir(parents=True)
    for part, count in (("train", 120), ("t10k", 20)):
        images, labels = random.integers(0, 256, (count, 28, 28), np.uint8), random.integers(0, 10, count, np.uint8)
        (data / f"mnist/{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(_idx(images)))
        (data / f"mnist/{part}-labels-idx1-ubyte").write_bytes(_idx(labels))
    with tarfile.open(data / "cifar-10-binary.tar.gz", "w:gz") as archive:
        for name in (*(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin"):
            archive.addfile(_member(name), io.BytesIO(bytes(3073 * 4)))
    (folder / "pictures").mkdir()
    for name in ("a.png", "b.jpg"):
        Image.fromarray(random.integers(0, 256, (24, 24, 3), np.uint8)).save(folder / "pictures" / name)
    np.save(folder / "images.npy", random.random((4, 3, 9, 9)))
    np.save(folder / "labels.npy", np.array([0, 1, 1, 0]))
    _program(folder / "net.pt2")
    _worst(folder / "worst.json")
    for arguments in (
        (*TRAIN, "--out", "run"),
        ("check", "nets.py:Bad", "--input", "3,8,8", "--group", "p4", "--claim", "equivariant", "--json", "bad.json"),
        ("check", "nets.py:Good", "--input", "3,8,8", "--group", "p4", "--claim", "equivariant", "--json", "good.json"),
        (
            "curve",
            "--output",
            "curve.png",
            "--model",
            "plain-cnn",
            "--images",
            "pictures",
            "--size",
            "9",
            "--scales",
            "0.1",
        ),
        ("prove", "nets.py:Sum", "--input", "3,8,8", "--group", "p4", "--certificate", "proof.json"),
        (*TABLE, "--epochs", "1", "--limit", "40"),
    ):
        ending = run(arguments, folder)
        if ending.status not in (0, 1):
            raise SystemExit(f"drill: the stage does not stand: {arguments}: {ending.status} {ending.error[-500:]}")


def _idx(array: np.ndarray) -> bytes:
    return (0x0800 + array.ndim).to_bytes(4, "big") + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def _member(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
    member.size = 3073 * 4
    return member


def _program(path: Path) -> None:
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1)).eval()
    batch = torch.export.Dim("batch", min=1, max=64)
    torch.export.save(torch.export.export(net, (torch.ones(2, 3, 8, 8),), dynamic_shapes=({0: batch},)), path)


def _worst(path: Path) -> None:
    from torch import nn

    from invariance.testing import search_worst

    case = search_worst(nn.ReLU(), "shear", 5, input_shape=(3, 8, 8), claim="invariant").at("nets.py:Good")
    path.write_text(case.to_json(), encoding="utf-8")
