r"""Maps $p(x) + q(y)$ with $p$, $q$ piecewise linear: the only continuous ones whose derivative is constant on each
cell of a square grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError
from .base import Warp, identity_matrix
from .certificate import Certificate
from .finite import all_finite
from .sampling import Folding, draw_warps

__all__ = ["Separable", "random_separable"]


@dataclass(frozen=True, eq=False)
class Separable(Warp):
    r"""$\varphi(x, y) = (x, y) + u(x) + v(y)$, with $u, v: \mathbb{R} \to \mathbb{R}^2$ linear on equal cells.

    `u` and `v` hold the values at the knots of [−1, 1]; beyond the outer ones the last slope continues. $d\varphi$ is
    constant on each cell, at a knot that of the cell to the right or below. With N/K cells each way, $d\varphi$ is
    constant on the K×K blocks of an image of N pixels: a member of $H_{K,K}$ that is the derivative of a map.

    Raises:
        ArgumentError: not "b cells+1 2" with a common batch, or not finite.
    """

    u: Float[Tensor, "b m 2"]
    v: Float[Tensor, "b n 2"]

    def __post_init__(self) -> None:
        for name, knots in (("u", self.u), ("v", self.v)):
            if knots.ndim != 3 or knots.shape[2] != 2 or knots.shape[1] < 2 or len(knots) != len(self.u):
                raise ArgumentError(f"{name}.shape", tuple(knots.shape), "(batch, cells + 1, 2), at least one cell")
            if not all_finite(knots):
                raise ArgumentError(name, "NaN or infinite somewhere", "finite numbers")

    def _value(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 n"]:
        x, y = points.unbind(1)
        return points + _interpolate(self.u, x)[0] + _interpolate(self.v, y)[0]

    def _derivative(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 2 n"]:
        x, y = points.unbind(1)
        return identity_matrix(points) + torch.stack((_interpolate(self.u, x)[1], _interpolate(self.v, y)[1]), 2)

    def certificate(self) -> Certificate:
        r"""All the $\det[p'_i \mid q'_j]$ have one sign, say +; this is also necessary.

        For $x_1 > x_2$, $y_1 \ne y_2$ let $a = p(x_1) - p(x_2) = \sum \alpha_i p'_i$ and
        $\pm b = q(y_1) - q(y_2)$, $b = \sum \beta_j q'_j$, where the $\alpha_i, \beta_j \ge 0$ do not all vanish. Then
        $\det[a \mid b] = \sum \alpha_i \beta_j \det[p'_i \mid q'_j] > 0$, so that neither $a = \mp b$ nor $a = 0$ nor
        $b = 0$: no two points have one image.
        """
        eye = torch.eye(2, dtype=torch.float64, device=self.device)
        dp = eye[0] + _slopes(self.u.double())
        dq = eye[1] + _slopes(self.v.double())
        pairs = torch.broadcast_tensors(dp[:, :, None], dq[:, None])
        method = "det[p'_i | q'_j] has one sign for all i, j; by bilinearity so has det[p(x₁) − p(x₂) | q(y₁) − q(y₂)]"
        return Certificate.from_pieces(torch.stack(pairs, -1).flatten(1, 2), method)


def _slopes(knots: Float[Tensor, "b k 2"]) -> Float[Tensor, "b k-1 2"]:
    return knots.diff(dim=1) * ((knots.shape[1] - 1) / 2)


def _interpolate(knots: Float[Tensor, "b k 2"], x: Float[Tensor, "p n"]) -> tuple[Tensor, Tensor]:
    """Value and slope of the piecewise linear function at `x`."""
    cells = knots.shape[1] - 1
    position = (x + 1) * (cells / 2)
    cell = position.floor().clamp(0, cells - 1)
    batch = max(len(knots), len(x))
    index = cell.long().unsqueeze(1).expand(batch, 2, -1)
    start, slope = (table.mT.expand(batch, -1, -1).gather(2, index) for table in (knots, _slopes(knots)))
    return start + ((position - cell) * (2 / cells)).unsqueeze(1) * slope, slope


def random_separable(
    batch: int,
    scale: float,
    *,
    generator: torch.Generator,
    cells: int = 4,
    folding: Folding = "redraw",
    dtype: torch.dtype = torch.float64,
    device: torch.device | str | None = None,
) -> Separable:
    r"""Independent normal slopes on `cells` cells each way, centred so that $u$ and $v$ have mean 0 over their knots;
    `scale` is the root mean square of $\|d\varphi - 1\|_F$ over draws (before any redraw).

    Take N/K cells for derivatives that are constant on K×K blocks of an N×N image. Other arguments, and what is raised,
    are as in `draw_warps`.
    """
    if cells < 1:
        raise ArgumentError("cells", cells, "at least one cell each way")

    def build(noise: Float[Tensor, "b 2 k 2"]) -> Separable:
        knots = torch.nn.functional.pad(noise.cumsum(2), (0, 0, 1, 0)) / cells  # slope/2 times the cell's width 2/cells
        return Separable(*(knots - knots.mean(2, keepdim=True)).unbind(1))

    shape = (2, cells, 2)
    return draw_warps(build, shape, batch, scale, generator=generator, folding=folding, dtype=dtype, device=device)
