r"""What else moves with an image, and whether it helps: random functions of it, integrated, and ridge regression.

All but one are integrals $\int f(\ldots)\,|n|\,dx$ of 200 random functions f; the control averages over pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from invariance.experiments.data import Dataset, Splits
from invariance.experiments.data.transforms import to_float
from invariance.images import sample
from invariance.jacobians import gradient
from invariance.layers.surface import Windows, pixel_surface
from invariance.warps import Pullback

from .baselines import Linear
from .subjects import SCALES, WARPS, images, seeded

__all__ = ["VARIANTS", "curvatures", "euler_curves", "tried"]

FUNCTIONS = 200
TRAINING, VALIDATION, TEST = 5_000, 500, 2_000
LEVELS = torch.linspace(-1.75, 1.75, 15)
"""Of the Euler curves, in standard deviations."""


def signed_normal(pixels: Tensor) -> Tensor:
    """n/|n|, "b 3 m": invariant to diffeomorphisms that keep the orientation alone."""
    dx, dy = gradient(pixels).flatten(3).unbind(2)
    normal = torch.linalg.cross(dx, dy, dim=1)
    return normal / normal.norm(dim=1, keepdim=True).clamp_min(1e-9)


def curvatures(pixels: Tensor) -> Tensor:
    """The surface's second order in colour space: H n/|n| and the Gauss curvature K, each x/(1 + |x|), "b 4 m"."""
    first = gradient(pixels)
    dx, dy = first.unbind(2)
    (dxx, dxy), (_, dyy) = (gradient(part).unbind(2) for part in (dx, dy))
    normal = torch.linalg.cross(dx, dy, dim=1)
    square = normal.square().sum(1).clamp_min(1e-9)
    unit = normal / square.sqrt()[:, None]
    e, f, g = ((a * b).sum(1) for a, b in ((dx, dx), (dx, dy), (dy, dy)))
    xx, xy, yy = ((part * unit).sum(1) for part in (dxx, dxy, dyy))
    mean, gauss = (e * yy - 2 * f * xy + g * xx) / (2 * square), (xx * yy - xy * xy) / square
    vector = mean[:, None] * unit / (1 + mean.abs()[:, None])
    return torch.cat((vector, (gauss / (1 + gauss.abs()))[:, None]), 1).flatten(2)


def euler_curves(pixels: Tensor) -> Tensor:
    """Vertices − edges + squares of {I_i ≥ t} for each colour and level: no homeomorphism changes it. "b 45"."""
    inside = pixels[:, :, None] >= LEVELS.to(pixels)[:, None, None]
    rows, columns = (inside[..., 1:, :] & inside[..., :-1, :], inside[..., 1:] & inside[..., :-1])
    squares = rows[..., 1:] & rows[..., :-1]
    counts = [part.flatten(3).sum(3) for part in (inside, rows, columns, squares)]
    return (counts[0] - counts[1] - counts[2] + counts[3]).flatten(1).to(pixels.dtype)


def _random(shown: Callable[[Tensor], Tensor], *, windows: int = 1, root: bool = False, weighted: bool = True):
    def features(pixels: Tensor) -> Tensor:
        surface = pixel_surface(pixels)
        given = shown(pixels)
        generator = seeded(3)
        slopes = 1.5 * torch.randn((FUNCTIONS, given.shape[1]), generator=generator).to(pixels)
        offsets = 1.5 * torch.randn((FUNCTIONS, 1), generator=generator).to(pixels)
        values = (slopes @ given + offsets).clamp_min(0)
        weight = surface.area if weighted else torch.ones_like(surface.area)
        weight = weight / weight.sum(1, keepdim=True).clamp_min(1e-9)
        found = values @ (Windows(windows)(surface.position) * weight[:, None]).mT
        return (found.sqrt() if root else found).flatten(1)

    return features


def _colour(pixels: Tensor) -> Tensor:
    return pixels.flatten(2)


def _both(pixels: Tensor) -> Tensor:
    return pixel_surface(pixels).features


def _with(extra: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda pixels: torch.cat((_both(pixels), extra(pixels)), 1)


VARIANTS: dict[str, Callable[[Tensor], Tensor]] = {
    "colour": _random(_colour),
    "colour and [n]": _random(_both),
    "the same, mean over pixels": _random(_both, weighted=False),
    "the same, roots of the integrals": _random(_both, root=True),
    "colour and n with its sign": _random(_with(signed_normal)),
    "colour, [n] and curvatures": _random(_with(curvatures)),
    "colour and [n], and Euler curves": lambda pixels: torch.cat((_random(_both)(pixels), euler_curves(pixels)), 1),
    "colour and [n], 2×2 windows": _random(_both, windows=2),
    "colour and [n], 4×4 windows": _random(_both, windows=4),
}


@torch.no_grad()
def tried(splits: Splits) -> list[dict[str, Any]]:
    """Accuracy, and E at 64 and 128 pixels under smooth warps of images with content of up to 3 cycles a side."""
    test = splits.test[:TEST]
    mean, std = (getattr(to_float(splits.train[:TRAINING].images), name)((0, 2, 3)) for name in ("mean", "std"))

    plain = images(3)
    moved = Pullback(plain, WARPS["smooth"](len(plain), SCALES["smooth"], generator=seeded()))
    rows = []
    for name, variant in VARIANTS.items():

        def features(x: Tensor, variant: Callable[[Tensor], Tensor] = variant) -> Tensor:
            pixels = (x - mean[:, None, None]) / std[:, None, None]
            return torch.cat([variant(part) for part in pixels.split(100)])

        scores = Linear(features, splits.train[:TRAINING], splits.validation[:VALIDATION])
        errors = []
        for size in (64, 128):
            before, after = (variant(sample(image, size)) for image in (plain, moved))
            spread = (before - before.roll(1, 0)).square().mean()
            errors.append(float(((after - before).square().mean() / spread).sqrt()))
        rows.append({"features": name, "accuracy": _accuracy(scores, test), "errors": errors})
    return rows


def _accuracy(scores: Linear, test: Dataset) -> float:
    return float((scores(to_float(test.images)).argmax(1) == test.labels).double().mean())
