"""The same test images under the same warps for every classifier, and what becomes of its accuracy and its scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from invariance.experiments.data import Splits
from invariance.experiments.data.transforms import to_float
from invariance.images import pixel_grid
from invariance.warps import resample

from .subjects import SCALES, WARPS, seeded

__all__ = ["DISPLACEMENTS", "MOVED", "Scores", "Warped"]

Scores = Callable[[Tensor], Tensor]
"""Images in [0, 1] to logits, or to whatever the largest of says the class."""

MOVED = 2.0
"""Pixels, the root mean square over an image of how far its points are moved."""

DISPLACEMENTS = (0.25, 0.5, 1.0, 2.0)
"""Of smooth warps, likewise."""


@dataclass(frozen=True)
class _Moved:
    points: Tensor
    images: Tensor
    pixels: float


class Warped:
    """The first test images, and their warps: three families, and smooth ones of several sizes.

    Args:
        count: images.
    """

    def __init__(self, splits: Splits, count: int = 1000) -> None:
        test = splits.test[:count]
        self.images, self.labels = to_float(test.images), test.labels
        self.families = {family: self._moved(family, MOVED) for family in WARPS}
        self.sizes = {size: self._moved("smooth", size) for size in DISPLACEMENTS}

    def _moved(self, family: str, pixels: float) -> _Moved:
        grid = pixel_grid(*self.images.shape[-2:])[None]
        way = WARPS[family](len(self.images), SCALES[family], generator=seeded(7))(grid) - grid
        size = way.square().sum(-1).mean((1, 2), keepdim=True).sqrt()[..., None]
        unit = 2 / self.images.shape[-1]
        # All to one size: smaller than what was drawn and certified, so they fold no more than those.
        points = grid + way * (pixels * unit / size).clamp(max=1)
        reached = float((points - grid).square().sum(-1).mean().sqrt() / unit)
        return _Moved(points, resample(self.images, points, method="cubic", padding="border"), reached)

    @torch.no_grad()
    def row(self, scores: Scores, mesh: Callable[[Tensor, Tensor], Tensor] | None = None) -> dict[str, Any]:
        """Clean accuracy; by family and by size accuracy and E. `mesh` scores images whose pixels' centres are moved.

        E is in units of the spread between images.
        """
        plain = _batched(scores, self.images)

        def compared(values: Tensor) -> dict[str, float]:
            spread = (plain - plain.roll(1, 0)).square().mean()
            return {
                "accuracy": self._accuracy(values),
                "error": float(((values - plain).square().mean() / spread).sqrt()),
            }

        found: dict[str, Any] = {"images": len(self.labels), "clean": self._accuracy(plain)}
        for family, moved in self.families.items():
            found[family] = compared(_batched(scores, moved.images)) | {"pixels": moved.pixels}
            if mesh is not None:
                points = moved.points.to(self.images.dtype)
                parts = zip(self.images.split(_BATCH), points.split(_BATCH), strict=True)
                found[family]["mesh"] = compared(torch.cat([mesh(*part) for part in parts]))
        found["sizes"] = [
            compared(_batched(scores, moved.images)) | {"pixels": moved.pixels} for moved in self.sizes.values()
        ]
        return found

    def _accuracy(self, scores: Tensor) -> float:
        return float((scores.argmax(1) == self.labels).double().mean())


_BATCH = 250


def _batched(scores: Scores, images: Tensor) -> Tensor:
    return torch.cat([scores(part) for part in images.split(_BATCH)])
