r"""The warps of a table's cell, an image each: how far they move pixels, how many fold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ...images import pixel_grid
from ...warps import WARP_FAMILIES, Projective
from .protocol import Cell, Protocol

__all__ = ["Column", "Displacement", "Draws", "draw", "draw_all"]

_SAMPLE = 1000  # draws that displacement is measured on: enough for 3 %, whatever the size of the data set
_CHUNK = 200


@dataclass(frozen=True)
class Displacement:
    r"""$|\varphi(x) - x|$ in pixels, over all pixels of a sample of draws.

    One longer than the diagonal of the image, or of a pixel behind the horizon, counts as the diagonal: neither has its
    source in the image. Without that the mean over homographies that fold would not exist.

    Attributes:
        mean, percentile95: over pixels and draws.
        median_maximum: the median over draws of their largest.
    """

    mean: float
    percentile95: float
    median_maximum: float


@dataclass(frozen=True)
class Column:
    """A cell of the protocol and what its draws turned out to be; clean images (family None) have no displacement.

    Attributes:
        reversed: how many warps are invertible on the image and turn it over.
        folded: how many are not certified to be invertible on it.
        redrawn: how many draws were replaced.
    """

    family: str | None
    scale: float
    displacement: Displacement | None = None
    reversed: int = 0
    folded: int = 0
    redrawn: int = 0


@dataclass(frozen=True, eq=False)
class Draws:
    """A warp for each image, as applied to it: output to input; None for clean images."""

    column: Column
    warp: Projective | None


def draw(protocol: Protocol, cell: Cell, count: int, size: tuple[int, int]) -> Draws:
    """The draws of a cell for `count` images of `size` = (height, width).

    The noise of image i in a family depends on (seed, family, i, count) alone; σ multiplies it.

    Raises:
        FoldingError: draws that fold are to be redrawn and all fold.
        SingularError: the other direction is asked for, and a matrix is singular to rounding.
    """
    if cell.family is None:
        return Draws(Column(None, 0.0), None)
    (state,) = np.random.SeedSequence([protocol.seed, *cell.family.encode()]).generate_state(1, np.uint64)
    drawn = WARP_FAMILIES[cell.family](
        count,
        cell.scale,
        generator=torch.Generator().manual_seed(int(state) >> 1),
        coordinates=protocol.coordinates,
        origin=protocol.origin,
        size=size if protocol.coordinates == "pixel" else None,
        folding=protocol.folding,
    )
    assert isinstance(drawn, Projective)
    warp = Projective(drawn.matrix) if protocol.direction == "destination-to-source" else drawn.inverse()
    certificate = warp.certificate()
    column = Column(
        cell.family,
        cell.scale,
        displacement(warp[: min(count, _SAMPLE)], size),
        reversed=int((certificate.invertible & (certificate.orientation < 0)).sum()),
        folded=int((~certificate.invertible).sum()),
        redrawn=0 if drawn.redraws is None else int(drawn.redraws.sum()),
    )
    return Draws(column, warp)


def draw_all(protocol: Protocol, count: int, size: tuple[int, int]) -> list[Draws]:
    """The draws of every cell of a protocol."""
    return [draw(protocol, cell, count, size) for cell in protocol.cells]


def displacement(warp: Projective, size: tuple[int, int]) -> Displacement:
    """See `Displacement`; in float64."""
    height, width = size
    grid = pixel_grid(height, width)[None]
    diagonal = float(np.hypot(height, width))
    lengths = torch.cat([_lengths(warp[i : i + _CHUNK], grid, diagonal) for i in range(0, len(warp), _CHUNK)])
    rank = max(1, round(0.95 * lengths.numel()))
    return Displacement(
        lengths.double().mean().item(),
        lengths.flatten().kthvalue(rank).values.item(),
        lengths.amax(1).median().item(),
    )


def _lengths(warp: Projective, grid: Tensor, diagonal: float) -> Float[Tensor, "b n"]:
    height, width = grid.shape[1:3]
    moved = (warp(grid) - grid) * grid.new_tensor((width / 2, height / 2))
    length = moved.norm(dim=-1).nan_to_num(nan=diagonal).clamp(max=diagonal)
    return torch.where(warp.in_front(grid), length, diagonal).flatten(1).float()
