"""Rotated MNIST: 12,000 training and 50,000 test digits, each turned by an angle of its own.

The proportions are those of Larochelle et al. (An empirical evaluation of deep architectures on problems with many
factors of variation, ICML 2007): of the 70,000 digits of MNIST, 12,000 (10,000 to train on and 2,000 to validate) and
50,000 others, angles uniform in [0°, 360°). Their file is not reproduced bit by bit: the draw and the resampling are
ours.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ...warps import Projective, warp_images
from .dataset import Dataset

__all__ = ["SEED", "rotated", "rotated_mnist"]

SEED = 2007
"""Of the one data set: which digits, which angles. A seed of an experiment changes neither."""

_CHUNK = 4096


def rotated_mnist(train: Dataset, test: Dataset, *, generator: torch.Generator) -> tuple[Dataset, Dataset]:
    """(12/70 of all digits, 50/70 of them), drawn without replacement, each turned by a uniform random angle."""
    pool = torch.cat((train.images, test.images)), torch.cat((train.labels, test.labels))
    total = len(pool[0])
    order = torch.randperm(total, generator=generator, device=generator.device).cpu()
    angles = 2 * math.pi * torch.rand(total, generator=generator, dtype=torch.float64, device=generator.device).cpu()
    first, last = 12 * total // 70, 62 * total // 70
    parts = order[:first], order[first:last]
    learn, judge = (Dataset(rotated(pool[0][i], angles[i]), pool[1][i], train.classes) for i in parts)
    return learn, judge


def rotated(images: UInt8[Tensor, "n c h w"], angles: Float[Tensor, "n"]) -> UInt8[Tensor, "n c h w"]:
    """Each image turned about its centre by its angle in radians, from x towards y; 0 comes in from outside.

    Resampled with cubic splines, rounded and clamped to bytes. Bilinear samples blur as much as the angle is off a
    multiple of 90°, which would let a net read the angle off the blur.
    """
    cos, sin = angles.cos(), angles.sin()
    nil, one = torch.zeros_like(cos), torch.ones_like(cos)
    # A warp maps output to input: the inverse rotation turns the picture by the angle.
    rows = (cos, sin, nil), (-sin, cos, nil), (nil, nil, one)
    warp = Projective(torch.stack([torch.stack(row, -1) for row in rows], -2))
    turned = torch.empty_like(images)
    for start in range(0, len(images), _CHUNK):
        part = slice(start, start + _CHUNK)
        turned[part] = warp_images(images[part].float(), warp[part]).round_().clamp_(0, 255).to(torch.uint8)
    return turned
