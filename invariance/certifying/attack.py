"""Warps within a displacement that lower a network's margin: random starts, then steps along the gradient.

The image is carried by a mesh whose vertices are moved, so that nothing is resampled. Each warp is scaled to the
displacement that is allowed, measured at the vertices, and down to where its certificate says that it does not fold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import ArgumentError
from ..layers.surface import Surface, mesh_surface, pixel_mesh
from ..models.surface import DiffCNNWeighted, SurfaceClassifier, SurfaceCNN
from ..warps import WARP_FAMILIES, AffineDisc, PiecewiseLinear, Smooth, Warp

__all__ = ["ATTACKS", "VERTICES", "Attacked", "Mesh", "Searched", "inverse_at", "margin_of", "worst_warp"]

_CONTRACTIONS, _NEWTONS = 60, 10
"""Steps towards φ(x): x ↦ y − τ(x) from anywhere where τ contracts, which maps made of pieces need not; Newton's from
there on are exact in a piece. `inverse_at` comes within 1e-8 on all families of `ATTACKS`."""


@dataclass(frozen=True)
class _Family:
    """`shape` of a warp's parameters, drawn normally with `size`; `build` makes a batch of warps of them."""

    shape: tuple[int, ...]
    build: Callable[[Tensor, Tensor], Warp]


def _smooth(parameters: Tensor, _: Tensor) -> Smooth:
    index = torch.arange(1, 6, dtype=parameters.dtype)
    return Smooth(parameters / (index[:, None] ** 2 + index**2))


def _disc(parameters: Tensor, place: Tensor) -> AffineDisc:
    # A disc of radius 0.35: its outer one, of 0.7, is inside the square while its centre is within 0.3.
    return AffineDisc(parameters, 0.3 * place, parameters.new_full((len(parameters),), 0.35))


def _piecewise(parameters: Tensor, _: Tensor) -> PiecewiseLinear:
    return PiecewiseLinear(torch.nn.functional.pad(parameters, (0, 0, 1, 1, 1, 1)))


ATTACKS: dict[str, _Family] = {
    "smooth": _Family((2, 5, 5), _smooth),
    "affine-disc": _Family((2, 3), _disc),
    "piecewise-linear": _Family((7, 7, 2), _piecewise),
}
"""Families of diffeomorphisms of the square onto itself."""

