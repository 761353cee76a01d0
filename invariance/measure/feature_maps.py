r"""What a network makes of an image, of the transformed image, and what is left when the transform is undone."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError
from ..images import ContinuousImage, pixel_grid
from ..warps import Projective
from .alignment import ContinuousNetwork, transformed

__all__ = ["FeatureMaps", "feature_maps"]


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    r"""Samples on $[-e, e]^2$. Attributes:

    images: $f$, $T_h f$, $T_g T_h f$.
    features: $\Lambda f$, $\Lambda T_h f$, $T_g \Lambda T_h f$.
    extent: e, in units of the domain.
    """

    images: Float[Tensor, "3 c h w"]
    features: Float[Tensor, "3 k h w"]
    extent: float


@torch.no_grad()
def feature_maps(
    network: ContinuousNetwork,
    image: ContinuousImage,
    h: Projective,
    *,
    g: Projective | None = None,
    size: int = 128,
    extent: float = 1.0,
) -> FeatureMaps:
    r"""The maps of one image; g is $h^{-1}$ unless it is given.

    Raises:
        ArgumentError: not one image.
        SingularError: h is not invertible.
    """
    if len(image) != 1:
        raise ArgumentError("image", f"a batch of {len(image)}", "one image")
    undo = h.inverse() if g is None else g
    moved, points = transformed(h, image), extent * pixel_grid(size, size, dtype=image.dtype, device=image.device)[None]
    responses = network(image), network(moved)
    images = image, moved, transformed(undo, moved)
    features = *responses, transformed(undo, responses[1])
    return FeatureMaps(torch.cat([x(points) for x in images]), torch.cat([x(points) for x in features]), extent)
