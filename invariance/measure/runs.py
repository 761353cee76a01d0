r"""Several trainings of one network, or checkpoints of it, on the same images: intervals over images and over runs."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError

__all__ = ["bootstrap_runs", "mean_over_runs"]

_CELLS = 2**17
"""Numbers at once, 1 MB of them: more are no faster, and smaller blocks are used again by the next."""


def mean_over_runs(part: Float[Tensor, "r s b"], whole: Float[Tensor, "r b"]) -> Float[Tensor, "s"]:
    r"""$\frac1R \sum_r \sum_b p_{rsb} / \sum_b w_{rb}$: a ratio for each run, in its own units, then their mean."""
    return (part.sum(2) / whole.sum(1, keepdim=True)).mean(0)


def bootstrap_runs(
    part: Float[Tensor, "r s b"],
    whole: Float[Tensor, "r b"],
    *,
    generator: torch.Generator,
    resamples: int = 1000,
) -> Float[Tensor, "resamples s"]:
    """Replicates of `mean_over_runs`: runs drawn with replacement, and images, which are the same for all runs.

    Of one run only the images vary. A few runs are few draws: their interval is a lower bound of what seeds change.
    Resamples are drawn a few at a time, so that the memory does not grow with the images.

    Raises:
        ArgumentError: fewer than two images.
    """
    runs, _, images = part.shape
    if images < 2:
        raise ArgumentError("images", images, "at least 2 for an interval over images")
    ratios = part.new_empty(resamples, runs, part.shape[1])
    for rows in torch.arange(resamples).split(max(1, _CELLS // images)):
        drawn = torch.randint(images, (len(rows), images), generator=generator, device=generator.device).cpu()
        counts = part.new_zeros(drawn.shape).scatter_add_(1, drawn, part.new_ones(()).expand(drawn.shape))
        total, base = torch.einsum("nb,rsb->nrs", counts, part), torch.einsum("nb,rb->nr", counts, whole)
        ratios[rows] = total / base[..., None]
    if runs == 1:
        return ratios[:, 0]
    chosen = torch.randint(runs, (resamples, runs), generator=generator, device=generator.device).cpu()
    return ratios.gather(1, chosen[..., None].expand_as(ratios)).mean(1)
