"""What a grid leaves of an invariance that is exact in the continuum."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from torch import Tensor, nn

from ..images import AnalyticImage, sample
from ..layers import SurfacePool2d, pixel_surface
from ..measure import ErrorReport, Ladder, invariance_error, refinement_ladder
from ..models import initialised_by
from ..plots import plot_certified, plot_front
from ..plots.style import legend_below
from ..warps import Pullback, random_smooth
from .networks import networks, seeded
from .refinement import in_words, ladder_data, narrow_ladder
from .result import Result

__all__ = ["promise_kept", "promise_price"]

_SIZES = (32, 48, 64, 96, 128)


def promise_kept(photos: Tensor) -> Result:
    """R, R.mean: the integral over the surface in colour space, the same function averaged over pixels, a plain CNN."""
    generator = seeded()
    images = AnalyticImage.random(8, generator=generator, cutoff=3, window=0.3)
    warped = Pullback(images, random_smooth(8, 0.3, generator=generator))
    with initialised_by(generator):
        f = nn.Sequential(nn.Conv1d(9, 16, 1), nn.Tanh(), nn.Conv1d(16, 4, 1)).double().requires_grad_(False)
    plain = networks()["plain CNN, 3×3"]

    samples = {size: (sample(images, size), sample(warped, size)) for size in _SIZES}

    def climb(model: Callable[[Tensor], Tensor]) -> Ladder:
        def measure(size: int) -> ErrorReport:
            return invariance_error(model, *samples[size])

        return refinement_ladder(measure, sizes=_SIZES, generator=seeded())

    ladders = {
        "integral over the surface": climb(SurfacePool2d(f, discretisation="quads")),
        "mean over pixels": climb(lambda x: f(pixel_surface(x).features).mean(-1)),
        "plain CNN, mean over pixels": climb(lambda x: plain(x).mean((-2, -1))),
    }
    title = "Invariance to a smooth warp under grid refinement"
    said = "; ".join(f"{label}: {in_words(ladder)}" for label, ladder in ladders.items())
    text = (
        "The integral of a function of colour and direction over the image's surface in colour space does not see a "
        "diffeomorphism, so its error is the quadrature's and falls with the grid. A mean over pixels lacks the area "
        f"element, and no grid mends that. {said}."
    )
    return Result("promise", title, text, narrow_ladder(ladders), ladder_data(ladders))


def promise_price(_: Tensor) -> Result:
    """The front of accuracy against invariance and certified accuracy, as kept from trainings: nothing is trained here.

    `python -m tools.surface_study` measures them and writes the file.
    """
    from matplotlib.figure import Figure

    kept = json.loads((Path(__file__).parent / "promise.json").read_text(encoding="utf-8"))
    windows = next(row for row in kept["certificates"] if row["median_radius"] is not None)
    figure = Figure(figsize=(4.4, 8.4), layout="constrained")
    front, certified = figure.subplots(2, 1)
    plot_front(kept["front"], ax=front, title=f"trained on {kept['training']:,} images, or as many as in brackets")
    plot_certified(windows, ax=certified, title=windows["model"].partition(":")[0] + ", trained for a margin")
    legend_below(certified)
    at = "; ".join(
        f"{d:g} pixels {share:.1%}" for d, share in zip(windows["displacements"], windows["certified"], strict=True)
    )
    text = (
        "Kept from trainings, not measured by this report: clean accuracy on CIFAR-10 "
        f"({kept['note'] or 'canonical files'}) against E of the logits under warps of two pixels, of three families. "
        "Filled: images resampled on their pixels; hollow: images on meshes that are moved, where the networks without "
        "windows do not move at all. Below, the part of the images whose class no diffeomorphism of the square changes "
        f"that moves no point further, certified from one forward pass of {windows['model']}: {at}."
    )
    return Result("price", "What exactness costs, and what is certified", text, figure, kept)
