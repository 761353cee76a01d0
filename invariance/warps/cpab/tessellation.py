"""Continuous piecewise affine velocities on a square that is cut into rectangles, and each of these into triangles."""

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
    r"""`columns` × `rows` rectangles of $[-1,1]^2$, each cut by its diagonals.

    A velocity that is affine on each triangle and continuous is one vector at each vertex (corners and centres of the
    rectangles), interpolated linearly, and each choice of vectors is one such velocity. So θ holds their entries,
    vertex by vertex: d = 2V, V = (columns + 1)(rows + 1) + columns·rows. With `zero_boundary` the normal component
    vanishes on the boundary and these entries are left out: d = 2V − 2(columns + 1) − 2(rows + 1).

    >>> [Tessellation(n, n, zero_boundary=True).dimension for n in range(1, 6)]
    [2, 14, 34, 62, 98]

    Beyond the square a velocity is constant along the normals of the sides, so continuous and bounded on the plane.

    Raises:
        ArgumentError: no rectangles.
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
        """Corners by row, then centres by row."""
        x, y = (torch.linspace(-1, 1, n + 1, dtype=torch.float64) for n in (self.columns, self.rows))
        grids = ((x, y), ((x[1:] + x[:-1]) / 2, (y[1:] + y[:-1]) / 2))
        return torch.cat([torch.stack(torch.meshgrid(*g, indexing="xy"), -1).flatten(0, 1) for g in grids])

    @property
    def triangles(self) -> Int[Tensor, "t 3"]:
        """Centre and two corners of each: the left, top, bottom and right one of every rectangle, y downwards."""
        corner = torch.arange((self.rows + 1) * (self.columns + 1)).view(self.rows + 1, -1)
        a, b, c, d = (corner[i, j].flatten() for i in (slice(-1), slice(1, None)) for j in (slice(-1), slice(1, None)))
        centre = corner.numel() + torch.arange(len(a))
        sides = ((c, a), (a, b), (d, c), (b, d))
        return torch.stack([torch.stack((centre, *side), 1) for side in sides], 1).flatten(0, 1)

    @property
    def free(self) -> Bool[Tensor, "v 2"]:
        """The entries of the vertices' velocities that are parameters."""
        return ~((self.vertices.abs() == 1) & self.zero_boundary)

    @property
    def dimension(self) -> int:
        """d, the number of parameters."""
        vertices = (self.columns + 1) * (self.rows + 1) + self.columns * self.rows
        return 2 * (vertices - self.zero_boundary * (self.columns + self.rows + 2))

    def pieces(self, theta: Float[Tensor, "b d"]) -> Float[Tensor, "b 2 3 t"]:
        """On each triangle the coefficients of s, t and 1 in v, (s, t) ∈ [0, 1]² being the place in its rectangle."""
        index, weights = _interpolation(self, theta.dtype, theta.device)
        # Not as a matrix product, which a GPU may be allowed to round to ten bits.
        return (F.pad(theta, (0, 1))[:, index].unsqueeze(2) * weights).sum(-1)

    def gradients(self, theta: Float[Tensor, "b d"]) -> Float[Tensor, "b 2 2 t"]:
        r"""$dv$ on each triangle."""
        half, _ = _scale(self, theta.dtype, theta.device)
        return self.pieces(theta)[:, :, :2] * half

    def locate(self, points: Float[Tensor, "p 2 n"]) -> tuple[Float[Tensor, "p 2 n"], Int[Tensor, "p n"]]:
        """Place (s, t) in its rectangle, and triangle, of the nearest point of the square; edges are in either one."""
        half, most = _scale(self, points.dtype, points.device)
        position = torch.addcmul(half, points, half).clamp(torch.zeros_like(most), most)
        with torch.no_grad():
            cell = position.floor()
        local = position - cell
        with torch.no_grad():
            (s, t), (column, row) = local.unbind(1), cell.unbind(1)
            # Comparisons, as arithmetic that is several times faster: t ≥ 1 − s and s > t.
            triangle = (s - t).ceil_().add_((s + t).floor_(), alpha=2)
            triangle = triangle.add_(column, alpha=4).add_(row, alpha=4 * self.columns).long()
        return local, triangle


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _scale(
    tessellation: Tessellation, dtype: torch.dtype, device: torch.device
) -> tuple[Float[Tensor, "2 1"], Float[Tensor, "2 1"]]:
    """Rectangles per unit length; the last number below their number, each way."""
    half = torch.tensor([[tessellation.columns / 2], [tessellation.rows / 2]], dtype=dtype)
    return half.to(device), torch.nextafter(2 * half, torch.zeros_like(half)).to(device)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _interpolation(
    tessellation: Tessellation, dtype: torch.dtype, device: torch.device
) -> tuple[Int[Tensor, "2 t 3"], Float[Tensor, "3 t 3"]]:
    """Where in (θ, 0) the velocities of a triangle's vertices are, and their weights in the coefficients of s, t, 1."""
    free = tessellation.free
    entry = torch.full(free.shape, tessellation.dimension)
    entry[free] = torch.arange(tessellation.dimension)
    places = tessellation.vertices.new_tensor([[0.5, 0.5], [0, 0], [1, 0], [0, 1], [1, 1]])
    corners = F.pad(places[torch.tensor([[0, 3, 1], [0, 1, 2], [0, 4, 3], [0, 2, 4]])], (0, 1), value=1.0)
    weights = torch.linalg.inv(corners).movedim(1, 0).repeat(1, tessellation.columns * tessellation.rows, 1)
    return entry[tessellation.triangles].movedim(-1, 0).to(device), weights.to(device, dtype)
