"""Drawings as mixtures, each stroke one long Gaussian, and filters that look for them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from ...errors import ArgumentError
from .mixture import GaussianMixture

__all__ = ["matched_filters", "strokes"]

Point = tuple[float, float]


def strokes(drawings: Sequence[Sequence[tuple[Point, Point]]], *, width: float = 0.05) -> GaussianMixture:
    r"""A batch of one-channel images, each a list of strokes from (x, y) to (x, y), y downwards, as many in each.

    A stroke of length ℓ is a Gaussian of peak 1 with the deviations $\sqrt{\ell^2/12 + w^2}$ along, that of a uniform
    line, and w = `width` across.

    Raises:
        ArgumentError: no drawings, no strokes or not the same number of them in each drawing, a width that is not
            positive.
    """
    if not width > 0:
        raise ArgumentError("width", width, "a positive deviation")
    if len({len(drawing) for drawing in drawings}) != 1 or not drawings[0]:
        raise ArgumentError("drawings", drawings, "at least one drawing, each with the same number of strokes, not 0")
    start, end = torch.tensor(drawings, dtype=torch.float64).unbind(2)
    along = (end - start).unsqueeze(-1)
    covariance = along @ along.mT / 12 + width**2 * torch.eye(2, dtype=torch.float64)
    batch, count = start.shape[:2]
    return GaussianMixture(
        (start + end) / 2,
        covariance,
        torch.ones(batch, 1, count, 1, 1, dtype=torch.float64),
        torch.zeros(batch, 1, dtype=torch.float64),
    )


def matched_filters(templates: GaussianMixture, *, surround: float = 0.35) -> GaussianMixture:
    r"""$\lambda_o(y) = t_o(-y)$ less a wide Gaussian that makes its integral 0: $f * \lambda_o$ is the correlation with
    the template, indifferent to a constant.

    Args:
        templates: one-channel images without a constant, about the origin.
        surround: deviation of the wide Gaussian.

    Raises:
        ArgumentError: templates with a constant, a surround that is not positive.
    """
    if templates.constant.any():
        raise ArgumentError("templates.constant", templates.constant.tolist(), "0: a constant is not integrable")
    if not surround > 0:
        raise ArgumentError("surround", surround, "a positive deviation")
    eye = torch.eye(2, dtype=templates.dtype, device=templates.device)
    flipped = templates.transform(-eye[None])
    height = -flipped.integral() / (2 * math.pi * surround**2)
    wide = GaussianMixture(
        torch.zeros_like(flipped.mean[:, :1]),
        (surround**2 * eye).expand(len(flipped), 1, 2, 2),
        height[..., None, None, None],
        torch.zeros_like(flipped.constant),
    )
    return flipped + wide
