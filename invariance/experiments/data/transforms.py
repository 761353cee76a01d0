"""What happens to a batch of bytes before a net sees it, on the device where it lies."""

from __future__ import annotations

import torch
from jaxtyping import Float, Shaped, UInt8
from torch import Tensor
from torch.nn import functional as F

from ...errors import ArgumentError

__all__ = ["augment", "to_float"]


def to_float(images: UInt8[Tensor, "b c h w"], dtype: torch.dtype = torch.float32) -> Float[Tensor, "b c h w"]:
    """Bytes 0 to 255 as numbers in [0, 1]."""
    return images.to(dtype) / 255


def augment(
    images: Shaped[Tensor, "b c h w"], *, generator: torch.Generator, padding: int = 4, flip: bool = True
) -> Shaped[Tensor, "b c h w"]:
    """Each image moved by up to `padding` pixels along each axis, uniformly, with 0 from outside (a random crop of the
    padded image), and with `flip` mirrored left to right with probability ½.

    The numbers come from `generator`, whichever device it is on; one on the images' device saves a transfer.

    Raises:
        ArgumentError: a negative padding.
    """
    if padding < 0:
        raise ArgumentError("padding", padding, "a number of pixels ≥ 0")
    batch, channels, height, width = images.shape

    def draw(count: int) -> Tensor:
        return torch.randint(count, (batch, 1), generator=generator, device=generator.device).to(images.device)

    rows = draw(2 * padding + 1) + torch.arange(height, device=images.device)
    columns = torch.arange(width, device=images.device).expand(batch, width)
    left = draw(2 * padding + 1)
    if flip:
        columns = torch.where(draw(2).bool(), columns.flip(1), columns)
    columns = columns + left
    padded = F.pad(images, (padding,) * 4)
    index = torch.arange(batch, device=images.device).view(-1, 1, 1, 1)
    channel = torch.arange(channels, device=images.device).view(1, -1, 1, 1)
    return padded[index, channel, rows[:, None, :, None], columns[:, None, None, :]]
