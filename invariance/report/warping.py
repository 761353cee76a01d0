"""Real warps: of analytic images, exactly, and of photographs, resampled."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ..images import AnalyticImage
from ..measure import Claim, resampling_floor
from .networks import ORDERS, networks, seeded
from .result import Result, curve_result, logspace, measured_curves

__all__ = ["photographs_under_affine_maps", "real_warps"]


SIGMA = "RMS gradient of the warp, σ"


def real_warps(claim: Claim) -> Callable[[Tensor], Result]:
    """Warps of analytic images, exact: the claim as printed, or the one that can be true."""
    title, text, orders = {
        "invariant": (
            "Real warps, as the paper says it: F(I∘φ) = F(I)",
            "The claim as printed. Look at the left end: even the smallest warp changes every network's output, as it "
            "moves with the image and is compared at a fixed pixel. No network is invariant in this sense.",
            ORDERS,
        ),
        "equivariant": (
            "Real warps, repaired: F(I∘φ) = F(I)∘φ",
            "Compared along the warp. K = 1 is flat, and the lowest DiffCNN at large σ: what is left of it is not the "
            "warp's but the grid's, from finite differences and from interpolating F(I) near the poles of log det. "
            "The plain CNN lies lower still, and that is no symmetry: it has no logarithm, so its output is smooth "
            "and barely changes within its window of three pixels. On finer grids the order turns, see “Equivariance "
            "under grid refinement” below: K = 1 goes to 0, a plain CNN whose window is as large as it is in the image "
            "does not.",
            {},
        ),
    }[claim]

    def measured(photos: Tensor) -> Result:
        images = AnalyticImage.random(8, generator=seeded(), cutoff=2, window=0.35)
        scales = logspace(0.003, 0.3, 5)
        measured = measured_curves(networks(), images, warp="smooth", scales=scales, size=96, draws=2, claim=claim)
        return curve_result(f"real_warps_{claim}", title, text, measured, orders=orders, xlabel=SIGMA)

    return measured


def photographs_under_affine_maps(photos: Tensor) -> Result:
    """Sampled images have a floor that no network is to blame for."""
    nets = networks()
    scales = logspace(0.003, 0.3, 5)
    measured = measured_curves(nets, photos, warp="affine", scales=scales, draws=3)
    floor = resampling_floor(nets["DiffCNN, K = 1"], photos, warp="affine", scales=scales, generator=seeded())
    title, text = (
        "Photographs under the paper's Affine Normal family: F(I∘φ) = F(I)",
        "Real pictures have to be resampled, here by cubic splines. Look at the grey band: so much resampling alone "
        "does to DiffCNN with K = 1, on analytic images of the photographs' spectrum. A curve inside it says nothing "
        "about the network.",
    )
    return curve_result("photographs_affine", title, text, measured, floor=floor, xlabel="scale σ of the matrices")
