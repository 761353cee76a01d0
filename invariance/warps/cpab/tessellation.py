"""Continuous piecewise affine velocities of a square that is cut into rectangles, and each into four triangles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from ...errors import ArgumentError

__all__ = ["Tessellation"]


@dataclass(frozen=True)
class Tessellation:
    r"""`columns` × `rows` rectangles, each cut by its diagonals.

    A velocity that is affine on each triangle and continuous is one vector at each vertex (corners and centres of the
    rectangles), interpolated barycentrically; every choice of vectors is one such velocity. So the vectors' entries are
    θ: d = 2V with V = (columns + 1)(rows + 1) + columns·rows vertices. With `zero_boundary` the normal component is
    0 on the boundary, d = 2V − 2(columns + 1) − 2(rows + 1), and θ holds the entries that are left.

    >>> [Tessellation(n, n, zero_boundary=True).dimension for n in range(1, 6)]
    [2, 14, 34, 62, 98]

    Beyond the square the velocity is constant along the normals of the sides: continuous and bounded.

    Raises:
        ArgumentError: no cells.
    """

    columns: int = 2
    rows: int = 2
    zero_boundary: bool = False

    def __post_init__(self) -> None:
        for name, number in (("columns", self.columns), ("rows", self.rows)):
            if number < 1:
                raise ArgumentError(name, number, "at least one rectangle each way")

    @property
    def vertices(self) -> Float[Tensor, "v 2"]:
        """Corners by row, then centres by row, in [−1, 1]²."""
        x, y = (torch.linspace(-1, 1, n + 1, dtype=torch.float64) for n in (self.columns, self.rows))
        grids = ((x, y), ((x[1:] + x[:-1]) / 2, (y[1:] + y[:-1]) / 2))
        return torch.cat([torch.stack(torch.meshgrid(*g, indexing="xy"), -1).flatten(0, 1) for g in grids])

    @property
    def triangles(self) -> Int[Tensor, "t 3"]:
        """The vertices of each triangle: by rectangle, in each the left, top, bottom and right one (y is downwards)."""
        corner = torch.arange((self.rows + 1) * (self.columns + 1)).view(self.rows + 1, -1)
        a, b, c, d = (corner[i, j].flatten() for i in (slice(-1), slice(1, None)) for j in (slice(-1), slice(1, None)))
        centre = corner.numel() + torch.arange(len(a))
        return torch.stack([torch.stack((centre, *side), 1) for side in ((c, a), (a, b), (d, c), (b, d))], 1).flatten(
            0, 1
        )

    @property
    def free(self) -> Bool[Tensor, "v 2"]:
        """The entries of the vertices' velocities that are parameters."""
        return ~((self.vertices.abs() == 1) & self.zero_boundary)

    @property
    def dimension(self) -> int:
        return int(self.free.sum())

    def pieces(self, theta: Float[Tensor, "b d"]) -> Float[Tensor, "b 2 3 t"]:
        r"""$(A \mid a)$ for each triangle, on which $v_\theta(x) = A x + a$."""
        index, weights = _interpolation(self, theta.dtype, theta.device)
        # Not as a matrix product, which a GPU may be allowed to round to ten bits.
        return (F.pad(theta, (0, 1))[:, index].unsqueeze(2) * weights).sum(-1)

    def locate(self, points: Float[Tensor, "p 2 n"]) -> Int[Tensor, "p n"]:
        """The triangle that each point of the square is in; one of them where it is on an edge."""
        x, y = points.unbind(1)
        s, t = (x + 1) * (self.columns / 2), (y + 1) * (self.rows / 2)
        column, row = s.floor().clamp(0, self.columns - 1), t.floor().clamp(0, self.rows - 1)
        s, t = s - column, t - row
        right_of = (s + t > 1).long().mul_(2).add_(s > t)
        return right_of.add_((row * self.columns + column).long(), alpha=4)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _interpolation(
    tessellation: Tessellation, dtype: torch.dtype, device: torch.device
) -> tuple[Int[Tensor, "2 t 3"], Float[Tensor, "3 t 3"]]:
    """Where in (θ, 0) the velocities of a triangle's vertices are, and their weights in its (∂x, ∂y, constant)."""
    free = tessellation.free
    entry = torch.full(free.shape, tessellation.dimension)
    entry[free] = torch.arange(tessellation.dimension)
    corners = F.pad(tessellation.vertices[tessellation.triangles], (0, 1), value=1.0)
    weights = torch.linalg.inv(corners).movedim(1, 0)
    return entry[tessellation.triangles].movedim(-1, 0).to(device), weights.to(device, dtype).contiguous()
