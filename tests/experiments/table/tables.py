"""Tables put together by hand."""

import torch

from invariance.experiments.evaluation import Answers, Column, Displacement, Protocol
from invariance.experiments.options import TrainOptions
from invariance.experiments.table import Row, RunResult, Table


def by_hand(accuracies: list[list[float]], images: int = 1000) -> Table:
    """Runs of one network that are right on the first images of every cell."""
    runs = []
    for seed, row in enumerate(accuracies):
        correct = torch.stack([torch.arange(images) < round(a * images) for a in row])
        training = {
            "options": TrainOptions("cnn", "cifar10", epochs=7, width=32, seed=seed, precision="bfloat16").to_dict(),
            "parameters": 584_746,
            "seconds": 600.0,
            "best": {"epoch": 5, "validation_accuracy": 0.81},
            "data": {"train": 45_000, "note": ""},
            "hardware": {"cpu": "abacus"},
            "code": {"revision": "0123456789abcdef", "dirty": False},
        }
        undefined = torch.zeros(len(row), dtype=torch.int64)
        runs.append(RunResult(f"cnn-{seed}", f"hash {seed}", training, Answers(correct, undefined)))
    columns = (Column(None, 0.0), Column("affine", 0.0, Displacement(0, 0, 0)))
    columns += (Column("affine", 0.1, Displacement(1.5, 3.5, 3.4), reversed=2, folded=1),)
    data = {"name": "cifar10", "note": "JPEG re-encoding", "images": images, "classes": list("abcdefghij")}
    protocol = Protocol(("affine",), (0.0, 0.1))
    return Table("diffcnn", protocol, data, columns, (Row("cnn", "cnn", tuple(runs)),), {}, ("st-cnn",))
