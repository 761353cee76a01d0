"""Photographs come in colour and square, or with an error that names the file."""

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from invariance.errors import ArgumentError, ImageReadError
from invariance.pictures import BUNDLED, photographs


def save(path: Path, shape: tuple[int, ...], mode: str | None = None) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    picture = Image.fromarray(pixels)
    (picture.convert(mode) if mode else picture).save(path)


def test_bundled_photographs():
    images = photographs(24)
    assert images.shape == (len(BUNDLED), 3, 24, 24)
    assert images.dtype == torch.float64
    assert 0 <= images.min() < 0.1
    assert 0.9 < images.max() <= 1
    assert (images[:, 0] != images[:, 1]).any()


def test_a_folder_is_cropped_to_the_centre_in_order_of_names(tmp_path: Path):
    left_red = np.zeros((10, 30, 3), dtype=np.uint8)
    left_red[:, :10, 0] = 255
    left_red[:, 10:20, 1] = 255
    Image.fromarray(left_red).save(tmp_path / "b.png")
    save(tmp_path / "a.jpg", (12, 12, 3))
    (tmp_path / "notes.txt").write_text("not a picture")
    images = photographs(5, folder=tmp_path)
    assert images.shape == (2, 3, 5, 5)
    torch.testing.assert_close(images[1, :, 2, 2], torch.tensor([0.0, 1.0, 0.0]).double(), rtol=0, atol=0.02)


def test_palettes_and_alpha_become_colours(tmp_path: Path):
    save(tmp_path / "p.png", (8, 8, 3), "P")
    save(tmp_path / "rgba.png", (8, 8, 4))
    assert photographs(8, folder=tmp_path).shape == (2, 3, 8, 8)


def test_bad_folders_and_files_are_named(tmp_path: Path):
    with pytest.raises(ImageReadError, match="missing: an existing folder"):
        photographs(8, folder=tmp_path / "missing")
    with pytest.raises(ImageReadError, match="at least one PNG or JPEG"):
        photographs(8, folder=tmp_path)
    save(tmp_path / "grey.png", (8, 8))
    with pytest.raises(ImageReadError, match=r"grey\.png: three colours that differ; in mode L"):
        photographs(8, folder=tmp_path)
    (tmp_path / "grey.png").unlink()
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 cut short")
    with pytest.raises(ImageReadError, match=r"broken\.jpg: a PNG or JPEG file, whatever it is called"):
        photographs(8, folder=tmp_path)
    with pytest.raises(ArgumentError, match="size = 0"):
        photographs(0)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _png(width: int, height: int, *chunks: bytes) -> bytes:
    """A few bytes, whatever size they claim."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + pixels + _chunk(b"IEND", b"")


BOMBS = {
    "more pixels than are read": (_png(10_001, 10_001), "at most 100,000,000 pixels, not 100,020,001"),
    "more pixels than there are": (_png(2**31 - 1, 2**31 - 1), "a readable PNG or JPEG file"),
    "a comment that is large": (
        _png(4, 4, _chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(2**24)))),
        "Decompressed data too large",
    ),
    "many comments": (_png(4, 4, *[_chunk(b"tEXt", b"x\0" + bytes(2**19))] * 9), "Too much memory used in text"),
    "cut short": (_png(4, 4)[:45], "a readable PNG or JPEG file"),
    "of another kind": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "a PNG or JPEG file, whatever"),
    "empty": (b"", "a PNG or JPEG file, whatever"),
}


@pytest.mark.parametrize(("content", "said"), BOMBS.values(), ids=BOMBS)
def test_pictures_from_strangers_have_limits(tmp_path: Path, content: bytes, said: str):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ImageReadError, match=said):
        photographs(8, folder=tmp_path)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_not_opened(tmp_path: Path, make: Callable[[Path], None]):
    make(tmp_path / "a.png")
    with pytest.raises(ImageReadError, match="a folder, a device or a pipe"):
        photographs(8, folder=tmp_path)
