r"""Warp error: what a real warp does to a model, on images known exactly or on samples of them.

Two claims are kept apart. *Invariant*: $F(I \circ \varphi) = F(I)$ at the same pixel, what the paper says.
*Equivariant*: $F(I \circ \varphi) = F(I) \circ \varphi$, a scalar field that moves with the image, what can be true.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import get_args

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from ..errors import ArgumentError, ArgumentTypeError, one_of, reason_of
from ..images import ContinuousImage, pixel_grid, sample
from ..verdicts import Claim
from ..warps import Method, Pullback, Warp, warp_images
from .error import ErrorReport, Model, equivariance_error

__all__ = [
    "Claim",
    "inside",
    "refusal_explained",
    "require_images",
    "require_manner",
    "require_model",
    "sample_pair",
    "samples",
    "samples_moved",
    "taken_instead",
    "warp_error",
]


def warp_error(
    model: Model,
    images: ContinuousImage | Tensor,
    warp: Warp,
    *,
    claim: Claim = "equivariant",
    size: int | None = None,
    margin: float = 0.1,
    method: Method = "cubic",
) -> ErrorReport:
    r"""Error of `model`, images "b c h w" to fields "b k h' w'" over the same domain, under a warp.

    Continuous images are sampled at `size`, before and after the warp, without any resampling; tensors are resampled by
    `method`, and so is $F(I)\circ\varphi$. Output pixels count where both $x$ and $\varphi(x)$ are inside the domain by
    `margin`. The grid of the output is taken to cover the domain: a model that trims its borders needs padding.

    Raises:
        ArgumentError: an unknown claim, a size that is missing or superfluous, a margin outside [0, 1); an image
            without a batch, or with the channels last; the claim equivariant of an output without a plane.
        ArgumentTypeError: what is no model, or no image.
    """
    require_manner(claim, margin)
    require_model(model)
    require_images(images)
    inputs, transformed = sample_pair(images, warp, size=size, method=method)

    def action(output: Tensor) -> Tensor:
        if claim == "equivariant" and output.ndim < 4:
            wanted = f"invariant: the output {tuple(output.shape[1:])} of an image has no plane that could move"
            raise ArgumentError("claim", claim, wanted)
        return warp_images(output, warp, method=method) if claim == "equivariant" else output

    def region(height: int, width: int) -> Bool[Tensor, "b 1 h w"]:
        return inside(warp, height, width, 1 - margin, inputs)

    with refusal_explained(model, images):
        return equivariance_error(model, inputs, transformed, output_action=action, region=region)


def require_manner(claim: Claim, margin: float) -> None:
    """Raises ArgumentError for an unknown claim and for a margin outside [0, 1)."""
    if claim not in get_args(Claim):
        raise ArgumentError("claim", claim, one_of(claim, get_args(Claim)))
    if not 0 <= margin < 1:
        raise ArgumentError("margin", margin, "a part of the half-width of the domain, in [0, 1)")


def require_model(model: object) -> None:
    """Raises ArgumentTypeError for what cannot be called, and for a class."""
    if isinstance(model, type):
        raise ArgumentTypeError("model", model.__name__, f"an object of this class: {model.__name__}(…)")
    if not callable(model):
        raise ArgumentTypeError("model", model, "a module or a function of tensors")


@contextmanager
def refusal_explained(model: Model, images: object) -> Iterator[None]:
    """Raises ArgumentError where the model refuses the images, and takes them once their axes are in order."""
    try:
        yield
    except RuntimeError as error:
        if not isinstance(images, Tensor) or not (said := taken_instead(model, images)):
            raise
        raise ArgumentError("images.shape", tuple(images.shape), f"{said} ({reason_of(error)})") from error


def taken_instead(model: Model, images: Float[Tensor, "b ..."]) -> str:
    """What to type where a model refuses images "b c h w" for the order or the number of their channels; else ""."""
    if images.ndim != 4:
        return ""
    tries = {
        "channels come first: images.movedim(-1, 1)": images.movedim(-1, 1),
        "the model takes one channel: images.mean(1, keepdim=True)": images.mean(1, keepdim=True),
        "the model takes three channels: images.expand(-1, 3, -1, -1)": images[:, :1].expand(-1, 3, -1, -1),
    }
    tried = copy.deepcopy(model).eval() if isinstance(model, nn.Module) else model
    for said, changed in tries.items():
        with torch.no_grad(), suppress(Exception):  # of whatever kind a model's refusal is
            tried(changed[:2])
            return said
    return ""


def require_images(images: object) -> None:
    """Raises ArgumentTypeError for arrays that are no tensors, ArgumentError for one image without a batch axis."""
    if not isinstance(images, Tensor | ContinuousImage):
        wanted = "a tensor of images, such as torch.from_numpy(images), or images known at every point"
        raise ArgumentTypeError("images", type(images).__name__, wanted)
    if isinstance(images, Tensor) and images.ndim < 4:
        wanted = "(batch, channels, height, width), two images or more: torch.stack((first, second))"
        raise ArgumentError("images.shape", tuple(images.shape), wanted)


def sample_pair(
    images: ContinuousImage | Float[Tensor, "b c h w"], warp: Warp, *, size: int | None, method: Method
) -> tuple[Float[Tensor, "b c h w"], Float[Tensor, "b c h w"]]:
    r"""Samples of $I$ and of $I\circ\varphi$: exact for continuous images, resampled by `method` for sampled ones.

    Raises:
        ArgumentError: a size that is missing for continuous images, or superfluous for sampled ones.
    """
    return samples(images, size), samples_moved(images, warp, size=size, method=method)


def samples(images: ContinuousImage | Float[Tensor, "b c *place"], size: int | None) -> Float[Tensor, "b c *place"]:
    """The first of `sample_pair`; fields of other axes are what they are."""
    if isinstance(images, Tensor):
        if size is not None:
            raise ArgumentError("size", size, "None for sampled images, which have their size")
        return images
    if size is None:
        raise ArgumentError("size", size, "the number of pixels to sample continuous images at")
    return sample(images, size)


def samples_moved(
    images: ContinuousImage | Float[Tensor, "b c h w"], warp: Warp, *, size: int | None, method: Method
) -> Float[Tensor, "b c h w"]:
    """The second of `sample_pair`."""
    if isinstance(images, Tensor):
        return warp_images(images, warp, method=method)
    return samples(Pullback(images, warp), size)


def inside(warp: Warp, height: int, width: int, reach: float, like: Tensor) -> Bool[Tensor, "b 1 h w"]:
    r"""Pixels x of the grid with x and $\varphi(x)$ in $[-r, r]^2$, r = `reach`."""
    points = pixel_grid(height, width, dtype=like.dtype, device=like.device)[None]
    return torch.maximum(points.abs(), warp(points).abs()).amax(-1).le(reach).unsqueeze(1)
