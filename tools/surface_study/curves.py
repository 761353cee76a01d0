r"""Error against the size of a warp, beside what is proved: $\mathrm{Lip}(W)\sup|\varphi - \mathrm{id}|\int|f||n|$.

On a grid of n pixels V is a quadrature. Its part is computed from the same integrals on twice as many pixels a side,
times 4/3, since the error of a rule of second order falls by 4 there: the grid term of an image and of its warp.

The bound alone is broken by waves of the size of a pixel, where they are searched for: those of `waves_found`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from invariance.images import AnalyticImage, sample
from invariance.layers import SurfacePool2d
from invariance.measure import invariance_error
from invariance.warps import Pullback, Smooth, Warp

from .fine_waves import waves_found
from .subjects import IMAGES, NETWORKS, WARPS, fourier_features, images, integrand, seeded, untrained

SHARES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Scales of smooth warps."""

AMPLITUDES = (0.0003, 0.001, 0.003, 0.01, 0.02)
"""Of fine waves, in units of half a side: at the last one the largest slope is 0.75."""

FINER = 2


def fine_waves(batch: int, amplitude: float, *, generator: torch.Generator) -> Smooth:
    """sin(24πX) sin(24πY) of this amplitude, in a direction of its own for each image: what a grid sees worst."""
    angle = 2 * torch.pi * torch.rand(batch, generator=generator, dtype=torch.float64)
    coefficients = torch.zeros(batch, 2, 24, 24, dtype=torch.float64)
    coefficients[:, :, -1, -1] = amplitude / 2 * torch.stack((angle.cos(), angle.sin()), 1)
    return Smooth(coefficients)


@dataclass(frozen=True)
class _Setting:
    """Warps of the images by scale, against this function in g×g windows on a grid of so many pixels."""

    function: Callable[[], nn.Module]
    windows: int
    scales: tuple[float, ...]
    draw: Callable[[AnalyticImage, SurfacePool2d, int, float], Warp]


def _smooth(plain: AnalyticImage, _pool: SurfacePool2d, _size: int, scale: float) -> Warp:
    return WARPS["smooth"](len(plain), scale, generator=seeded())


def _fine(plain: AnalyticImage, _pool: SurfacePool2d, _size: int, amplitude: float) -> Warp:
    return fine_waves(len(plain), amplitude, generator=seeded())


def _found(plain: AnalyticImage, pool: SurfacePool2d, size: int, amplitude: float) -> Warp:
    return waves_found(plain, pool, size, amplitude, generator=seeded())


MEASURED = {
    "smooth": _Setting(integrand, 4, SHARES, _smooth),
    "fine waves": _Setting(integrand, 4, AMPLITUDES, _fine),
    "waves found": _Setting(fourier_features, 2, (0.001, 0.003, 0.01), _found),
}


@torch.no_grad()
def bounded(
    cutoff: float,
    family: str,
    sizes: tuple[int, ...] = (32, 64, 128),
    *,
    scales: tuple[float, ...] | None = None,
    count: int = IMAGES,
) -> list[dict[str, Any]]:
    """Root mean squares over images and functions, in units of the spread, of the change, its bound and grid term.

    "largest" is the largest change in units of its bound, and in units of bound and grid term.
    """
    setting, plain = MEASURED[family], images(cutoff, count)
    pool, cells = SurfacePool2d(setting.function(), windows=setting.windows), setting.windows**2

    def norms(values: Tensor) -> Tensor:
        return values.unflatten(1, (-1, cells)).norm(dim=2)

    rows = []
    for size in sizes:
        x, fine = sample(plain, size), sample(plain, FINER * size)
        before, surface = pool(x), pool.surface(fine)
        spread = (before - before.roll(1, 0)).square().mean().sqrt() * setting.windows  # of all windows together
        area = surface.area.sum(1)
        mass = (pool.integrand(surface.features).abs() * surface.area[:, None]).sum(2) / area[:, None]
        for scale in scales or setting.scales:
            warp = setting.draw(plain, pool, size, scale)
            moved = Pullback(plain, warp)
            after, limit = pool(sample(moved, size)), pool(sample(moved, FINER * size))
            reach = warp.displacement(256, 256).norm(dim=-1).flatten(1).amax(1) / 128
            change = norms(after - before)
            bound = pool.windows.lipschitz * reach[:, None] * mass
            both = bound + 4 / 3 * (norms(after - limit) + norms(before - pool(fine)))
            row = {"change": change, "bound": bound, "bound and grid": both}
            rows.append(
                {"cutoff": cutoff, "family": family, "windows": setting.windows, "size": size, "scale": scale}
                | {"moved": float(reach.mean())}
                | {name: float(v.square().mean().sqrt() / spread) for name, v in row.items()}
                | {"above": int((change > bound).sum()), "above both": int((change > both).sum())}
                | {"largest": [float((change / most).max()) for most in (bound, both)], "of": change.numel()}
            )
    return rows


@torch.no_grad()
def networks(cutoff: float = 3, size: int = 64) -> list[dict[str, Any]]:
    """E of networks with random weights against the scale of smooth warps."""
    plain = images(cutoff)
    before = sample(plain, size).float()
    rows = []
    for spec in NETWORKS:
        model = untrained(spec, before)
        errors = []
        for scale in SHARES:
            warp = WARPS["smooth"](len(plain), scale, generator=seeded())
            errors.append(invariance_error(model, before, sample(Pullback(plain, warp), size).float()).normalised)
        rows.append({"cutoff": cutoff, "size": size, "model": spec, "scales": list(SHARES), "errors": errors})
    return rows
