"""Inputs of the user's own: tensors, a tree of them, an iterable such as a DataLoader, a folder of pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from ..errors import ArgumentError, ArgumentTypeError

__all__ = ["MOST", "gathered", "of_folder", "ranged"]

MOST = 16
"""How many of them are used; each passes through the model once for every element."""


def gathered(inputs: object, count: int = MOST) -> Tensor:
    """The first images of what is given, batch first: of a pair or a mapping the first tensor, as labels come second.

    Raises:
        ArgumentTypeError: no tensor in it.
        ArgumentError: fewer than two images; images of several shapes; values that are not finite.
    """
    images: list[Tensor] = []
    for batch in [inputs] if isinstance(inputs, Tensor) else _batches(inputs):
        images += batch[: count - len(images)].detach().cpu()
        if len(images) >= count:
            break
    if len(images) < 2:
        raise ArgumentError("inputs", f"{len(images)} images", "at least 2, for an interval over images")
    if len(shapes := {tuple(image.shape) for image in images}) > 1:
        raise ArgumentError("inputs", f"shapes {sorted(shapes)[:3]}", "images of one shape")
    found = torch.stack(images).double()
    if not found.isfinite().all():
        raise ArgumentError("inputs", "NaN or infinite values", "finite numbers")
    return found


def _batches(inputs: object) -> Iterable[Tensor]:
    if isinstance(inputs, tuple | list) and inputs and isinstance(inputs[0], Tensor) and inputs[0].ndim > 3:
        yield inputs[0]
        return
    if isinstance(inputs, Mapping):
        inputs = [inputs]
    if not isinstance(inputs, Iterable):
        wanted = "a tensor (batch, channels, height, width), or an iterable of them such as a DataLoader"
        raise ArgumentTypeError("inputs", type(inputs).__name__, wanted)
    for item in inputs:
        first = _first(item)
        yield first if first.ndim > 3 else first[None]


def _first(item: object) -> Tensor:
    if isinstance(item, Tensor):
        return item
    values = item.values() if isinstance(item, Mapping) else item if isinstance(item, tuple | list) else ()
    for value in values:
        if isinstance(value, Tensor):
            return value
    raise ArgumentTypeError("inputs", type(item).__name__, "tensors of images, alone or with their labels")


def of_folder(folder: Path, shape: tuple[int, ...], values: str | None) -> Tensor:
    """The pictures of a folder at the shape of one image, their values as `ranged` says.

    Raises:
        ArgumentError: a shape that is no picture's; a range that is none.
        ImageReadError: a folder without pictures, or with one that does not decode.
    """
    if len(shape) != 3 or shape[0] not in (1, 3) or shape[1] != shape[2]:
        raise ArgumentError("--inputs", f"pictures for --input {','.join(map(str, shape))}", "1 or 3 channels, square")
    from ..pictures import PictureFolder

    return ranged(PictureFolder(folder, shape[-1], channels=shape[0])[:MOST], values)


def ranged(pictures: Tensor, values: str | None) -> Tensor:
    """Values in [0, 1] onto "low,high", or to "mean,…/deviation,…" as data sets are normalised.

    >>> ranged(torch.tensor([0.0, 0.5, 1.0]), "-1,1").tolist()
    [-1.0, 0.0, 1.0]
    """
    if values is None:
        return pictures
    wanted = "low,high such as 0,1, or mean/deviation such as 0.485,0.456,0.406/0.229,0.224,0.225"
    try:
        parts = [[float(number) for number in part.split(",")] for part in values.split("/")]
    except ValueError as error:
        raise ArgumentError("--range", values, wanted) from error
    if len(parts) == 1 and len(parts[0]) == 2 and parts[0][0] < parts[0][1]:
        low, high = parts[0]
        return low + (high - low) * pictures
    if len(parts) == 2 and len(parts[0]) == len(parts[1]) in (1, pictures.shape[1]) and min(parts[1]) > 0:
        mean, deviation = (torch.tensor(part, dtype=pictures.dtype).view(-1, 1, 1) for part in parts)
        return (pictures - mean) / deviation
    raise ArgumentError("--range", values, wanted)
