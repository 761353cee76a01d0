"""What a grid leaves of an invariance that is exact in the continuum."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from ..images import AnalyticImage, sample
from ..layers import SurfacePool2d, pixel_surface
from ..measure import ErrorReport, Ladder, invariance_error, refinement_ladder
from ..models import initialised_by
from ..warps import Pullback, random_smooth
from .networks import networks, seeded
from .refinement import in_words, ladder_data, narrow_ladder
from .result import Result

__all__ = ["promise_kept"]

_SIZES = (32, 48, 64, 96, 128)


def promise_kept(photos: Tensor) -> Result:
    """R, R.mean: the integral over the surface in colour space, the same function averaged over pixels, a plain CNN."""
    generator = seeded()
    images = AnalyticImage.random(8, generator=generator, cutoff=3, window=0.3)
    warped = Pullback(images, random_smooth(8, 0.3, generator=generator))
    with initialised_by(generator):
        f = nn.Sequential(nn.Conv1d(9, 16, 1), nn.Tanh(), nn.Conv1d(16, 4, 1)).double().requires_grad_(False)
    plain = networks()["plain CNN, 3×3"]

    def climb(model: Callable[[Tensor], Tensor]) -> Ladder:
        def measure(size: int) -> ErrorReport:
            return invariance_error(model, sample(images, size), sample(warped, size))

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
