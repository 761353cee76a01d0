"""Images of a few waves, and of a few Gaussians."""

from __future__ import annotations

import torch
from hypothesis import strategies as st

from ...images import AnalyticImage, Wave
from ...layers.gaussian import GaussianMixture
from .numbers import number, numbers

__all__ = ["analytic_images", "gaussian_mixtures", "waves"]


def waves(*, cutoff: int = 4) -> st.SearchStrategy[Wave]:
    """(kx, ky, amplitude, phase) with |kx|, |ky| ≤ `cutoff`; never constant; simplest (1, 0, 1.0, 0.0).

    Amplitudes from 0.3 to 2 and phases from 0 to 2π, in tenths, to be read and to shrink in a few steps.
    """
    number = st.integers(-cutoff, cutoff)
    vector = st.tuples(number, number).map(lambda k: k if any(k) else (1, 0))
    rest = st.tuples(st.integers(-7, 10).map(lambda k: (10 + k) / 10), st.integers(0, 62).map(lambda k: k / 10))
    return st.builds(lambda k, ap: (*k, *ap), vector, rest)


def analytic_images(
    *, batch: int = 1, channels: int = 3, cutoff: int = 4, max_waves: int = 3, window: float = 0.25
) -> st.SearchStrategy[AnalyticImage]:
    """A batch of images, each channel with 1 to `max_waves` waves of its own."""
    channel = st.lists(waves(cutoff=cutoff), min_size=1, max_size=max_waves)
    image = st.lists(channel, min_size=channels, max_size=channels)
    return st.lists(image, min_size=batch, max_size=batch).map(
        lambda images: AnalyticImage.from_waves(images, window=window)
    )


def gaussian_mixtures(*, channels: int = 1, max_terms: int = 3) -> st.SearchStrategy[GaussianMixture]:
    """One image that is a sum of round Gaussians inside the square; simplest a single one of height 1 at the centre."""
    term = st.tuples(number(0.5), number(0.5), st.integers(5, 20), numbers(channels, 1.0))

    def build(terms: list[tuple[float, float, int, list[float]]]) -> GaussianMixture:
        x, y, width, height = zip(*terms, strict=True)
        variance = (torch.tensor([width], dtype=torch.float64) / 50) ** 2
        peaks = 1 + torch.tensor([height], dtype=torch.float64).mT  # "channels terms"
        return GaussianMixture(
            torch.tensor([[x, y]], dtype=torch.float64).mT,
            variance[..., None, None] * torch.eye(2, dtype=torch.float64),
            peaks.reshape(1, channels, -1, 1, 1),
            torch.zeros(1, channels, dtype=torch.float64),
        )

    return st.lists(term, min_size=1, max_size=max_terms).map(build)
