"""What the model is shown: noise with the full spectrum, smooth images, noise on a black ground."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..images import AnalyticImage, sample

__all__ = ["compact_noise", "images", "noise"]


def noise(shape: tuple[int, ...], count: int, generator: torch.Generator) -> Tensor:
    """White, standard normal: every frequency the grid has, in every channel."""
    return torch.randn((count, *shape), generator=generator, dtype=torch.float64, device=generator.device)


def images(shape: tuple[int, ...], count: int, generator: torch.Generator) -> Tensor:
    """Noise in the first half of the batch, smooth images in the second, all of variance 1 about a random mean."""
    half = count // 2
    channels = math.prod(shape[:-2])
    waves = AnalyticImage.random(half, generator=generator, cutoff=6, window=0.6, channels=channels)
    smooth = sample(waves, *shape[-2:]).reshape(half, *shape)
    smooth = smooth / smooth.flatten(1).std(1).view(-1, *[1] * len(shape))
    mean = 0.5 * noise((*shape[:-2], 1, 1), count, generator)
    return torch.cat((noise(shape, count - half, generator), smooth)) + mean


def compact_noise(shape: tuple[int, ...], content: tuple[int, int], count: int, generator: torch.Generator) -> Tensor:
    """Noise on a central rectangle of `content` pixels, zero around it."""
    height, width = shape[-2:]
    top, left = (height - content[0]) // 2, (width - content[1]) // 2
    inner = noise((*shape[:-2], *content), count, generator)
    frame = (left, width - content[1] - left, top, height - content[0] - top)
    return torch.nn.functional.pad(inner, frame)
