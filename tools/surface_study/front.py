"""Trained networks: accuracy, accuracy under warps of three families, and E of the logits under the same warps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from invariance.certifying.attack import Mesh
from invariance.experiments.classifier import Classifier
from invariance.experiments.data import load_splits
from invariance.experiments.data.transforms import to_float
from invariance.experiments.run import load_run
from invariance.images import pixel_grid
from invariance.models import SurfaceClassifier, SurfaceCNN
from invariance.warps import resample

from .subjects import SCALES, WARPS, seeded

MOVED = 2.0
"""Pixels, the root mean square over an image of how far its points are moved."""


@torch.no_grad()
def trained(runs: Path, data: Path | None, count: int = 1000) -> list[dict[str, Any]]:
    """One row for each finished run in the folder; all see the same images under the same warps, resampled."""
    rows = []
    for folder in sorted(path.parent for path in runs.glob("*/record.json")):
        net, record = load_run(folder)
        if not record["finished"]:
            continue
        splits = load_splits(record["options"]["data"], data, note=record["data"].get("note", ""))
        test = splits.test[:count]
        images = to_float(test.images)
        grid = pixel_grid(*images.shape[-2:])[None]
        plain = _logits(net, images)
        row: dict[str, Any] = {
            "model": record["options"]["model"],
            "parameters": record["parameters"],
            "epochs": record["options"]["epochs"],
            "note": splits.note,
            "images": len(test),
            "clean": float((plain.argmax(1) == test.labels).double().mean()),
        }
        for family, draw in WARPS.items():
            warp = draw(len(images), SCALES[family], generator=seeded(7))
            way = warp(grid) - grid
            size = way.square().sum(-1).mean((1, 2), keepdim=True).sqrt()[..., None]
            # All to one size: smaller than what was drawn and certified, so they fold no more than those.
            points = grid + way * (MOVED * 2 / images.shape[-1] / size).clamp(max=1)
            moved = _logits(net, resample(images, points, method="cubic", padding="border"))
            row[family] = _compared(moved, plain, test.labels) | {
                "pixels": float((points - grid).square().sum(-1).mean().sqrt() * images.shape[-1] / 2),
            }
            if isinstance(net.net, SurfaceClassifier | SurfaceCNN):
                carried = _on_mesh(net, images, points.to(images.dtype))
                row[family]["mesh"] = _compared(carried, plain, test.labels)
        rows.append(row)
    return rows


def _compared(moved: Tensor, plain: Tensor, labels: Tensor) -> dict[str, Any]:
    spread = (plain - plain.roll(1, 0)).square().mean()
    return {
        "accuracy": float((moved.argmax(1) == labels).double().mean()),
        "error": float(((moved - plain).square().mean() / spread).sqrt()),
    }


def _on_mesh(net: Classifier, images: Tensor, points: Tensor) -> Tensor:
    """The logits where the pixels' centres are moved to `points` and take their colours along."""
    inner: Any = net.net
    pixels = (images - net.mean[:, None, None]) / net.std[:, None, None]
    parts = zip(pixels.split(250), points.flatten(1, 2).mT.split(250), strict=True)
    return torch.cat([inner.of_surface(Mesh.of(part, inner).moved(place)) for part, place in parts])


def _logits(net: torch.nn.Module, images: Tensor) -> Tensor:
    return torch.cat([net(part) for part in images.split(250)])
