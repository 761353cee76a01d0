"""Images of the user's own, a block at a time: a tensor, a folder, an array in a file, a DataLoader."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..checking.given import ranged
from ..errors import ArgumentError, ArgumentTypeError, reason_of
from ..images import AnalyticImage, ContinuousImage
from ..labels import require_labels
from ..pictures import PictureFolder
from ..reading import is_file

__all__ = ["BLOCK", "Stream", "array_of", "stream_of"]

_LARGEST = 1e100  # of a value: squares of sums over 10⁸ pixels are numbers of float64
BLOCK = 64
"""Images whose warps are drawn at once: those of a block do not depend on `batch`, nor on how many blocks follow.

The largest proof that smooth warps do not fold takes 3 MB for so many, and 400 MB for 10,000."""


class Stream:
    """Blocks of at most `BLOCK` images with their labels, and what is kept of them.

    Attributes:
        about: where they are from.
        labelled: whether there are labels.
        hashes: SHA-256 of the values of each image that was given out, its first 16 digits.
    """

    def __init__(self, blocks: Iterable[tuple[Any, Tensor | None]], about: dict[str, Any], *, labelled: bool) -> None:
        self._blocks, self.about, self.labelled = blocks, about, labelled
        self.hashes: list[str] = []

    def drop_labels(self) -> None:
        """Measure no accuracy."""
        self._blocks, self.labelled = ((images, None) for images, _ in self._blocks), False

    def __iter__(self) -> Iterator[tuple[ContinuousImage | Tensor, Tensor | None]]:
        """Each block once.

        Raises:
            ArgumentError: values that are not finite, images of several shapes.
        """
        shape = None
        for images, labels in self._blocks:
            if isinstance(images, Tensor):
                _require_images(images)
                if shape not in (None, images.shape[1:]):
                    raise ArgumentError("images", f"shapes {tuple(shape)} and {tuple(images.shape[1:])}", "one shape")
                shape = images.shape[1:]
                rows = images.detach().cpu().contiguous().numpy()
                self.hashes += [hashlib.sha256(row.tobytes()).hexdigest()[:16] for row in rows]
            yield images, labels


def stream_of(
    images: object,
    *,
    labels: Tensor | None = None,
    size: int | None = None,
    channels: int = 3,
    values: str | None = None,
    about: str = "",
) -> Stream:
    """A stream of a tensor "b c h w", of the pictures of a folder at `size`, of a continuous image, or of an iterable
    of batches, or pairs of them and labels, such as a DataLoader.

    Args:
        labels: a class for each image; those of a folder of folders, and of pairs, are known.
        channels: of a picture, 3 or 1.
        values: what [0, 1] becomes, as in `checking.given.ranged`.

    Raises:
        ArgumentError, ArgumentTypeError: none of these, or labels of another number.
        ImageReadError: a folder that is missing or empty.
    """
    kind = type(images).__name__
    if isinstance(images, str | Path):
        about, kind = about or str(images), "folder"
        images = PictureFolder(Path(images), size or 60, channels=channels)
        labels = images.labels if labels is None else labels
    if isinstance(images, Tensor | AnalyticImage | PictureFolder):
        if labels is not None:
            require_labels(labels, len(images))
        blocks = _cut(images, labels)
    elif isinstance(images, np.ndarray):
        raise ArgumentTypeError("images", "ndarray", "a tensor: torch.from_numpy(images)")
    elif isinstance(images, Iterable):
        if labels is not None:
            raise ArgumentError("labels", f"{len(labels)} labels", "left out: an iterable gives pairs (images, labels)")
        blocks = _rebatched(images)
    elif isinstance(images, ContinuousImage):
        blocks = [(images, labels)]
    else:
        wanted = "a tensor (batch, channels, height, width), a folder, or an iterable of batches such as a DataLoader"
        raise ArgumentTypeError("images", type(images).__name__, wanted)
    if values is not None:
        blocks = ((ranged(part, values) if isinstance(part, Tensor) else part, labels) for part, labels in blocks)
    first, blocks = _peeked(blocks)
    return Stream(blocks, {"from": about or kind, "kind": kind}, labelled=first[1] is not None)


def array_of(option: str, path: Path) -> Tensor:
    """The array of a .npy file, read where it is used; nothing in it is run.

    Raises:
        ArgumentError: no such file, or no array of numbers in it.
    """
    if not is_file(option, path):
        raise ArgumentError(option, path, f"an existing file: there is no {path}")
    try:
        return torch.from_numpy(np.load(path, mmap_mode="c", allow_pickle=False))
    except Exception as error:  # numpy parses the header as Python, and raises what its tokenizer does
        raise ArgumentError(option, path, f"an array of numbers in a .npy file ({error})") from error


def _require_images(images: Tensor) -> None:
    if images.dtype == torch.uint8:
        raise ArgumentError("images", f"{tuple(images.shape)} of uint8", "floating-point numbers: images.float() / 255")
    if images.ndim < 4 or not images.is_floating_point() or not images.numel():
        found = f"{tuple(images.shape)} of {images.dtype}"
        raise ArgumentError("images", found, "floating-point numbers (batch, channels, height, width)")
    if not images.isfinite().all():
        raise ArgumentError("images", "NaN or infinite values", "finite numbers")
    if (largest := float(images.abs().max())) > _LARGEST:
        raise ArgumentError("images", f"values of {largest:.1e}", f"at most {_LARGEST:.0e}: their powers are summed")


def _cut(images: Any, labels: Tensor | None) -> Iterator[tuple[Any, Tensor | None]]:
    for start in range(0, len(images), BLOCK):
        rows = slice(start, start + BLOCK)
        yield images[rows], None if labels is None else labels[rows]


def _rebatched(batches: Iterable[Any]) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Blocks of batches of any size."""
    images, labels, waiting = [], [], 0
    for item in _given(batches):
        part, given = _pair(item)
        if images and part.shape[1:] != images[0].shape[1:]:
            shapes = f"{tuple(part.shape[1:])} after {tuple(images[0].shape[1:])}"
            raise ArgumentError("images", shapes, "batches of images of one shape")
        images.append(part)
        labels.append(given)
        waiting += len(part)
        if waiting >= BLOCK:
            ready = torch.cat(images)
            known = None if given is None else torch.cat([x for x in labels if x is not None])
            whole = waiting - waiting % BLOCK
            yield from _cut(ready[:whole], None if known is None else known[:whole])
            images, labels, waiting = [ready[whole:]], [None if known is None else known[whole:]], waiting - whole
    if waiting:
        known = [x for x in labels if x is not None]
        yield torch.cat(images), torch.cat(known) if known else None


