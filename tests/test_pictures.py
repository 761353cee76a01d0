"""Photographs come in colour and square, or with an error that names the file."""

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
    with pytest.raises(ImageReadError, match=r"broken\.jpg: a readable PNG or JPEG"):
        photographs(8, folder=tmp_path)
    with pytest.raises(ArgumentError, match="size = 0"):
        photographs(0)