VERTICES = "vertices"
"""No family, but every vertex for itself: `worst_vertices`."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """Standardised images as the surfaces of a mesh whose vertices can be moved."""

    colours: Float[Tensor, "b c v"]
    vertices: Float[Tensor, "1 2 v"]
    faces: Tensor
    covers: int

    @classmethod
    def of(cls, images: Float[Tensor, "b c h w"], net: SurfaceClassifier | SurfaceCNN | DiffCNNWeighted) -> Mesh:
        """The mesh that `net` itself makes of the images."""
        kind = net.pool.discretisation
        height, width = images.shape[-2:]
        vertices, faces = pixel_mesh(height, width, kind, dtype=images.dtype)
        return cls(images.flatten(2), vertices, faces, 2 if kind == "triangles" else 1)

    def moved(self, vertices: Float[Tensor, "#b 2 v"]) -> Surface:
        """The surfaces with the vertices there."""
        return mesh_surface(self.colours, vertices, self.faces, covers=self.covers)

    def under(self, warp: Warp) -> tuple[Surface, Float[Tensor, "b"]]:
        """The surfaces of I∘φ, φ⁻¹ the warp, and how far it moves a vertex at most."""
        moved = warp(self.vertices.mT).mT
        return self.moved(moved), (moved - self.vertices).norm(dim=1).amax(1)


@dataclass(frozen=True, eq=False)
class Searched:
    """What a search found, for each image.

    Attributes:
        margin: of the class that the image itself has; below 0 the class is another.
        displacement: the most that a vertex is moved, per unit of [−1, 1]².
        tried: moves tried, of each image.
        excess: over all of them, the most by which a margin was below what was proved; None if not asked.
    """

    margin: Float[Tensor, "b"]
    displacement: Float[Tensor, "b"]
    tried: int
    excess: float | None

    @property
    def changed(self) -> Bool[Tensor, "b"]:
        """Where the class is another."""
        return self.margin < 0


@dataclass(frozen=True, eq=False)
class Attacked(Searched):
    """The worst warps found, φ⁻¹."""

    warp: Warp


def require_attack(family: str, name: str = "family") -> None:
    """Raises ArgumentError for a family that is unknown, or that does not map the square onto itself."""
    if family in ATTACKS or family == VERTICES:
        return
    known = ", ".join((*ATTACKS, VERTICES))
    if family in WARP_FAMILIES:
        wanted = f"one that maps the square onto itself ({known}): of others the theorem does not speak; see `curve`"
        raise ArgumentError(name, family, wanted)
    raise ArgumentError(name, family, f"one of {known}")


def worst_warp(
    net: SurfaceClassifier,
    mesh: Mesh,
    family: str,
    displacement: float,
    *,
    generator: torch.Generator,
    steps: int = 10,
    floor: Callable[[Float[Tensor, "b"]], Float[Tensor, "b"]] | None = None,
) -> Attacked:
    """Search a family for the warp that lowers each image's margin most, no point moved further than `displacement`.

    Args:
        displacement: per unit of [−1, 1]².
        steps: along the gradient, from a random start.
        floor: what was proved of the margin, by displacement: every warp tried is held against it.

    Raises:
        ArgumentError: an unknown family, or one that does not map the square onto itself.
    """
    require_attack(family)
    kind, count = ATTACKS[family], len(mesh.colours)
    options = {"generator": generator, "dtype": torch.float64}
    parameters = torch.randn((count, *kind.shape), **options).to(mesh.vertices)
    place = (2 * torch.rand((count, 2), **options) - 1).to(mesh.vertices)
    with torch.no_grad():
        chosen = net.of_surface(mesh.moved(mesh.vertices)).argmax(1)
    best: dict[str, Any] = {}
    excess = -torch.inf
    for step in range(steps + 1):
        with torch.no_grad():
            parameters = _allowed(kind, parameters, place, mesh, displacement)
        with torch.enable_grad():
            parameters.requires_grad_(step < steps)
            surface, reach = mesh.under(kind.build(parameters, place))
            margin = margin_of(net.of_surface(surface), chosen)
        with torch.no_grad():
            if floor is not None:
                excess = max(excess, float((floor(reach) - margin).max()))
            kept = parameters.detach().clone()
            if best:
                better = margin < best["margin"]
                best = {
                    "margin": torch.where(better, margin, best["margin"]),
                    "reach": torch.where(better, reach, best["reach"]),
                    "parameters": torch.where(_rows(better, kept), kept, best["parameters"]),
                }
            else:
                best = {"margin": margin.detach(), "reach": reach.detach(), "parameters": kept}
        if step < steps:
            if margin.requires_grad:
                (slope,) = torch.autograd.grad(margin, parameters, torch.ones_like(margin))
            else:  # without windows no position counts: another warp at random
                slope = torch.randn(parameters.shape, **options).to(parameters)
            size = slope.flatten(1).norm(dim=1).clamp_min(1e-30)
            length = parameters.detach().flatten(1).norm(dim=1)
            parameters = parameters.detach() - slope * _rows(0.5 * length / size, slope)
    warp = kind.build(best["parameters"], place)
    return Attacked(best["margin"], best["reach"], steps + 1, None if floor is None else excess, warp)


@torch.no_grad()
def inverse_at(warp: Warp, points: Float[Tensor, "1 h w 2"]) -> Float[Tensor, "b h w 2"]:
    """Where the warp takes to `points`: φ at the pixels, for the warp φ⁻¹ that moves a mesh."""
    found = points.expand(len(warp), *points.shape[1:])
    for _ in range(_CONTRACTIONS):
        found = found - (warp(found) - points)
    for _ in range(_NEWTONS):
        step = torch.linalg.solve(warp.jacobian(found), (warp(found) - points)[..., None])[..., 0]
        closer = found - step
        better = (warp(closer) - points).norm(dim=-1) < (warp(found) - points).norm(dim=-1)
        found = torch.where(better[..., None], closer, found)
    return found


def margin_of(logits: Float[Tensor, "b classes"], chosen: Tensor) -> Float[Tensor, "b"]:
    """How far the chosen class is ahead of the next one."""
    own = logits.gather(1, chosen[:, None])
    others = logits.scatter(1, chosen[:, None], -torch.inf)
    return (own - others.amax(1, keepdim=True))[:, 0]


def _allowed(kind: _Family, parameters: Tensor, place: Tensor, mesh: Mesh, displacement: float) -> Tensor:
    """Scaled to the displacement, and halved until nothing folds: all families are linear in their parameters."""
    _, reach = mesh.under(kind.build(parameters, place))
    parameters = parameters * _rows(displacement * (1 - 1e-9) / reach.clamp_min(1e-30), parameters)
    for _ in range(30):
        folds = ~kind.build(parameters, place).certificate().preserves_orientation
        if not folds.any():
            break
        parameters = torch.where(_rows(folds, parameters), 0.7 * parameters, parameters)
    return parameters


def _rows(values: Tensor, like: Tensor) -> Tensor:
    return values.view(-1, *[1] * (like.ndim - 1))
