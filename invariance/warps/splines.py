"""B-splines of degree 3 and 5 on a line of pixels: interpolation coefficients and weights."""

from __future__ import annotations

from functools import lru_cache
from math import comb, factorial

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

__all__ = ["coefficients", "mirrored", "pair_weights", "tap_weights"]

_BLOCK = 96
"""Rows of the prefilter that are multiplied at once, at most: few enough that little but the band is read, enough for a
matrix product; of 64 to 256 the fastest, all within a third."""
_STEP = 16
"""Blocks have a multiple of it: numbers of float32 in the processor's widest register, with which a product is a tenth
faster."""


def mirrored(position: Shaped[Tensor, "*n"], size: int) -> Shaped[Tensor, "*n"]:
    """Position in [0, size − 1] on a line of pixels mirrored at the centres of its end pixels (c b | a b c | b a)."""
    last = size - 1
    return last - (last - position % (2 * last)).abs() if last else torch.zeros_like(position)


def tap_weights(t: Float[Tensor, "*n"], degree: int) -> Float[Tensor, "taps *n"]:
    r"""$\beta(t - k)$ at the taps $k = -h, \dots, h + 1$, $h = (\mathrm{degree} - 1)/2$, for $t \in [0, 1)$."""
    return _evaluated(_polynomials(degree, t.dtype, t.device), t)


def pair_weights(t: Float[Tensor, "*n"], degree: int) -> tuple[Float[Tensor, "pairs *n"], Float[Tensor, "pairs *n"]]:
    """The weight of each two neighbouring taps, the first and the second, the third and the fourth, …, together, and
    the share of it that the latter has.
    """
    left, right = _polynomials(degree, t.dtype, t.device).unflatten(0, (-1, 2)).unbind(1)
    weights, rights = _evaluated(torch.cat((left + right, right)), t).chunk(2)
    return weights, rights / weights


def _evaluated(polynomials: Float[Tensor, "p powers"], t: Float[Tensor, "*n"]) -> Float[Tensor, "p *n"]:
    powers = polynomials.unsqueeze(-1)
    values = powers[:, -1].expand(-1, t.numel())
    for power in reversed(range(powers.shape[1] - 1)):
        values = torch.addcmul(powers[:, power], values, t.reshape(-1))
    return values.reshape(-1, *t.shape)


def coefficients(images: Float[Tensor, "*n h w"], degree: int) -> Float[Tensor, "*n h2 w2"]:
    """The coefficients of the spline that interpolates the images, mirrored at the centres of their border pixels.

    They are continued by symmetry, `degree // 2` at the front and one more at the back, so that every position in
    [0, size − 1] finds all its taps.
    """
    height, width = images.shape[-2:]
    device, dtype = images.device, images.dtype
    down = [band @ images[..., of, :] for of, band in _prefilter(height, degree, dtype, device)]
    rows = torch.cat(down, -2)
    return torch.cat([rows[..., of] @ band.mT for of, band in _prefilter(width, degree, dtype, device)], -1)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _prefilter(size: int, degree: int, dtype: torch.dtype, device: torch.device) -> list[tuple[slice, Tensor]]:
    """The matrix from pixels to coefficients by blocks of rows: the columns that are not 0, and what is in them.

    As many numbers as pixels, times a constant. The whole inverse would be of their square, and most of it too small
    for the processor's normal numbers, which makes a product a hundred times slower.
    """
    inverse = _inverse(degree, dtype)
    reach, tail = degree // 2, len(inverse) // 2
    blocks: list[tuple[slice, Tensor]] = []
    lines = torch.arange(-reach, size + reach + 1)
    alike = -(-len(lines) // -(-len(lines) // _BLOCK))
    for rows in lines.split(-(-alike // _STEP) * _STEP):
        columns = mirrored(rows[:, None] + torch.arange(-tail, tail + 1), size)
        first, last = int(columns.min()), int(columns.max())
        band = torch.zeros(len(rows), last - first + 1, dtype=torch.float64)
        band.scatter_add_(1, columns - first, inverse.expand(len(rows), -1))
        blocks.append((slice(first, last + 1), band.to(device, dtype)))
    return blocks


def _inverse(degree: int, dtype: torch.dtype) -> Float[Tensor, " taps"]:
    """The filter that undoes the spline's values at pixels, as far as it is more than rounding in `dtype`.

    It falls by 0.27 or 0.43 with every pixel, so a ring of 256 of them is as good as the whole line.
    """
    reach = degree // 2
    values = torch.zeros(256, dtype=torch.float64)
    values[torch.arange(-reach, reach + 1)] = tap_weights(values.new_zeros(()), degree)[:-1]  # the last one is 0
    inverse = torch.fft.ifft(1 / torch.fft.fft(values)).real
    tail = int((inverse[:128].abs() >= torch.finfo(dtype).eps * inverse[0]).nonzero().max())
    return inverse[torch.arange(-tail, tail + 1)]


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
