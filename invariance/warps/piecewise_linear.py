"""Piecewise linear maps of a triangulated square onto itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError, one_of
from .base import Warp, identity_matrix
from .certificate import Certificate
from .finite import all_finite
from .sampling import Folding, draw_warps

__all__ = ["Boundary", "PiecewiseLinear", "random_piecewise_linear"]

Boundary = Literal["fixed", "sliding"]


@dataclass(frozen=True, eq=False)
class PiecewiseLinear(Warp):
    r"""$\varphi(x) = x + u(x)$, with $u$ linear on each triangle of a regular grid of the square.

    `offsets` holds $u$ at the vertices, by row and column. Every cell is cut by the diagonal from its top left corner;
    on the cuts $d\varphi$ is that of the triangle to the right or below. The boundary is mapped to itself: its
    vertices may only slide along their side, the corners are fixed. Outside the square $u$ is constant along the
    normals of the sides, so that $\varphi$ is a map of the plane.

    Raises:
        ArgumentError: not "b v w 2" with v, w ≥ 2, not finite, or a boundary vertex leaves its side.
    """

    offsets: Float[Tensor, "b v w 2"]

    def __post_init__(self) -> None:
        u = self.offsets
        if u.ndim != 4 or u.shape[3] != 2 or min(u.shape[1:3]) < 2:
            raise ArgumentError("offsets.shape", tuple(u.shape), "(batch, rows + 1, columns + 1, 2), at least one cell")
        if not all_finite(u):
            raise ArgumentError("offsets", "NaN or infinite somewhere", "finite numbers")
        if u[:, :, (0, -1), 0].any() or u[:, (0, -1), :, 1].any():
            raise ArgumentError("offsets", "a boundary vertex leaves its side", "boundary vertices that stay or slide")

    def _value(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 n"]:
        local, right, along, across, start = self._triangle(points)
        s, t = local[:, :1], local[:, 1:]
        return points + (start + torch.where(right, s, t) * along + torch.where(right, t, s) * across)

    def _derivative(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 2 n"]:
        _, right, along, across, _ = self._triangle(points)
        slopes = torch.stack((torch.where(right, along, across), torch.where(right, across, along)), 2)
        inside = (points.abs() <= 1).to(points.dtype).unsqueeze(1)
        return identity_matrix(points) + slopes * inside / self._spacing(points)

    def _triangle(self, points: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """The position in the cell; whether it is right of the diagonal; from the cell's corner the change of u along
        the first and the second side of the triangle, to the opposite corner; u at the corner.
        """
        rows, columns = self.offsets.shape[1:3]
        position = (points.clamp(-1, 1) + 1) / self._spacing(points)
        cell = torch.minimum(position.floor(), position.new_tensor([[columns - 2], [rows - 2]]))
        local = position - cell
        right = local[:, :1] >= local[:, 1:]
        column, row = cell.long().unbind(1)
        start = row * columns + column
        vertices = (start, start + torch.where(right.squeeze(1), 1, columns), start + columns + 1)
        batch = max(len(self.offsets), len(points))
        u = self.offsets.flatten(1, 2).mT.expand(batch, -1, -1)
        a, b, c = (u.gather(2, vertex.unsqueeze(1).expand(batch, 2, -1)) for vertex in vertices)
        return local, right, b - a, c - b, a

    def _spacing(self, points: Tensor) -> Float[Tensor, "2 1"]:
        rows, columns = self.offsets.shape[1:3]
        return points.new_tensor([[2 / (columns - 1)], [2 / (rows - 1)]])

    def certificate(self) -> Certificate:
        r"""All triangles keep their orientation.

        The image of the boundary stays on the lines of the sides, so that it winds once around each point inside the
        square and not around those outside, off these lines. That number counts the preimages, as each triangle counts
        +1: no triangle leaves the square, and no two overlap. (So boundary vertices keep their order, too.)
        """
        here = self.to(dtype=torch.float64)
        eye, spacing = torch.eye(2, dtype=torch.float64, device=self.device), here._spacing(here.offsets)
        right, down = here.offsets.diff(dim=2) / spacing[0], here.offsets.diff(dim=1) / spacing[1]
        upper = torch.stack((right[:, :-1], down[:, :, 1:]), -1)
        lower = torch.stack((right[:, 1:], down[:, :, :-1]), -1)
        pieces = eye + torch.cat((upper.flatten(1, 2), lower.flatten(1, 2)), 1)
        method = "every triangle keeps its orientation and the boundary stays on its sides, so the degree is 1"
        return Certificate.from_pieces(pieces, method, keeps_square=True)


def random_piecewise_linear(
    batch: int,
    scale: float,
    *,
    generator: torch.Generator,
    cells: int = 4,
    boundary: Boundary = "fixed",
    folding: Folding = "redraw",
    dtype: torch.dtype = torch.float64,
    device: torch.device | str | None = None,
) -> PiecewiseLinear:
    r"""Independent normal offsets at the vertices that may move; `scale` is the root mean square of
    $\|d\varphi - 1\|_F$ over draws (before any redraw) and domain.

    A moving coordinate of variance τ² adds τ² to $E\|\nabla u\|_F^2$ at an inner vertex and τ²/2 at a sliding one.

    Args:
        cells: cells each way, 2 or more.
        boundary: whether boundary vertices are "fixed" (default) or "sliding" along their side.
        folding, dtype, device: as in `draw_warps`, which lists what is raised.
    """
    if cells < 2:
        raise ArgumentError("cells", cells, "2 or more, so that a vertex can move")
    if boundary not in get_args(Boundary):
        raise ArgumentError("boundary", boundary, one_of(boundary, get_args(Boundary)))
    free = torch.zeros(cells + 1, cells + 1, 2, dtype=torch.float64)
    free[1:-1, 1:-1] = 1
    if boundary == "sliding":
        free[(0, -1), 1:-1, 0] = 1
        free[1:-1, (0, -1), 1] = 1
    energy = 2 * (cells - 1) * (cells - 1 if boundary == "fixed" else cells)

    def build(noise: Float[Tensor, "b v w 2"]) -> PiecewiseLinear:
        return PiecewiseLinear(free * noise / energy**0.5)

    shape = tuple(free.shape)
    return draw_warps(build, shape, batch, scale, generator=generator, folding=folding, dtype=dtype, device=device)
