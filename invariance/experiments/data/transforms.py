"""What happens to a batch of bytes before a net sees it, on the device where it lies."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn import functional as F

from ...errors import ArgumentError
from ...warps import Projective, warp_images

__all__ = ["Augmentation", "augmentation", "crop", "shift", "to_float", "turn"]


@dataclass(frozen=True)
class Augmentation:
    """A random change of each image of a batch: bytes, or numbers from 0 to 255.

    Attributes:
        numbers: how many random numbers an image takes.
        apply: (images "b c h w", u "b numbers", uniform in [0, 1)) ↦ images.
    """

    numbers: int
    apply: Callable[[Tensor, Tensor], Tensor]

    def draw(self, count: int, generator: torch.Generator) -> Float[Tensor, "count numbers"]:
        """The numbers of `count` images, on the generator's device."""
        return torch.rand(count, self.numbers, generator=generator, device=generator.device)

    def __call__(self, images: Shaped[Tensor, "b c h w"], *, generator: torch.Generator) -> Shaped[Tensor, "b c h w"]:
        return self.apply(images, self.draw(len(images), generator).to(images.device))


def augmentation(name: str) -> Augmentation | None:
    """That of a name; None for "none".

    "flip": mirrored with probability ½, "crop": `crop` without flips, "crop-flip": with them, "rotation:A": `turn`
    by up to A degrees, 0 < A ≤ 180, "shift-flip:P": `shift` by up to P pixels, 0 < P ≤ 16, and flips.

    Raises:
        ArgumentError: another name, or another angle.
    """
    wanted = "none, flip, crop, crop-flip, rotation:DEGREES as in rotation:15, or shift-flip:PIXELS as in shift-flip:2"
    match name.partition(":"):
        case "none", "", "":
            return None
        case "flip", "", "":
            return crop(padding=0)
        case (("crop" | "crop-flip"), "", ""):
            return crop(flip=name == "crop-flip")
        case "rotation", ":", degrees:
            with suppress(ValueError):
                if 0 < float(degrees) <= 180:
                    return turn(float(degrees))
        case "shift-flip", ":", pixels:
            with suppress(ValueError):
                if 0 < float(pixels) <= 16:
                    return shift(float(pixels))
    raise ArgumentError("augment", name, wanted)


def shift(pixels: float) -> Augmentation:
    """Each image moved by up to `pixels` along each axis, uniformly, and mirrored left to right with probability ½.

    Between pixels by the cubic spline that interpolates them, mirrored at the border; as the code of Cohen & Welling
    does for CIFAR10+, with `pixels` = 2.
    """

    def apply(images: Tensor, u: Tensor) -> Tensor:
        height, width = images.shape[2:]
        moved = (2 * u[:, :2] - 1) * pixels * 2 / torch.tensor([width, height], device=images.device)
        flip = torch.where(u[:, 2] < 0.5, -1.0, 1.0)
        matrices = torch.diag_embed(torch.stack((flip, torch.ones_like(flip)), -1))
        return warp_images(images.float(), Projective.affine(matrices, moved), method="cubic", padding="mirror")

    return Augmentation(3, apply)


def turn(degrees: float) -> Augmentation:
    """Each square image turned about its centre by an angle uniform in ±`degrees`: bilinear, 0 from outside."""

    def apply(images: Tensor, u: Tensor) -> Tensor:
        angles = (2 * u[:, 0] - 1) * math.radians(degrees)
        cos, sin = angles.cos(), angles.sin()
        matrices = torch.stack((torch.stack((cos, -sin), -1), torch.stack((sin, cos), -1)), -2)
        return warp_images(images.float(), Projective.affine(matrices), method="bilinear", padding="zeros")

    return Augmentation(1, apply)


def to_float(images: Shaped[Tensor, "b c h w"], dtype: torch.dtype = torch.float32) -> Float[Tensor, "b c h w"]:
    """Bytes, or numbers, from 0 to 255 as numbers in [0, 1]."""
    return images.to(dtype) / 255


def crop(padding: int = 4, *, flip: bool = True) -> Augmentation:
    """Each image moved by up to `padding` pixels along each axis, uniformly, with 0 from outside (a random crop of the
    padded image), and with `flip` mirrored left to right with probability ½.

    Raises:
        ArgumentError: a negative padding.
    """
    if padding < 0:
        raise ArgumentError("padding", padding, "a number of pixels ≥ 0")

    def apply(images: Tensor, u: Tensor) -> Tensor:
        batch, channels, height, width = images.shape
        top, left = (u[:, :2] * (2 * padding + 1)).long().split(1, 1)
        rows = top + torch.arange(height, device=images.device)
        columns = torch.arange(width, device=images.device).expand(batch, width)
        if flip:
            columns = torch.where(u[:, 2:] < 0.5, columns.flip(1), columns)
        columns = columns + left
        padded = F.pad(images, (padding,) * 4)
        index = torch.arange(batch, device=images.device).view(-1, 1, 1, 1)
        channel = torch.arange(channels, device=images.device).view(1, -1, 1, 1)
        return padded[index, channel, rows[:, None, :, None], columns[:, None, None, :]]

    return Augmentation(3, apply)
