"""Vertices moved one by one, each within a displacement: any homeomorphism that is linear on the mesh's own triangles.

The families of `worst_warp` have a few dozen parameters; here every vertex has two. All that a certificate uses of a
warp is how far points move, so this is the search that comes nearest to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import conv2d

from ..models.surface import SurfaceClassifier
from .attack import Mesh, Searched, margin_of

__all__ = ["MovedVertices", "worst_vertices"]

_BLURS = (0.0, 1.5, 4.0)
"""Pixels: standard deviations that a gradient is smoothed with. Neighbours that move towards each other fold beyond
half a pixel, so that far moves have to be smooth ones."""

_SHRINKS = 60
"""Of a fold's corners, to 0.7 each time: 0.7⁶⁰ of a displacement is none."""

_AREA = 1e-3
"""Of a triangle at rest, that it has to keep."""


@dataclass(frozen=True, eq=False)
class MovedVertices(Searched):
    """The worst places found for the vertices of each image."""

    vertices: Float[Tensor, "b 2 v"]


def worst_vertices(
    net: SurfaceClassifier,
    mesh: Mesh,
    size: tuple[int, int],
    displacement: Float[Tensor, "b"],
    *,
    steps: int = 10,
    floor: Callable[[Float[Tensor, "b"]], Float[Tensor, "b"]] | None = None,
) -> MovedVertices:
    """Search for places of the vertices that lower each image's margin most, none moved further than `displacement`.

    All triangles keep their orientation, cut by either diagonal; corners stay, and the sides of the rectangle of pixel
    centres are moved along themselves: so this is a homeomorphism of that rectangle. Nothing is drawn at random.

    Args:
        size: height and width of the images in pixels.
        displacement: of each image, per unit of [−1, 1]².
        steps: along the gradient, for each width that it is smoothed with.
        floor: what was proved of the margin, by displacement: all places tried are held against it.
    """
    rest = mesh.vertices
    free = _free(size, rest)
    with torch.no_grad():
        still = net.of_surface(mesh.moved(rest))
    chosen = still.argmax(1)
    best, excess = margin_of(still, chosen), -torch.inf
    places = rest.expand(len(best), -1, -1)
    widths = _BLURS if net.pool.windows.count > 1 else ()  # without windows no position counts
    for blur in widths:
        here = rest.expand(len(best), -1, -1)
        for _ in range(steps):
            slope = _slope(net, mesh, here, chosen)
            with torch.no_grad():
                slope = _blurred(slope, size, blur) * free
                step = slope / slope.norm(dim=1, keepdim=True).clamp_min(1e-30)
                here = _unfolded(_within(here - rest - displacement[:, None, None] * step, displacement), rest, size)
                margin = margin_of(net.of_surface(mesh.moved(here)), chosen)
                if floor is not None:
                    excess = max(excess, float((floor(_reach(here, rest)) - margin).max()))
                better = margin < best
                best, places = torch.where(better, margin, best), torch.where(better[:, None, None], here, places)
    tried = len(widths) * steps
    return MovedVertices(best, _reach(places, rest), tried, None if floor is None else excess, places)


def _slope(net: SurfaceClassifier, mesh: Mesh, places: Float[Tensor, "b 2 v"], chosen: Tensor) -> Tensor:
    with torch.enable_grad():
        places = places.detach().requires_grad_()
        (slope,) = torch.autograd.grad(margin_of(net.of_surface(mesh.moved(places)), chosen).sum(), places)
    return slope


def _reach(places: Float[Tensor, "b 2 v"], rest: Float[Tensor, "1 2 v"]) -> Float[Tensor, "b"]:
    return (places - rest).norm(dim=1).amax(1)


def _free(size: tuple[int, int], rest: Float[Tensor, "1 2 v"]) -> Float[Tensor, "2 v"]:
    """1 where a vertex may be moved along x, and along y."""
    free = torch.ones(2, *size, dtype=rest.dtype, device=rest.device)
    free[0, :, [0, -1]] = 0
    free[1, [0, -1]] = 0
    return free.flatten(1)


def _within(moved: Float[Tensor, "b 2 v"], displacement: Float[Tensor, "b"]) -> Float[Tensor, "b 2 v"]:
    length = moved.norm(dim=1, keepdim=True).clamp_min(1e-30)
    return moved * (displacement[:, None, None] * (1 - 1e-9) / length).clamp(max=1)


def _blurred(field: Float[Tensor, "b 2 v"], size: tuple[int, int], pixels: float) -> Float[Tensor, "b 2 v"]:
    if not pixels:
        return field
    reach = int(3 * pixels)
    line = (-0.5 * (torch.arange(-reach, reach + 1, dtype=field.dtype, device=field.device) / pixels).square()).exp()
    image = field.unflatten(2, size).flatten(0, 1)[:, None]
    image = conv2d(image, line.view(1, 1, -1, 1), padding=(reach, 0))
    return conv2d(image, line.view(1, 1, 1, -1), padding=(0, reach)).view_as(field)


def _unfolded(moved: Float[Tensor, "b 2 v"], rest: Float[Tensor, "1 2 v"], size: tuple[int, int]) -> Tensor:
    """The vertices moved; those of triangles that fold less far, or not at all."""
    triangles = _triangles(size).to(rest.device)
    least = _AREA * _areas(rest, triangles)
    for _ in range(_SHRINKS):
        folds = _areas(rest + moved, triangles) <= least
        if not folds.any():
            return rest + moved
        shrink = torch.zeros(len(moved), moved.shape[2], dtype=moved.dtype, device=moved.device)
        for corner in triangles.unbind(1):
            shrink.index_add_(1, corner, folds.to(moved.dtype))
        moved = torch.where(shrink[:, None] > 0, 0.7 * moved, moved)
    folded = (_areas(rest + moved, triangles) <= least).any(1)
    return rest + moved.masked_fill(folded[:, None, None], 0)


def _triangles(size: tuple[int, int]) -> Int64[Tensor, "t 3"]:
    """Of all squares, cut by either diagonal: where all keep their orientation, squares stay convex."""
    number = torch.arange(size[0] * size[1]).view(size)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    halves = ((a, b, d), (a, d, c), (a, b, c), (b, d, c))
    return torch.cat([torch.stack(corners, -1).flatten(0, 1) for corners in halves])


def _areas(vertices: Float[Tensor, "b 2 v"], triangles: Int64[Tensor, "t 3"]) -> Float[Tensor, "b t"]:
    a, b, c = (vertices[:, :, corner] for corner in triangles.unbind(1))
    (ux, uy), (vx, vy) = (b - a).unbind(1), (c - a).unbind(1)
    return ux * vy - uy * vx
