"""Certified accuracy against displacement, beside the accuracy under the worst warps that a search finds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from ..errors import ArgumentError
from ..images import pixel_grid
from ..layers.surface import Surface
from ..models.checks import check_whole
from ..models.surface import SurfaceClassifier
from ..warps import resample
from .attack import ATTACKS, VERTICES, Attacked, Mesh, Searched, inverse_at, require_attack, worst_warp
from .radius import bound_of, certified_radius, require_certifiable
from .vertices import worst_vertices

__all__ = ["Certificates", "certify"]


@dataclass(frozen=True)
class Certificates:
    """What is certified of a network on labelled images, by displacement in pixels.

    Attributes:
        radii: of each image, in pixels; 0 where its class is wrong.
        right: whether the class is right.
        displacements: in pixels.
        certified: the part of the images that are right and stay so whatever diffeomorphism moves them so far.
        attacked: by family, the part that is right under the worst warp found on the moved mesh.
        resampled: the same warps, the image resampled on its pixels; not of vertices that are moved one by one.
        cases: warps of images that were held against what was proved of them.
        violations: how many images lost a class that was certified.
        excess: the most by which a margin fell below what was proved of it; at most 0.
    """

    radii: tuple[float, ...]
    right: tuple[bool, ...]
    displacements: tuple[float, ...]
    certified: tuple[float, ...]
    attacked: dict[str, tuple[float, ...]]
    resampled: dict[str, tuple[float, ...]]
    cases: int
    violations: int
    excess: float

    @property
    def accuracy(self) -> float:
        """Of the images as they are."""
        return sum(self.right) / len(self.right)

    @property
    def median(self) -> float:
        """The median radius in pixels of the images whose class is right; nan where there is none."""
        known = sorted(r for r, right in zip(self.radii, self.right, strict=True) if right)
        return known[len(known) // 2] if known else math.nan

    @property
    def holds(self) -> bool:
        """Nothing that was proved was seen broken."""
        return not self.violations and self.excess <= 0

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers; a radius without an end is null."""
        return {
            "accuracy": self.accuracy,
            "median_radius": None if not math.isfinite(self.median) else self.median,
            "radii": [None if math.isinf(r) else r for r in self.radii],
            "right": list(self.right),
            "displacements": list(self.displacements),
            "certified": list(self.certified),
            "attacked": {name: list(row) for name, row in self.attacked.items()},
            "resampled": {name: list(row) for name, row in self.resampled.items()},
            "cases": self.cases,
            "violations": self.violations,
            "excess": None if math.isinf(self.excess) else self.excess,
        }


