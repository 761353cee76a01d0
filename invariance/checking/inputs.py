"""What the model is shown: images of several kinds, since a fault may show on one of them alone.

Signed images of variance about 1 have every frequency; others are like photographs, mostly black, flat, loud or
faint. A kind that the model refuses, as a logarithm refuses signed images, is left out, and the report says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ..images import AnalyticImage, sample

__all__ = ["KINDS", "compact_noise", "images", "noise", "photographs"]

Shape = tuple[int, ...]
Drawing = Callable[[Shape, int, torch.Generator], Tensor]


def noise(shape: Shape, count: int, generator: torch.Generator) -> Tensor:
    """White, standard normal: every frequency the grid has, in every channel."""
    return torch.randn((count, *shape), generator=generator, dtype=torch.float64, device=generator.device)


def images(shape: Shape, count: int, generator: torch.Generator) -> Tensor:
    """Noise in the first half of the batch, smooth images in the second, all of variance 1 about a random mean."""
    half = count // 2
    channels = math.prod(shape[:-2])
    waves = AnalyticImage.random(half, generator=generator, cutoff=6, window=0.6, channels=channels)
    smooth = sample(waves, *shape[-2:]).reshape(half, *shape)
    deviation = smooth.flatten(1).std(1).view(-1, *[1] * len(shape))
    smooth = smooth / deviation.masked_fill(~(deviation > 0), 1)
    mean = 0.5 * noise((*shape[:-2], 1, 1), count, generator)
    return torch.cat((noise(shape, count - half, generator), smooth)) + mean


def photographs(shape: Shape, count: int, generator: torch.Generator) -> Tensor:
    """Values that fill [0, 1]: the spectrum 1/f of natural scenes, occluding rectangles, channels that mostly agree."""
    height, width = shape[-2:]
    fy, fx = torch.fft.fftfreq(height, dtype=torch.float64), torch.fft.rfftfreq(width, dtype=torch.float64)
    envelope = 1 / (fy[:, None].square() + fx.square()).sqrt().clamp_min(1 / (2 * max(height, width)))
    common = noise((*[1] * (len(shape) - 2), height, width), count, generator) + 0.4 * noise(shape, count, generator)
    scene = torch.fft.irfft2(torch.fft.rfft2(common) * envelope, s=(height, width))
    scene = scene / scene.std().clamp_min(1e-9)
    for _ in range(4):
        scene = _patched(scene, generator)
    low, high = (f(scene.flatten(1), dim=1).view(-1, *[1] * len(shape)) for f in (torch.amin, torch.amax))
    scene = 0.003 + 0.994 * (scene - low) / (high - low).clamp_min(1e-9)  # off the ends, where a bound would be touched
    if count > 1:
        scene[-1] = scene[-1].mean(0, keepdim=True)  # a grey picture among coloured ones
    return scene


def sparse(shape: Shape, count: int, generator: torch.Generator) -> Tensor:
    """A twentieth of the pixels lit, in [0, 1], all others black."""
    lit = _uniform((count, *[1] * (len(shape) - 2), *shape[-2:]), generator)
    threshold = lit.flatten(1).kthvalue(max(1, math.ceil(lit[0].numel() / 20)), dim=1).values
    return _uniform((count, *shape), generator) * (lit <= threshold.view(-1, *[1] * len(shape)))


def flat(shape: Shape, count: int, generator: torch.Generator) -> Tensor:
    """Three rectangles of one colour each on a ground of one colour, in [0, 1]."""
    scene = _uniform((count, *shape[:-2], 1, 1), generator).expand(count, *shape).clone()
    for _ in range(3):
        scene = _patched(scene, generator, uniform=True)
    return scene


def loud(shape: Shape, count: int, generator: torch.Generator) -> Tensor:
    """Photographs as whole numbers from 0 to 255."""
    return (255 * photographs(shape, count, generator)).round()


def faint(shape: Shape, count: int, generator: torch.Generator) -> Tensor:
    """Signed images of a thousandth of the size."""
    return 1e-3 * images(shape, count, generator)


KINDS: dict[str, Drawing] = {
    "signed noise and waves": images,
    "photograph-like images in [0, 1]": photographs,
    "mostly black images": sparse,
    "flat areas": flat,
    "whole numbers from 0 to 255": loud,
    "faint images": faint,
}


def compact_noise(shape: Shape, content: tuple[int, int], count: int, generator: torch.Generator) -> Tensor:
    """Noise on a central rectangle of `content` pixels, zero around it."""
    height, width = shape[-2:]
    top, left = (height - content[0]) // 2, (width - content[1]) // 2
    inner = noise((*shape[:-2], *content), count, generator)
    frame = (left, width - content[1] - left, top, height - content[0] - top)
    return torch.nn.functional.pad(inner, frame)


def _patched(scene: Tensor, generator: torch.Generator, *, uniform: bool = False) -> Tensor:
    """With a rectangle of its own size and colour on each image."""
    count, (height, width) = len(scene), scene.shape[-2:]
    shape = (count, *scene.shape[1:-2], 1, 1)
    colour = _uniform(shape, generator) if uniform else noise(shape[1:], count, generator)
    inside = []
    for length, view in ((height, (-1, 1)), (width, (1, -1))):
        ends = (_uniform((count, 2), generator) * (length + 1)).long().sort(1).values
        line = torch.arange(length, device=generator.device)
        within = (line >= ends[:, :1]) & (line < ends[:, 1:])
        inside.append(within.view(count, *[1] * (scene.ndim - 3), *view))
    return torch.where(inside[0] & inside[1], colour, scene)


def _uniform(shape: Shape, generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, dtype=torch.float64, device=generator.device)
