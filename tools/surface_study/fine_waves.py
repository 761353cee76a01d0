"""Waves that a grid of pixels sees worst: found along the gradient, not drawn."""

from __future__ import annotations

import torch
from torch import Tensor

from invariance.images import AnalyticImage, sample
from invariance.layers import SurfacePool2d
from invariance.warps import Pullback, Smooth

__all__ = ["HALF_WAVES", "waves_found"]

HALF_WAVES = 24
"""A side: 12 waves, of 2.7 pixels each where the grid has 32."""


def waves_found(
    plain: AnalyticImage,
    pool: SurfacePool2d,
    size: int,
    amplitude: float,
    *,
    generator: torch.Generator,
    steps: int = 12,
) -> Smooth:
    """For each image a warp of up to `HALF_WAVES` half waves a side that moves a point by `amplitude`, per unit of
    [−1, 1]², and changes one function's windows on a grid of `size` pixels most, in units of its largest value."""
    drawn = torch.randn(len(plain), 2, HALF_WAVES, HALF_WAVES, generator=generator, dtype=torch.float64)
    waves = _scaled(drawn, amplitude)
    with torch.no_grad():
        before = pool(sample(plain, size))
        surface = pool.surface(sample(plain, size))
        share = surface.area / surface.area.sum(1, keepdim=True)
        mass = (pool.integrand(surface.features).abs() * share[:, None]).sum(2)
    best, most = waves, torch.full((len(plain),), -torch.inf, dtype=torch.float64)
    for _ in range(steps):
        with torch.enable_grad():
            waves = waves.detach().requires_grad_()
            after = pool(sample(Pullback(plain, Smooth(waves)), size))
            change = ((after - before).unflatten(1, (mass.shape[1], -1)).norm(dim=2) / mass).amax(1)
            (uphill,) = torch.autograd.grad(change.sum(), waves)
        better, change = change.detach() > most, change.detach()
        most = torch.where(better, change, most)
        best = torch.where(_rows(better), waves.detach(), best)
        length, slope = (part.detach().flatten(1).norm(dim=1) for part in (waves, uphill))
        waves = _scaled(waves.detach() + uphill * _rows(length / slope), amplitude)
    return Smooth(best)


def _scaled(waves: Tensor, amplitude: float) -> Tensor:
    reach = Smooth(waves).displacement(256, 256).norm(dim=-1).flatten(1).amax(1) / 128
    return waves * _rows(amplitude / reach)


def _rows(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)
