"""Photographs as tensors: scikit-image's bundled colour pictures, or a folder of PNG and JPEG files."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, PngImagePlugin
from torch import Tensor

from .errors import ArgumentError, ImageReadError
from .reading import read_bytes

__all__ = ["BUNDLED", "photographs"]

BUNDLED = ("astronaut", "chelsea", "coffee", "rocket", "immunohistochemistry", "hubble_deep_field", "retina")
_LARGEST = 2**28  # bytes of a file
_PIXELS = 10**8  # of a picture: 300 MB in memory
_MOST = 1000  # pictures at once
PngImagePlugin.MAX_TEXT_CHUNK = 2**20  # bytes of a comment, unpacked
PngImagePlugin.MAX_TEXT_MEMORY = 2**22
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
    if len(files) > _MOST:
        raise ImageReadError("folder", folder, f"at most {_MOST:,} pictures, not {len(files):,}")
    return [_open(path) for path in files]


def _open(path: Path) -> Image.Image:
    content = read_bytes("image", path, limit=_LARGEST, error=ImageReadError)
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
            if (pixels := math.prod(picture.size)) > _PIXELS:
                raise ImageReadError("image", path, f"at most {_PIXELS:,} pixels, not {pixels:,}")
            picture.load()
            colours = picture.convert("RGB")
    except ImageReadError:
        raise
    except Exception as error:  # Pillow's readers raise what they like: SyntaxError, struct.error, zlib.error, …
        raise ImageReadError("image", path, f"a readable PNG or JPEG file ({error})") from error
    red, green, blue = colours.split()
    if red.tobytes() == green.tobytes() == blue.tobytes():
        wanted = f"three colours that differ; in mode {picture.mode} it is grey, and a grey Jacobian has rank one"
        raise ImageReadError("image", path, wanted)
    return colours


def _square(picture: Image.Image, size: int) -> np.ndarray:
    side = min(picture.size)
    left, top = ((length - side) // 2 for length in picture.size)
    box = (left, top, left + side, top + side)
    return np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS, box=box))
