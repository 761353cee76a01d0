"""Translation consistency: two random shifts of an image, and whether the class is the same (Zhang, 2019, § 4)."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import ArgumentError, one_of
from .error import Model, output_of

__all__ = ["shift_consistency"]

Border = Literal["crop", "circular"]


@torch.no_grad()
def shift_consistency(
    model: Model,
    images: Float[Tensor, "b c h w"],
    *,
    reach: int,
    generator: torch.Generator,
    draws: int = 4,
    border: Border = "crop",
) -> Bool[Tensor, "d b"]:
    r"""Whether $\arg\max F(S_{h_1 w_1} x) = \arg\max F(S_{h_2 w_2} x)$, for shifts drawn from 0 to `reach` pixels each
    way; its mean is Zhang's consistency.

    Args:
        border: "crop" cuts (h − reach) × (w − reach) pixels out at the shift, as for ImageNet; "circular" takes what
            leaves at one side in at the other.

    Raises:
        ArgumentError: a reach that leaves no pixel; a model whose output is no row of class scores.
    """
    height, width = images.shape[-2:]
    if not 0 < reach < min(height, width):
        raise ArgumentError("reach", reach, f"1 to {min(height, width) - 1} pixels")
    if border not in get_args(Border):
        raise ArgumentError("border", border, one_of(border, get_args(Border)))

    def classes() -> Tensor:
        rows, columns = torch.randint(reach + 1, (2, len(images)), generator=generator).tolist()
        shifted = [_shifted(x, i, j, reach, border) for x, i, j in zip(images, rows, columns, strict=True)]
        output = output_of(model, torch.stack(shifted), "shifted")
        if output.ndim != 2 or output.shape[1] < 2:
            raise ArgumentError("model(images).shape", tuple(output.shape), "a row of class scores for each image")
        return output.argmax(1).cpu()

    return torch.stack([classes() == classes() for _ in range(draws)])


def _shifted(image: Tensor, row: int, column: int, reach: int, border: Border) -> Tensor:
    if border == "circular":
        return image.roll((row, column), (-2, -1))
    height, width = image.shape[-2:]
    return image[..., row : row + height - reach, column : column + width - reach]