def _given(batches: Iterable[Any]) -> Iterator[Any]:
    """What fails in there is the data's, also where torch raises it: samples that do not stack, a worker that ends."""
    try:
        yield from batches
    except Exception as error:
        wanted = f"an iterable that gives its batches ({type(error).__name__}: {reason_of(error)})"
        raise ArgumentError("images", type(batches).__name__, wanted) from error


def _pair(item: object) -> tuple[Tensor, Tensor | None]:
    values = list(item.values()) if isinstance(item, Mapping) else item if isinstance(item, tuple | list) else [item]
    tensors = [value for value in values if isinstance(value, Tensor)]
    if not tensors:
        raise ArgumentTypeError("images", type(item).__name__, "batches of images, alone or with their labels")
    images = tensors[0] if tensors[0].ndim > 3 else tensors[0][None]
    labels = tensors[1].reshape(-1) if len(tensors) > 1 and not tensors[1].is_floating_point() else None
    return images, labels if labels is None or len(labels) == len(images) else None


def _peeked(blocks: Iterable[tuple[Any, Tensor | None]]) -> tuple[tuple[Any, Tensor | None], Iterable[Any]]:
    """The first block, and all of them."""
    iterator = iter(blocks)
    first = next(iterator, None)
    if first is None:
        raise ArgumentError("images", "none", "at least 2 independent images, to normalise the error by")

    def all_of_them() -> Iterator[tuple[Any, Tensor | None]]:
        yield first
        yield from iterator

    return first, all_of_them()
