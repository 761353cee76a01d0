"""How near a search over all vertices comes to the radius that is certified, and what it does beyond it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from invariance.certifying import bound_of, certified_radius, worst_vertices
from invariance.certifying.attack import Mesh, margin_of
from invariance.experiments.classifier import Classifier
from invariance.experiments.data import Splits
from invariance.experiments.data.transforms import to_float
from invariance.experiments.run import load_run
from invariance.models import SurfaceClassifier

__all__ = ["FACTORS", "nearness"]

FACTORS = (1.0, 2.0, 4.0)
"""Of its own radius: how far the vertices of each image are moved."""

_MOST = 8.0
"""Pixels, the radius that is asked for at most: images that keep their class so far are left out."""


@torch.no_grad()
def nearness(runs: Path, splits: Splits, count: int = 200, batch: int = 50) -> list[dict[str, Any]]:
    """One row for each finished run in the folder of which a radius is certified that has an end, on test images."""
    return [
        row for path in sorted(runs.glob("*/record.json")) for row in _of(path.parent, splits, count=count, batch=batch)
    ]


def _of(folder: Path, splits: Splits, *, count: int, batch: int) -> list[dict[str, Any]]:
    classifier, record = load_run(folder)
    net = classifier.net
    if not (record["finished"] and isinstance(classifier, Classifier) and isinstance(net, SurfaceClassifier)):
        return []
    if record["options"]["model"].partition(":head=lipschitz")[1] == "":
        return []
    net = net.double().eval().requires_grad_(False)
    pixels = classifier.standardised(to_float(splits.test[:count].images)).double()
    size = (pixels.shape[-2], pixels.shape[-1])
    parts: list[torch.Tensor] = []
    for part in pixels.split(batch):
        mesh = Mesh.of(part, net)
        still = mesh.moved(mesh.vertices)
        radius, bound = certified_radius(net, still, most=2 * _MOST / size[0]), bound_of(net, still)
        margin, lowest = margin_of(bound.logits, bound.logits.argmax(1)), bound.lowest_margins(radius).amin(1)
        found = [worst_vertices(net, mesh, size, factor * radius).margin for factor in FACTORS]
        kept = radius * size[0] / 2 < _MOST
        used = (margin - found[0]) / (margin - lowest)
        parts.append(torch.stack((radius * size[0] / 2, used, *found), 1)[kept])
    radius, used, *found = torch.cat(parts).unbind(1)
    about = {name: record["options"][name] for name in ("model", "displacement", "augment", "epochs")}
    return [
        about
        | {"training": record["data"]["train"], "images": len(radius), "radius": float(radius.median())}
        | {"factors": list(FACTORS), "changed": [float((margins < 0).double().mean()) for margins in found]}
        | {"broken": int((found[0] < 0).sum()), "used": [float(used.median()), float(used.max())]}
    ]
