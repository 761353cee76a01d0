r"""What a filter sees of an object that comes nearer, and which values its responses can take.

The values of a continuous function on the plane are an interval, and no $T_g$ changes it: for $T_g \Lambda T_h f =
\Lambda f$ the range of $\Lambda T_h f$ has to be that of $\Lambda f$.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError
from ..images import ContinuousImage, pixel_grid
from ..warps import Projective
from .alignment import ContinuousNetwork, transformed

__all__ = ["FieldOfView", "field_of_view"]


@dataclass(frozen=True, eq=False)
class FieldOfView:
    r"""Attributes:

    scales: s, of $T_h f = f(x/s)$.
    images: $T_h f$ on $[-e, e]^2$, for each scale.
    boxes: (left, top, right, bottom) of what the filter sees, the y with $|\lambda(x^* - y)| \ge \max|\lambda|/20$,
        where the response at $x^*$ is the largest.
    low, high: the least and the largest response, on the grid.
    extent: e, in units of the domain.
    """

    scales: tuple[float, ...]
    images: Float[Tensor, "s h w"]
    boxes: Float[Tensor, "s 4"]
    low: Float[Tensor, "s"]
    high: Float[Tensor, "s"]
    extent: float


@torch.no_grad()
def field_of_view(
    network: ContinuousNetwork,
    kernel: ContinuousImage,
    image: ContinuousImage,
    scales: Sequence[float],
    *,
    size: int = 128,
    extent: float = 1.0,
) -> FieldOfView:
    r"""Responses of a one-channel network with the filter λ = `kernel` to one image, scaled about the origin.

    Raises:
        ArgumentError: not one image, not one channel, or scales that are not positive.
    """
    if not scales or not all(scale > 0 for scale in scales):
        raise ArgumentError("scales", tuple(scales), "positive numbers")
    if len(image) != 1:
        raise ArgumentError("image", f"a batch of {len(image)}", "one image")
    points = extent * pixel_grid(size, size, dtype=image.dtype, device=image.device)[None]
    eye = torch.eye(2, dtype=image.dtype, device=image.device)[None]
    weight = kernel(points)[0, 0].abs()
    seen = points[0, weight >= weight.max() / 20]
    images, boxes, ranges = [], [], []
    for scale in scales:
        moved = transformed(Projective.affine(scale * eye), image)
        response = network(moved)(points)
        if response.shape[1] != 1:
            raise ArgumentError("network", f"{response.shape[1]} channels", "one channel")
        strongest = points.flatten(1, 2)[0, response.flatten().argmax()]
        images.append(moved(points)[0, 0])
        boxes.append(torch.cat((strongest - seen.amax(0), strongest - seen.amin(0))))
        ranges.append(torch.stack((response.min(), response.max())))
    low, high = torch.stack(ranges).unbind(1)
    return FieldOfView(tuple(map(float, scales)), torch.stack(images), torch.stack(boxes), low, high, extent)
