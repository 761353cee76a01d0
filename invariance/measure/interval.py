"""Bootstrap intervals clustered by image: images are independent, the warps of one image are not."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError

__all__ = ["bootstrap_mean", "bootstrap_ratio", "quantile_interval"]


def bootstrap_ratio(
    difference: Float[Tensor, "*n b"],
    spread: Float[Tensor, "*n b"],
    *,
    generator: torch.Generator,
    resamples: int = 1000,
) -> Float[Tensor, "resamples *n"]:
    r"""Replicates of $\sqrt{\sum_i d_i / \sum_i s_i}$ with the images $i$ drawn with replacement.

    `difference` and `spread` are mean squares for each image, averaged over its warps beforehand; images are on the
    last axis and one draw of them serves all other axes, so that rungs and scales stay paired.
    """
    images = difference.shape[-1]
    if images < 2:
        raise ArgumentError("images", images, "at least 2 for an interval over images")
    index = torch.randint(images, (resamples, images), generator=generator, device=generator.device)
    counts = torch.zeros(resamples, images, dtype=difference.dtype).scatter_add_(
        1, index.cpu(), torch.ones(resamples, images, dtype=difference.dtype)
    )
    total, scale = (counts @ values.cpu().reshape(-1, images).mT for values in (difference, spread))
    return (
        (total / scale).sqrt().unflatten(1, difference.shape[:-1])
        if difference.ndim > 1
        else (total / scale).sqrt()[:, 0]
    )


def bootstrap_mean(
    values: Float[Tensor, "*n b"], *, generator: torch.Generator, resamples: int = 1000
) -> Float[Tensor, "resamples *n"]:
    """Replicates of the mean over images, the last axis, with the images drawn with replacement.

    One draw serves all other axes, as in `bootstrap_ratio`, and the memory is a few times that of `values`.
    """
    images = values.shape[-1]
    if images < 2:
        raise ArgumentError("images", images, "at least 2 for an interval over images")
    rows = values.cpu().reshape(-1, images)
    replicates = rows.new_empty(resamples, len(rows))
    for replicate in replicates:
        drawn = torch.randint(images, (images,), generator=generator, device=generator.device).cpu()
        replicate[:] = rows @ torch.bincount(drawn, minlength=images).to(rows.dtype)
    return (replicates / images).unflatten(1, values.shape[:-1]) if values.ndim > 1 else replicates[:, 0] / images


def quantile_interval(replicates: Float[Tensor, "resamples *n"], level: float = 0.95) -> Float[Tensor, "2 *n"]:
    """The central percentile interval of `level`, lower end then upper end."""
    if not 0 < level < 1:
        raise ArgumentError("level", level, "a probability between 0 and 1")
    ends = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=replicates.dtype)
    return torch.quantile(replicates, ends, dim=0)
