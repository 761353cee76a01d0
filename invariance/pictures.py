"""Photographs as tensors: scikit-image's bundled colour pictures, or a folder of PNG and JPEG files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from .errors import ArgumentError, ImageReadError

__all__ = ["BUNDLED", "photographs"]

BUNDLED = ("astronaut", "chelsea", "coffee", "rocket", "immunohistochemistry", "hubble_deep_field", "retina")
_SUFFIXES = {".png", ".jpg", ".jpeg"}


def photographs(
    size: int, *, folder: str | Path | None = None, dtype: torch.dtype = torch.float64
) -> Float[Tensor, "b 3 size size"]:
    """Centre-cropped squares, low-pass filtered and reduced to `size` pixels, values in [0, 1].

    Without a `folder`, the `BUNDLED` pictures of scikit-image (extra `photographs`; no network).

    Raises:
        ImageReadError: a folder that is missing or empty, a file that does not decode or is not in colour.
    """
    if size < 1:
        raise ArgumentError("size", size, "an image has at least one pixel")
    pictures = _bundled() if folder is None else _read(Path(folder))
    pixels = np.stack([_square(picture, size) for picture in pictures])
    return torch.from_numpy(pixels).movedim(-1, 1).to(dtype) / 255


def _bundled() -> list[Image.Image]:
    try:
        from skimage import data
    except ImportError as error:
        raise ImageReadError(
            "folder",
            None,
            "a folder of pictures, or scikit-image for its own (pip install 'invariance[photographs]')",
        ) from error
    return [Image.fromarray(getattr(data, name)()) for name in BUNDLED]


def _read(folder: Path) -> list[Image.Image]:
    if not folder.is_dir():
        raise ImageReadError("folder", folder, "an existing folder of PNG or JPEG files")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    if not files:
        raise ImageReadError("folder", folder, "at least one PNG or JPEG file")
    return [_open(path) for path in files]


def _open(path: Path) -> Image.Image:
    try:
        with Image.open(path) as picture:
            picture.load()
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ImageReadError("image", path, f"a readable PNG or JPEG file ({error})") from error
    if len(picture.getbands()) < 3 and picture.mode != "P":
        raise ImageReadError(
            "image", path, f"three colours; mode {picture.mode} has one, and a grey Jacobian has rank one"
        )
    return picture.convert("RGB")


def _square(picture: Image.Image, size: int) -> np.ndarray:
    side = min(picture.size)
    left, top = ((length - side) // 2 for length in picture.size)
    box = (left, top, left + side, top + side)
    return np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS, box=box))
