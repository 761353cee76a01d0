"""Resampling by splines against torch's bicubic, which looks at 16 pixels, and the prefilter against SciPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.ndimage import spline_filter
from torch import Tensor
from torch.nn import functional as F

from invariance.images import pixel_grid
from invariance.warps import Method, random_homography, resample
from invariance.warps.splines import coefficients

from .row import Rows, timed

__all__ = ["rows"]

_SECTION = "Warps"
_FLOAT: Any = np.float32


def rows() -> Rows:
    generator = torch.Generator().manual_seed(0)
    methods: tuple[Method, ...] = ("cubic", "quintic")
    for dtype in (torch.float64, torch.float32):
        images = torch.rand(8, 3, 96, 96, generator=generator, dtype=dtype)
        for count, whose in ((1, "one warp for all"), (8, "a warp for each")):
            warp = random_homography(count, 0.05, generator=generator)
            points = warp(pixel_grid(96, 96, dtype=dtype)[None])
            for method in methods:
                yield timed(
                    _SECTION,
                    f"{method}, 8×3×96², {str(dtype).removeprefix('torch.')}, {whose}",
                    "grid_sample, bicubic",
                    lambda i=images, p=points, m=method: resample(i, p, method=m),
                    lambda i=images, p=points: _bicubic(i, p),
                    2.0,
                )  # fmt: skip
    for size in (64, 256, 1024, 2048):
        image = torch.rand(1, 1, size, size, generator=generator)
        array = image[0, 0].numpy()
        yield timed(
            _SECTION, f"prefilter, cubic, {size}², float32", "scipy.ndimage.spline_filter",
            lambda i=image: coefficients(i, 3),
            lambda a=array: spline_filter(a, 3, output=_FLOAT, mode="mirror"), 1.0,
        )  # fmt: skip


def _bicubic(images: Tensor, points: Tensor) -> Tensor:
    return F.grid_sample(images, points.expand(len(images), -1, -1, -1), "bicubic", align_corners=False)
