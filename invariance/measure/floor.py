r"""The resampling floor: what interpolation alone does to the error, on images of matched spectrum known exactly."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from ..images import AnalyticImage

__all__ = ["matched_spectrum"]


def matched_spectrum(images: Float[Tensor, "b c h w"], *, generator: torch.Generator, waves: int = 64) -> AnalyticImage:
    r"""Analytic images with waves drawn from the mean power spectrum of `images`, and the variance of each channel.

    A wave of the sampled images at $m$ periods per side is $k = m$ half-periods per unit of the domain $[-1, 1]$. The
    window is infinite: trigonometric polynomials, exact everywhere.
    """
    batch, channels, height, width = images.shape
    taper = torch.outer(*(torch.hann_window(n, dtype=torch.float64, device=images.device) for n in (height, width)))
    centred = images.double() - images.double().mean((-2, -1), keepdim=True)
    power = torch.fft.fft2(centred * taper).abs().square().mean((0, 1)).cpu()
    index = torch.multinomial(power.flatten(), batch * waves, replacement=True, generator=generator)
    frequencies = torch.cartesian_prod(*(torch.fft.fftfreq(n, 1 / n, dtype=torch.float64) for n in (height, width)))
    amplitude = (2 * centred.square().mean((-2, -1)).cpu() / waves).sqrt()
    phase = 2 * math.pi * torch.rand((batch, channels, waves), generator=generator, dtype=torch.float64)
    return AnalyticImage(
        frequencies[index].flip(-1).reshape(batch, waves, 2).to(images),
        amplitude[..., None].expand(batch, channels, waves).to(images),
        phase.to(images),
        window=math.inf,
    )
