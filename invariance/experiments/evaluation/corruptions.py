"""What may happen to all test images alike, before and whatever the warp: candidates for a row that is flat in σ.

A pipeline that loses accuracy at σ = 0.01 and no more at 0.1 does something to images besides warping them. Each entry
is one such thing. Those of the standardisation say what the network gets in place of z = (x − mean)/std.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from ...errors import ArgumentError, one_of

__all__ = ["CORRUPTIONS", "Corruption", "Setting", "corruption"]


@dataclass(frozen=True)
class Setting:
    """What a corruption may depend on: where the batch is in the data set, a seed, and the channels' statistics."""

    first: int
    seed: int
    mean: Float[Tensor, "c 1 1"]
    std: Float[Tensor, "c 1 1"]


Corruption = Callable[[Tensor, Setting], Tensor]
"""Images "b c h w" in [0, 1] to images, not always in [0, 1]; the same for an image in whatever batch it comes."""


def corruption(name: str) -> Corruption:
    """The corruption `name`, "resolution-16" being `CORRUPTIONS["resolution"]` at 16.

    Raises:
        ArgumentError: an unknown name, a parameter that is missing, superfluous or outside its range.
    """
    kind, _, text = name.partition("-") if name.partition("-")[0] in _PARAMETRIC else (name, "", "")
    if kind in _PARAMETRIC:
        function, (low, high) = _PARAMETRIC[kind]
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ArgumentError("corruption", name, f"{kind}-N with N from {low:g} to {high:g}")
        return partial(function, value)
    if name not in _PLAIN:
        known = [*_PLAIN, *(f"{kind}-N" for kind in _PARAMETRIC)]
        raise ArgumentError("corruption", name, one_of(name, known))
    return _PLAIN[name]


def _resolution(size: float, images: Tensor, setting: Setting) -> Tensor:
    """Averages over the areas of `size`² pixels, interpolated bilinearly to the size before."""
    small = F.adaptive_avg_pool2d(images, round(size))
    return F.interpolate(small, images.shape[2:], mode="bilinear", align_corners=False)


def _blur(sigma: float, images: Tensor, setting: Setting) -> Tensor:
    """A Gaussian of `sigma` pixels, the border repeated."""
    reach = int(np.ceil(3 * sigma))
    taps = torch.exp(-(torch.arange(-reach, reach + 1, device=images.device) ** 2) / (2 * sigma**2))
    taps = (taps / taps.sum()).to(images.dtype)
    channels = images.shape[1]
    padded = F.pad(images, (reach,) * 4, mode="replicate")
    rows = F.conv2d(padded, taps.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)
    return F.conv2d(rows, taps.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)


def _levels(count: float, images: Tensor, setting: Setting) -> Tensor:
    """Rounded to `count` grey levels a channel."""
    return (images * (round(count) - 1)).round() / (round(count) - 1)


def _noise(sigma: float, images: Tensor, setting: Setting) -> Tensor:
    """Gaussian noise, of each image its own, clipped to [0, 1]."""
    draws = [
        torch.randn(images.shape[1:], generator=torch.Generator().manual_seed(setting.seed + setting.first + i))
        for i in range(len(images))
    ]
    return (images + sigma * torch.stack(draws).to(images)).clamp(0, 1)


def _jpeg(quality: float, images: Tensor, setting: Setting) -> Tensor:
    """Through a JPEG file of `quality`, chroma subsampled."""
    from PIL import Image

    pixels = (images * 255).round().to(torch.uint8).movedim(1, -1).cpu().numpy()
    result = np.empty_like(pixels)
    for i, picture in enumerate(pixels):
        file = io.BytesIO()
        Image.fromarray(picture.squeeze()).save(file, "JPEG", quality=round(quality))
        result[i] = np.asarray(Image.open(file)).reshape(picture.shape)
    return torch.from_numpy(result).movedim(-1, 1).to(images) / 255


def _half_pixel(images: Tensor, setting: Setting) -> Tensor:
    """Moved by half a pixel each way: what `align_corners` taken the wrong way does near a corner."""
    return F.avg_pool2d(F.pad(images, (0, 1, 0, 1)), 2, stride=1)


def _grey(images: Tensor, setting: Setting) -> Tensor:
    return images.mean(1, keepdim=True).expand_as(images)


def _standardised(z: Callable[[Tensor, Setting], Tensor]) -> Corruption:
    """The network standardises what it gets; this is what it must get to see z."""
    return lambda images, setting: setting.mean + setting.std * z(images, setting)


def _z(images: Tensor, setting: Setting) -> Tensor:
    return (images - setting.mean) / setting.std


_PLAIN: dict[str, Corruption] = {
    "none": lambda x, s: x,
    "half-pixel": _half_pixel,
    "grey": _grey,
    "bgr": lambda x, s: x.flip(1),
    "transposed": lambda x, s: x.mT,
    "upside-down": lambda x, s: x.flip(2),
    "not standardised": _standardised(lambda x, s: x),
    "standardised twice": _z,
    "standardised by halves": _standardised(lambda x, s: 2 * x - 1),
    "standardised, clipped to [0, 1]": _standardised(lambda x, s: _z(x, s).clamp(0, 1)),
    "standardised, clipped, again": lambda x, s: _z(x, s).clamp(0, 1),
    "standardised, rounded": _standardised(lambda x, s: _z(x, s).round()),
    "standardised, to bytes and back": _standardised(lambda x, s: (255 * _z(x, s)).trunc().remainder(256) / 255),
    "bytes, not standardised": _standardised(lambda x, s: 255 * x),
}

_PARAMETRIC: dict[str, tuple[Callable[[float, Tensor, Setting], Tensor], tuple[float, float]]] = {
    "resolution": (_resolution, (1, 1024)),
    "blur": (_blur, (0.1, 10)),
    "levels": (_levels, (2, 256)),
    "noise": (_noise, (0, 10)),
    "jpeg": (_jpeg, (1, 95)),
}

CORRUPTIONS: tuple[str, ...] = (
    *_PLAIN,
    "resolution-24",
    "resolution-16",
    "resolution-12",
    "resolution-8",
    "blur-0.5",
    "blur-1",
    "blur-1.5",
    "levels-8",
    "levels-4",
    "levels-2",
    "noise-0.05",
    "noise-0.1",
    "noise-0.2",
    "jpeg-50",
    "jpeg-20",
    "jpeg-5",
)
"""The candidates that `forensic` tries."""
