"""The tables of the papers: which networks, on what, trained how, shown what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...errors import ArgumentError, one_of
from ..evaluation import FAMILIES, SCALES

__all__ = ["TABLES", "TableKind", "table_kind"]


@dataclass(frozen=True)
class TableKind:
    """A table to make.

    Attributes:
        models: the paper's networks, in its order.
        families, scales: of the warps; none where the table is of clean images.
        recipe: options of the training that the paper states, for all networks and for some.
    """

    name: str
    title: str
    data: str
    models: tuple[str, ...]
    families: tuple[str, ...] = ()
    scales: tuple[float, ...] = ()
    recipe: dict[str, Any] = field(default_factory=dict)
    recipes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def options(self, model: str) -> dict[str, Any]:
        """The paper's options of the training of `model`, "name" or "name:option=value"."""
        return self.recipe | self.recipes.get(model.partition(":")[0], {})


TABLES = {
    kind.name: kind
    for kind in (
        TableKind(
            "diffcnn",
            "Accuracy on warped CIFAR-10 (Table 1 of Kan et al.)",
            "cifar10",
            ("cnn", "st-cnn", "cpab-cnn", "rotdcf-cnn", "diffcnn-cnn"),
            FAMILIES,
            SCALES,
            # No schedule is stated, so the learning rate is constant in the paper; "cosine" is ours.
            {"epochs": 100, "batch": 100, "learning_rate": 1e-3},
            {"rotdcf-cnn": {"batch": 32}},
        ),
        TableKind(
            "ablation",
            "What the parts of DiffCNN buy, on warped CIFAR-10",
            "cifar10",
            (
                "cnn",
                "diffcnn-cnn",
                "diffcnn-cnn:kernel_size=1",
                "diffcnn-cnn:stride=3",
                "diffcnn-cnn:symmetric=True",
                # A tenth of the median of det V on CIFAR-10: contrast counts again where the image is nearly grey.
                "diffcnn-cnn:eps=10",
                # |a| ≤ 1 leaves the sign layer dead, as it is above; this A turns by 118°.
                "diffcnn-cnn:cayley=(1.2,-0.7,0.9)",
                "diffcnn-cnn:cayley=(1.2,-0.7,0.9),surrogate=0.3",
            ),
            FAMILIES,
            SCALES,
            {"epochs": 100, "batch": 100, "learning_rate": 1e-3},
        ),
        TableKind(
            "rotmnist",
            "Error on rotated MNIST (Table 1 of Cohen & Welling)",
            "rotmnist",
            ("z2cnn", "p4cnn-autorotation", "p4cnn"),
            recipe={"epochs": 100, "batch": 128, "learning_rate": 1e-3, "recompute_batchnorm": True},
            recipes={"z2cnn": {"epochs": 300}},
        ),
        TableKind(
            "cifar-gcnn",
            "Error on CIFAR-10 (Table 2 of Cohen & Welling)",
            "cifar10",
            ("allcnn-z2", "allcnn-p4", "allcnn-p4m", "resnet44-z2", "resnet44-p4", "resnet44-p4m"),
            recipe={"epochs": 100, "batch": 128},
        ),
    )
}


def table_kind(name: str) -> TableKind:
    """The table `name`.

    Raises:
        ArgumentError: there is none.
    """
    if name not in TABLES:
        raise ArgumentError("table", name, one_of(name, TABLES))
    return TABLES[name]
