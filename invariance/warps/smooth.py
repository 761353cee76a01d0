"""Smooth warps: maximum-entropy fields of a given cut-off (Petrini, Favero, Geiger, Wyart, 2021)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError
from .base import Warp, identity_matrix, operator_norm
from .certificate import Certificate
from .finite import all_finite
from .sampling import Folding, draw_warps

__all__ = ["Smooth", "random_smooth"]

_OVERSAMPLING = 8


@dataclass(frozen=True, eq=False)
class Smooth(Warp):
    r"""$\varphi = \mathrm{id} + \tau$, $\tau_k(X, Y) = 2 \sum_{i,j=1}^{c} C_{kij} \sin(i\pi X) \sin(j\pi Y)$ with
    $X = (x + 1)/2$, $Y = (y + 1)/2$ in [0, 1].

    The factor 2 makes C the coefficients in units of the side of the square, as published. The boundary is fixed, and
    beyond it $\tau$ continues as a periodic function, odd about each side.

    Raises:
        ArgumentError: not "b 2 c c", or not finite.
    """

    coefficients: Float[Tensor, "b 2 c c"]

    def __post_init__(self) -> None:
        shape = self.coefficients.shape
        if len(shape) != 4 or shape[1] != 2 or shape[2] != shape[3] or shape[3] < 1:
            raise ArgumentError("coefficients.shape", tuple(shape), "(batch, 2, c, c) with c ≥ 1")
        if not all_finite(self.coefficients):
            raise ArgumentError("coefficients", "NaN or infinite somewhere", "finite numbers")

    def _value(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 n"]:
        (x, _), (y, _) = (self._modes(axis) for axis in points.unbind(1))
        return points + 2 * self._series(x, y)

    def _derivative(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 2 n"]:
        (x, dx), (y, dy) = (self._modes(axis) for axis in points.unbind(1))
        # The 2 of the series and the ½ of dX/dx cancel.
        return identity_matrix(points) + torch.stack((self._series(dx, y), self._series(x, dy)), 2)

    def _modes(self, x: Float[Tensor, "p n"]) -> tuple[Float[Tensor, "p c n"], Float[Tensor, "p c n"]]:
        """sin(iπX), i = 1, …, c, and its derivative by X."""
        frequency = math.pi * torch.arange(1, self.coefficients.shape[-1] + 1, dtype=x.dtype, device=x.device)
        phase = frequency[:, None] * (x.unsqueeze(1) + 1) / 2
        return phase.sin(), frequency[:, None] * phase.cos()

    def _series(self, x: Float[Tensor, "p c n"], y: Float[Tensor, "p c n"]) -> Float[Tensor, "b 2 n"]:
        return ((self.coefficients.mT @ x.unsqueeze(1)) * y.unsqueeze(1)).sum(2)

    def certificate(self) -> Certificate:
        r"""$s = \sup \|\nabla\tau\|_{op} < 1$, so that $\tau$ is a contraction, $\varphi$ a homeomorphism of the plane,
        and $\det d\varphi \ge (1 - s)^2$; the margin is $(1 - s)|1 - s|$.

        Each $f = a \cdot \nabla\tau\, b$ with $|a| = |b| = 1$ is a trigonometric polynomial of degree c in $\pi X$ and
        in $\pi Y$. By M. Riesz's lemma $|f|$ is at least $\cos(c\pi\delta) \max|f|$ at distance $\delta \le 1/2c$ from
        its maximum, for each variable in turn; on a grid of spacing $1/8c$, $\delta \le 1/16c$ and hence
        $s \le s_{grid} / \cos^2(\pi/16) = 1.0396\, s_{grid}$. By parity the grid of [0, 1]² stands for a full period.
        """
        here = self.to(dtype=torch.float64)
        cutoff = self.coefficients.shape[-1]
        axis = torch.linspace(-1, 1, _OVERSAMPLING * cutoff + 1, dtype=torch.float64, device=self.device)
        mode, slope = here._modes(axis[None])
        gradient = torch.stack((slope.mT @ here.coefficients @ mode, mode.mT @ here.coefficients @ slope), 2)
        bound = operator_norm(gradient).flatten(1).amax(1) / math.cos(math.pi / (2 * _OVERSAMPLING)) ** 2
        rounding = 64 * cutoff**2 * torch.finfo(torch.float64).eps
        return Certificate.of_contraction(
            bound * (1 + rounding),
            "sup‖∇τ‖ < 1 in operator norm, from a grid of spacing 1/8c and M. Riesz's lemma: τ is a contraction",
            keeps_square=True,
        )


def random_smooth(
    batch: int,
    scale: float,
    *,
    generator: torch.Generator,
    cutoff: int = 3,
    folding: Folding = "redraw",
    dtype: torch.dtype = torch.float64,
    device: torch.device | str | None = None,
) -> Smooth:
    r"""$C_{kij} \sim N(0, T/(i^2 + j^2))$ for $i^2 + j^2 \le (c + ½)^2$; `scale` is the root mean square of
    $\|\nabla\tau\|_F$ over draws (before any redraw) and domain.

    The temperature is $T = 2\,\mathrm{scale}^2 / (\pi^2 m)$ with m modes in the disc, from
    $E\|\nabla\tau\|_F^2 = \pi^2 T m / 2$. `cutoff` is c, 1 or more. Other arguments, and what is raised, are as in
    `draw_warps`.
    """
    if cutoff < 1:
        raise ArgumentError("cutoff", cutoff, "1 or more")
    square = torch.arange(1, cutoff + 1, dtype=torch.float64) ** 2
    radius = square[:, None] + square
    modes = (radius <= (cutoff + 0.5) ** 2).to(torch.float64)
    deviation = modes * (2 / (math.pi**2 * modes.sum() * radius)).sqrt()

    def build(noise: Float[Tensor, "b 2 c c"]) -> Smooth:
        return Smooth(deviation * noise)

    shape = (2, cutoff, cutoff)
    return draw_warps(build, shape, batch, scale, generator=generator, folding=folding, dtype=dtype, device=device)
