"""E by grid: what is invariant in the continuum falls with the grid, and at which order."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch

from invariance.images import sample
from invariance.measure import invariance_error
from invariance.warps import Pullback

from .subjects import CUTOFFS, NETWORKS, SCALES, WARPS, images, pools, seeded, untrained

SIZES = (32, 64, 128, 256)


@torch.no_grad()
def ladders() -> list[dict[str, Any]]:
    """E in units of the spread between images, for every content, family of warps and way to integrate."""
    rows = []
    for cutoff in CUTOFFS:
        plain = images(cutoff)
        for family, draw in WARPS.items():
            warp = draw(len(plain), SCALES[family], generator=seeded())
            moved = Pullback(plain, warp)
            errors: dict[str, list[float]] = {}
            for size in SIZES:
                before, after = sample(plain, size), sample(moved, size)
                for name, model in pools().items():
                    error = invariance_error(model, before, after).normalised
                    errors.setdefault(name, []).append(error)
            reach = float(warp.displacement(64, 64).norm(dim=-1).max() / 32)
            rows += [
                {"cutoff": cutoff, "family": family, "moved": reach, "model": name, "errors": found}
                | {"orders": [float(torch.tensor(a / b).log2()) for a, b in pairwise(found)]}
                for name, found in errors.items()
            ]
    return rows


@torch.no_grad()
def at_64() -> list[dict[str, Any]]:
    """E of whole networks with random weights at 64 pixels, smooth warps, in float32 as they are trained."""
    rows = []
    for cutoff in CUTOFFS:
        plain = images(cutoff)
        moved = Pullback(plain, WARPS["smooth"](len(plain), SCALES["smooth"], generator=seeded()))
        before, after = sample(plain, 64).float(), sample(moved, 64).float()
        for spec in NETWORKS:
            error = invariance_error(untrained(spec, before), before, after).normalised
            rows.append({"cutoff": cutoff, "model": spec, "error": error})
    return rows
