"""B-splines of degree 3 and 5 on a line of pixels: interpolation coefficients and weights."""

from __future__ import annotations

from functools import lru_cache
from math import comb, factorial

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

__all__ = ["mirrored", "prefilter", "tap_weights"]


def mirrored(position: Shaped[Tensor, "*n"], size: int) -> Shaped[Tensor, "*n"]:
    """Position in [0, size − 1] on a line of pixels mirrored at the centres of its end pixels (c b | a b c | b a)."""
    last = size - 1
    return last - (last - position % (2 * last)).abs() if last else torch.zeros_like(position)


def tap_weights(t: Float[Tensor, "*n"], degree: int) -> Float[Tensor, "taps *n"]:
    r"""$\beta(t - k)$ at the taps $k = -h, \dots, h + 1$, $h = (\mathrm{degree} - 1)/2$, for $t \in [0, 1)$."""
    powers = _polynomials(degree, t.dtype, t.device).unsqueeze(-1)
    weights = powers[:, degree].expand(-1, t.numel())
    for power in reversed(range(degree)):
        weights = weights * t.reshape(-1) + powers[:, power]
    return weights.reshape(-1, *t.shape)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def prefilter(size: int, degree: int, dtype: torch.dtype, device: torch.device) -> Float[Tensor, "padded size"]:
    """The matrix from pixels to the coefficients of the spline that interpolates them, mirrored at the end pixels.

    The coefficients are continued by symmetry, h = `degree // 2` at the front and h + 1 at the back, so that every
    position in [0, size − 1] finds all its taps.
    """
    reach = degree // 2
    weights = tap_weights(torch.zeros((), dtype=torch.float64), degree).tolist()
    collocation, row = torch.zeros(size, size, dtype=torch.float64), torch.arange(size)
    for k, weight in zip(range(-reach, reach + 1), weights[:-1], strict=True):  # the last one is 0 at a pixel
        value = torch.full((size,), weight, dtype=torch.float64)
        collocation.index_put_((row, mirrored(row + k, size)), value, accumulate=True)
    padded = mirrored(torch.arange(-reach, size + reach + 1), size)
    return torch.linalg.inv(collocation)[padded].to(device, dtype)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _polynomials(degree: int, dtype: torch.dtype, device: torch.device) -> Float[Tensor, "taps powers"]:
    r"""The weights as polynomials in t: $n!\,\beta(x) = \sum_j (-1)^j \binom{n+1}{j} (x + \frac{n+1}{2} - j)_+^n$."""
    taps = degree + 1
    table = torch.zeros(taps, taps, dtype=torch.float64)
    for tap in range(taps):  # at x = t − k with k = tap − h the bases are t + degree − tap − j
        for j in range(taps - tap):
            for power in range(taps):
                size = comb(taps, j) * comb(degree, power) * (degree - tap - j) ** (degree - power)
                table[tap, power] += (-1) ** j * size
    return (table / factorial(degree)).to(device, dtype)
