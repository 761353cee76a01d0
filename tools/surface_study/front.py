"""Trained networks beside each other: accuracy, accuracy under warps, and E of the logits under the same warps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor

from invariance.certifying.attack import Mesh
from invariance.experiments.classifier import Classifier
from invariance.experiments.data import Splits
from invariance.experiments.run import AnyClassifier, load_run
from invariance.models import DiffCNNWeighted, SurfaceClassifier, SurfaceCNN

from .warped import Warped

__all__ = ["trained"]


def trained(runs: Path, splits: Splits, warped: Warped) -> list[dict[str, Any]]:
    """One row for each finished run in the folder."""
    rows = []
    for folder in sorted(path.parent for path in runs.glob("*/record.json")):
        net, record = load_run(folder)
        if record["finished"]:
            options = record["options"]
            about = {
                "model": options["model"],
                "displacement": options["displacement"],
                "augment": options["augment"],
                "parameters": record["parameters"],
                "epochs": options["epochs"],
                "training": record["data"]["train"],
                "note": splits.note,
            }
            rows.append(about | warped.row(net, _carried(net)))
    return rows


def _carried(classifier: AnyClassifier) -> Callable[[Tensor, Tensor], Tensor] | None:
    """The logits where the pixels' centres are moved and take their colours along: nothing is resampled there."""
    net = classifier.net
    if not isinstance(net, SurfaceClassifier | SurfaceCNN | DiffCNNWeighted) or not isinstance(classifier, Classifier):
        return None

    def scores(images: Tensor, points: Tensor) -> Tensor:
        mesh = Mesh.of(classifier.standardised(images), net)
        return net.of_surface(mesh.moved(points.flatten(1, 2).mT))

    return scores
