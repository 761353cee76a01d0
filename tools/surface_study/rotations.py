"""Grey images under rotations: a trained network on rotated MNIST, and how far turning moves its logits."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from invariance.experiments.data import load_splits
from invariance.experiments.data.transforms import to_float
from invariance.experiments.run import load_run
from invariance.warps import Projective, warp_images

ANGLES = (5, 15, 30, 45, 90)
"""Degrees."""


@torch.no_grad()
def rotated_digits(runs: Path, data: Path | None, count: int = 2000) -> list[dict[str, Any]]:
    """One row for each finished run on rotated MNIST in the folder: accuracy on test digits, E of digits turned."""
    rows = []
    for folder in sorted(path.parent for path in runs.glob("*/record.json")):
        net, record = load_run(folder)
        if not record["finished"]:
            continue
        splits = load_splits("rotmnist", data, note=record["data"].get("note", ""))
        test = splits.test[:count]
        images = to_float(test.images)
        plain = _logits(net, images)
        spread = (plain - plain.roll(1, 0)).square().mean()
        errors = [
            float(((_logits(net, turned(images, angle)) - plain).square().mean() / spread).sqrt()) for angle in ANGLES
        ]
        rows.append(
            {
                "model": record["options"]["model"],
                "parameters": record["parameters"],
                "epochs": record["options"]["epochs"],
                "training": record["data"]["train"],
                "note": splits.note,
                "images": len(test),
                "accuracy": float((plain.argmax(1) == test.labels).double().mean()),
                "angles": list(ANGLES),
                "errors": errors,
            }
        )
    return rows


def turned(images: Tensor, degrees: float) -> Tensor:
    """Resampled with cubic splines, 0 from outside; a quarter turn exactly."""
    if degrees % 90 == 0:
        return torch.rot90(images, int(degrees // 90), (-2, -1))
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    matrix = torch.tensor([[cos, -sin], [sin, cos]], dtype=images.dtype).expand(len(images), 2, 2)
    return warp_images(images, Projective.affine(matrix), method="cubic", padding="zeros")


def _logits(net: torch.nn.Module, images: Tensor) -> Tensor:
    return torch.cat([net(part) for part in images.split(250)])