def certify(
    net: SurfaceClassifier,
    images: Float[Tensor, "b 3 h w"],
    labels: Int64[Tensor, "b"],
    *,
    displacements: Sequence[float] = (0.5, 1.0, 2.0),
    families: Sequence[str] = (*ATTACKS, VERTICES),
    steps: int = 10,
    generator: torch.Generator | None = None,
    batch: int = 50,
    tick: Callable[[int, int], None] | None = None,
) -> Certificates:
    """Radii of standardised images, and what a search for warps makes of them; by a copy of `net` in float64.

    The radius speaks of images on meshes that move, without resampling, and in the limit of fine grids of images in the
    continuum. A resampled image is another image; the same warps are tried on it, and nothing is proved of that.

    Args:
        displacements: in pixels.
        families: of `ATTACKS`, and `VERTICES`; none leaves the search out.
        steps: of the search, see `worst_warp` and `worst_vertices`.
        tick: is told how many images are done, of how many.

    Raises:
        ArgumentError: no images or such that are not finite, labels that are not one class for each, displacements that
            are no increasing positive numbers, no step or batch, a family that does not map the square onto itself, a
            network of which nothing is known, or whose logits are not finite.
    """
    require_certifiable(net)
    for family in families:
        require_attack(family, "families")
    if not displacements or list(displacements) != sorted({d for d in displacements if 0 < d < math.inf}):
        raise ArgumentError("displacements", tuple(displacements), "increasing finite numbers > 0, in pixels")
    check_whole(steps=steps, batch=batch)
    if not len(images):
        raise ArgumentError("images", 0, "at least one image")
    if not images.isfinite().all():
        raise ArgumentError("images", "NaN or infinite somewhere", "finite numbers")
    if labels.shape != images.shape[:1] or labels.is_floating_point():
        given = f"{tuple(labels.shape)} of {labels.dtype}"
        raise ArgumentError("labels", given, f"({len(images)},) whole numbers: one for each image")
    generator = generator or torch.Generator().manual_seed(0)
    net = deepcopy(net).double().eval().requires_grad_(False)
    unit = 2 / min(images.shape[-2:])  # a pixel, the larger one of an image that is no square
    grid = pixel_grid(*images.shape[-2:])[None]
    radii, right = [], []
    lost = {name: [[] for _ in displacements] for name in families}
    moved = {name: [[] for _ in displacements] for name in families if name != VERTICES}
    cases, violations, excess = 0, 0, -math.inf
    for part, truth in zip(images.double().split(batch), labels.split(batch), strict=True):
        mesh = Mesh.of(part, net)
        still = mesh.moved(mesh.vertices)
        logits = net.of_surface(still)
        if not logits.isfinite().all():
            raise ArgumentError("net", "logits that are NaN or infinite", "finite weights: train it again")
        if not 0 <= int(truth.min()) <= int(truth.max()) < logits.shape[1]:
            raise ArgumentError("labels", sorted({*truth.tolist()}), f"classes from 0 to {logits.shape[1] - 1}")
        chosen = logits.argmax(1)
        radius = certified_radius(net, still)
        radii.append(torch.where(chosen == truth, radius, torch.zeros_like(radius)) / unit)
        right.append(chosen == truth)
        for name in families:
            for index, pixels in enumerate(displacements):
                reach, floor = pixels * unit, _floor(net, still, pixels * unit)
                found: Searched
                if name == VERTICES:
                    size, within = (part.shape[-2], part.shape[-1]), torch.full_like(radius, reach)
                    found = worst_vertices(net, mesh, size, within, steps=steps, floor=floor)
                else:
                    found = worst_warp(net, mesh, name, reach, generator=generator, steps=steps, floor=floor)
                cases += found.tried * len(part)
                excess = max(excess, found.excess if found.excess is not None else -math.inf)
                violations += int((found.changed & (found.displacement <= radius)).sum())
                lost[name][index].append(~found.changed & (chosen == truth))
                if isinstance(found, Attacked):
                    again = resample(part, inverse_at(found.warp, grid), padding="border")
                    moved[name][index].append(net(again).argmax(1) == truth)
        if tick:
            tick(len(part), len(images))
    every = torch.cat(radii)
    known = torch.cat(right)
    return Certificates(
        radii=tuple(every.tolist()),
        right=tuple(known.tolist()),
        displacements=tuple(displacements),
        certified=tuple(float((known & (every >= d)).double().mean()) for d in displacements),
        attacked=_shares(lost),
        resampled=_shares(moved),
        cases=cases,
        violations=violations,
        excess=excess,
    )


def _shares(found: dict[str, list[list[Tensor]]]) -> dict[str, tuple[float, ...]]:
    return {name: tuple(float(torch.cat(row).double().mean()) for row in rows) for name, rows in found.items()}


def _floor(net: SurfaceClassifier, still: Surface, most: float) -> Callable[[Tensor], Tensor]:
    """What is proved of the margin of each image, for warps within a displacement of at most `most`.

    It is asked once, at `most`, for all warps of one search.
    """
    if net.pool.windows.count == 1:
        logits = net.of_surface(still)
        top = logits.topk(2, dim=1).values
        return lambda reach: (top[:, 0] - top[:, 1]) - 1e-9 * (1 + top.abs().amax(1))
    bound = bound_of(net, still)
    lowest = bound.lowest_margins(torch.full_like(bound.scale, most)).amin(1) - 1e-12
    return lambda reach: torch.where(reach <= most, lowest, -torch.inf)
