"""Real warps: of analytic images, exactly, and of photographs, resampled."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ..images import AnalyticImage
from ..measure import Claim, resampling_floor
from .networks import networks, seeded
from .result import Result, curve_result, logspace, measured_curves

__all__ = ["photographs_under_affine_maps", "real_warps"]


def real_warps(claim: Claim) -> Callable[[Tensor], Result]:
    """Warps of analytic images, exact: the claim as printed, or the one that can be true."""
    title, text = {
        "invariant": (
            "Real warps, as the paper says it: F(I∘φ) = F(I)",
            "The representation moves with the image: at a fixed pixel no network is invariant.",
        ),
        "equivariant": (
            "Real warps, repaired: F(I∘φ) = F(I)∘φ",
            "Compared along the warp, what is left for K = 1 is the error of differences and of interpolating F(I).",
        ),
    }[claim]

    def measured(photos: Tensor) -> Result:
        images = AnalyticImage.random(8, generator=seeded(), cutoff=2, window=0.35)
        scales = logspace(0.003, 0.3, 5)
        measured = measured_curves(networks(), images, warp="smooth", scales=scales, size=96, draws=2, claim=claim)
        return curve_result(
            f"real_warps_{claim}", title, text, measured, slopes=(0.5, 1), xlabel="RMS gradient of the warp, σ"
        )

    return measured


def photographs_under_affine_maps(photos: Tensor) -> Result:
    """Sampled images have a floor that no network is to blame for."""
    nets = networks()
    scales = logspace(0.003, 0.3, 5)
    measured = measured_curves(nets, photos, warp="affine", scales=scales, draws=3)
    floor = resampling_floor(nets["DiffCNN, K = 1"], photos, warp="affine", scales=scales, generator=seeded())
    title, text = (
        "Photographs under the paper's Affine Normal family: F(I∘φ) = F(I)",
        "Resampled by cubic splines. The grey band is what resampling alone does to DiffCNN with K = 1, on analytic "
        "images of the photographs' spectrum.",
    )
    return curve_result("photographs_affine", title, text, measured, floor=floor, slopes=(0.5, 1))
