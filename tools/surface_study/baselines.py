"""Features made to be nearly invariant, with a linear classifier: histograms of gradients, and scattering."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from invariance.experiments.data import Splits
from invariance.experiments.data.transforms import to_float

from .warped import Warped

__all__ = ["BASELINES", "Linear", "baselines"]

TRAINING, VALIDATION = 10_000, 1_000
"""Images: fewer than the networks are trained on."""

STRENGTHS = (1e-3, 1e-2, 1e-1)
"""Of the ridge, in units of the features' mean square times the number of images."""


def histograms(images: Tensor) -> Tensor:
    """Histograms of gradients by direction in cells of 4×4 pixels, normalised in blocks of 2×2 cells (Dalal & Triggs),
    as SIFT does: scikit-image's `hog`."""
    from skimage.feature import hog

    pixels = images.permute(0, 2, 3, 1).double().numpy()
    options: dict[str, Any] = {"pixels_per_cell": (4, 4), "cells_per_block": (2, 2), "channel_axis": -1}
    return torch.from_numpy(np.stack([hog(image, **options) for image in pixels])).float()


def scattering(images: Tensor) -> Tensor:
    """Scattering of order 2 up to the scale 2² on 6 directions (Bruna & Mallat), kymatio's."""
    from scipy import special

    if not hasattr(special, "sph_harm"):
        special.sph_harm = None  # pyright: ignore[reportAttributeAccessIssue] # kymatio imports it for 3-D alone
    transform = import_module("kymatio.torch").Scattering2D(J=2, shape=tuple(images.shape[-2:]), L=6)
    return torch.cat([transform(part.contiguous()).flatten(1) for part in images.split(100)])


BASELINES: dict[str, Callable[[Tensor], Tensor]] = {
    "histograms of gradients, linear": histograms,
    "scattering, linear": scattering,
}


class Linear:
    """Ridge regression of the classes' indicators on standardised features, its strength chosen on other images."""

    def __init__(self, features: Callable[[Tensor], Tensor], training: Any, validation: Any) -> None:
        self.features = features
        raw = features(to_float(training.images))
        self.mean, self.std = raw.mean(0), raw.std(0).clamp_min(1e-6)
        known = self._standardised(raw)
        wanted = one_hot(training.labels, 10).float() - 0.1
        gram = known @ known.T  # fewer images than features, or about as many
        held = self._standardised(features(to_float(validation.images)))
        best = -1.0
        for strength in STRENGTHS:
            ridge = strength * known.shape[1] * torch.eye(len(gram))
            weights = known.T @ torch.cholesky_solve(wanted, torch.linalg.cholesky(gram + ridge))
            right = float(((held @ weights).argmax(1) == validation.labels).double().mean())
            if right > best:
                best, self.weights, self.strength = right, weights, strength

    def _standardised(self, raw: Tensor) -> Tensor:
        return (raw - self.mean) / self.std

    def __call__(self, images: Tensor) -> Tensor:
        return self._standardised(self.features(images)) @ self.weights


@torch.no_grad()
def baselines(splits: Splits, warped: Warped) -> list[dict[str, Any]]:
    """One row for each, as `trained` makes them."""
    rows = []
    for name, features in BASELINES.items():
        scores = Linear(features, splits.train[:TRAINING], splits.validation[:VALIDATION])
        about = {
            "model": name,
            "displacement": 0.0,
            "augment": "none",
            "parameters": scores.weights.numel(),
            "epochs": None,
        }
        rows.append(about | {"training": TRAINING, "note": splits.note} | warped.row(scores))
    return rows
