"""Photographs as tensors: scikit-image's bundled colour pictures, or a folder of PNG and JPEG files."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, PngImagePlugin, UnidentifiedImageError
from torch import Tensor

from .errors import ArgumentError, ImageReadError
from .extras import NeededFor
from .reading import is_folder, read_bytes

__all__ = ["BUNDLED", "PictureFolder", "photographs"]

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
    return _tensor([_square(picture, size) for picture in pictures], dtype)


class PictureFolder:
    """The PNG and JPEG files of a folder, read when they are asked for and shrunk as in `photographs`; grey ones too.

    Where the folder has folders of pictures in place of pictures, each is a class, numbered in the order of the names,
    and `labels` has that of every picture.

    Raises:
        ImageReadError: a folder that is missing or empty.
    """

    def __init__(self, folder: str | Path, size: int, *, channels: int = 3) -> None:
        if size < 1:
            raise ArgumentError("size", size, "an image has at least one pixel")
        self.size, self.channels = size, channels
        groups = [_pictures_in(folder := Path(folder))]
        classes = [] if groups[0] else sorted(path for path in folder.iterdir() if path.is_dir())
        if classes:
            groups = [_pictures_in(path) for path in classes]
        self.files = [file for group in groups for file in group]
        if not self.files:
            raise ImageReadError("folder", folder, "at least one PNG or JPEG file, or folders of them")
        numbers = [number for number, group in enumerate(groups) for _ in group]
        self.labels = torch.tensor(numbers) if classes else None

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, rows: slice) -> Float[Tensor, "b c size size"]:
        """Some of the pictures.

        Raises:
            ImageReadError: a file that does not decode.
        """
        pixels = _tensor([_square(_open(file, grey=True), self.size) for file in self.files[rows]], torch.float64)
        return pixels.mean(1, keepdim=True) if self.channels == 1 else pixels


def _tensor(pixels: list[np.ndarray], dtype: torch.dtype) -> Float[Tensor, "b 3 size size"]:
    return torch.from_numpy(np.stack(pixels)).movedim(-1, 1).to(dtype) / 255


def _bundled() -> Iterable[Image.Image]:
    with NeededFor("photographs without a folder of one's own"):
        from skimage import data
    return [Image.fromarray(getattr(data, name)()) for name in BUNDLED]


def _read(folder: Path) -> Iterator[Image.Image]:
    files = _pictures_in(folder)
    if not files:
        raise ImageReadError("folder", folder, "at least one PNG or JPEG file")
    if len(files) > _MOST:
        raise ImageReadError("folder", folder, f"at most {_MOST:,} pictures, not {len(files):,}")
    return map(_open, files)


def _pictures_in(folder: Path) -> list[Path]:
    if not is_folder("folder", folder):
        raise ImageReadError("folder", folder, "an existing folder of PNG or JPEG files")
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)


def _open(path: Path, *, grey: bool = False) -> Image.Image:
    content = read_bytes("image", path, limit=_LARGEST, error=ImageReadError)
    try:
        with _opened(content) as picture:
            if (pixels := math.prod(picture.size)) > _PIXELS:
                raise ImageReadError("image", path, f"at most {_PIXELS:,} pixels, not {pixels:,}")
            picture.load()
            colours = picture.convert("RGB")
    except ImageReadError:
        raise
    except UnidentifiedImageError as error:
        raise ImageReadError("image", path, "a PNG or JPEG file, whatever it is called") from error
    except Exception as error:  # Pillow's readers raise what they like: SyntaxError, struct.error, zlib.error, …
        raise ImageReadError("image", path, f"a readable PNG or JPEG file ({error})") from error
    red, green, blue = colours.split()
    if not grey and red.tobytes() == green.tobytes() == blue.tobytes():
        wanted = f"three colours that differ; in mode {picture.mode} it is grey, and a grey Jacobian has rank one"
        raise ImageReadError("image", path, wanted)
    return colours


def _opened(content: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # of 89 million pixels; the limit is here
        return Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))


def _square(picture: Image.Image, size: int) -> np.ndarray:
    side = min(picture.size)
    left, top = ((length - side) // 2 for length in picture.size)
    box = (left, top, left + side, top + side)
    return np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS, box=box))
