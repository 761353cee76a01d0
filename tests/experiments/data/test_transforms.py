"""Bytes to numbers, random crops and flips."""

import math

import pytest
import torch
from torch.nn import functional as F

from invariance.errors import ArgumentError
from invariance.experiments.data import augmentation, crop, shift, to_float, turn


def noise(batch: int, generator: torch.Generator, size: tuple[int, int] = (5, 6)) -> torch.Tensor:
    return torch.randint(1, 256, (batch, 3, *size), generator=generator, dtype=torch.uint8)


def test_to_float() -> None:
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 1, 1, 3)
    assert torch.equal(to_float(images), torch.tensor([0, 0.2, 1]).view(1, 1, 1, 3))
    assert to_float(images, torch.float64).dtype == torch.float64


@pytest.mark.parametrize("flip", [False, True])
def test_every_crop_is_one_of_the_padded_image_and_all_occur(generator: torch.Generator, flip: bool) -> None:
    image = noise(1, generator)
    padded = F.pad(image, (2,) * 4)[0]
    crops = {(i, j, 0): padded[:, i : i + 5, j : j + 6] for i in range(5) for j in range(5)}
    if flip:
        crops |= {(i, j, 1): part.flip(2) for (i, j, _), part in crops.items()}
    names = {bytes(part.flatten().tolist()): key for key, part in crops.items()}
    assert len(names) == len(crops)
    drawn = crop(2, flip=flip)(image.expand(2000, 3, 5, 6), generator=generator)
    assert drawn.dtype == torch.uint8
    counts = torch.tensor([0] * len(crops))
    order = {key: index for index, key in enumerate(crops)}
    for part in drawn:
        counts[order[names[bytes(part.flatten().tolist())]]] += 1
    # Each count is binomial; five standard deviations.
    mean = 2000 / len(crops)
    assert (counts - mean).abs().max() < 5 * mean**0.5


def test_images_stay_in_their_rows(generator: torch.Generator) -> None:
    images = torch.arange(1, 101, dtype=torch.uint8)[:, None, None, None].expand(100, 3, 9, 9)
    assert torch.equal(crop()(images, generator=generator).amax((1, 2, 3)), images[:, 0, 0, 0])


def test_nothing_to_do_is_the_identity(generator: torch.Generator) -> None:
    images = to_float(noise(4, generator))
    assert torch.equal(crop(0, flip=False)(images, generator=generator), images)


def test_the_generator_decides(generator: torch.Generator) -> None:
    images = noise(16, generator)
    first, again, other = (crop()(images, generator=torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_negative_padding() -> None:
    with pytest.raises(ArgumentError, match="padding = -1"):
        crop(-1)


@pytest.mark.gpu
def test_on_the_gpu(card: str, generator: torch.Generator) -> None:
    images = noise(64, generator)
    here, there = (crop()(x, generator=torch.Generator().manual_seed(0)) for x in (images, images.to(card)))
    assert torch.equal(here, there.cpu())
    assert crop()(images.to(card), generator=torch.Generator(card).manual_seed(0)).device.type == card


def test_turned_images_keep_the_centre_and_turn_by_no_more_than_asked(generator: torch.Generator) -> None:
    """A pixel 10 to the right of the centre ends on an arc of 10·sin 30° = 5 rows at most, both ways."""
    image = torch.zeros((1, 1, 29, 29), dtype=torch.uint8)
    image[..., 14, 14] = 255
    turned = turn(30)(image.expand(9, 1, 29, 29), generator=generator)
    torch.testing.assert_close(turned[..., 14, 14], torch.full((9, 1), 255.0))
    turned = turn(30)(image.roll(10, -1).expand(400, 1, 29, 29), generator=generator)
    rows = (turned * torch.arange(-14, 15)[:, None]).sum((1, 2, 3)) / turned.sum((1, 2, 3))
    assert rows.abs().max() <= 5.1
    assert rows.max() > 4.5
    assert rows.min() < -4.5
    assert abs(rows.mean()) < 0.8  # uniform angles: standard deviation 0.14 of the mean of 400


def test_flips_alone_move_nothing(generator: torch.Generator) -> None:
    flip = augmentation("flip")
    assert flip is not None
    images = torch.randint(256, (40, 3, 5, 6), generator=generator, dtype=torch.uint8)
    pairs = list(zip(flip(images, generator=generator), images, strict=True))
    mirrored = [torch.equal(found, image.flip(-1)) for found, image in pairs]
    assert all(torch.equal(found, image) for (found, image), other in zip(pairs, mirrored, strict=True) if not other)
    assert 8 < sum(mirrored) < 32


@pytest.mark.bad_input
@pytest.mark.parametrize("name", ["mixup", "rotation", "rotation:", "rotation:much", "crop:3", "none:1"])
def test_other_augmentations_are_refused(name: str) -> None:
    with pytest.raises(ArgumentError, match="augment = "):
        augmentation(name)


@pytest.mark.bad_input
@pytest.mark.parametrize("degrees", [0, -3, 181, float("nan"), float("inf")])
def test_angles_that_are_none_are_refused(degrees: float) -> None:
    with pytest.raises(ArgumentError, match="rotation:DEGREES"):
        augmentation(f"rotation:{degrees}")


def test_shifted_images_are_a_smooth_image_moved_by_no_more_than_asked(generator: torch.Generator) -> None:
    """The phase of a wave says how far it was moved."""
    x = (torch.arange(32) + 0.5) / 32 * 2 * math.pi
    wave = 127 + 60 * torch.cos(2 * x)[None, :] + 60 * torch.sin(x)[:, None]
    images = wave.expand(400, 1, 32, 32)
    moved = shift(2.0)(images, generator=generator)
    inner = moved[:, 0, 6:26, 6:26]
    assert inner.std(0).max() > 5  # each in its own way
    # The mean over rows of a moved image is the first wave, whose phase tells the shift; an even wave has no mirror.
    rows = (moved[:, 0, 6:26] - moved[:, 0, 6:26].mean(2, keepdim=True)).mean(1)
    phase = torch.atan2((rows * torch.sin(2 * x)).sum(1), (rows * torch.cos(2 * x)).sum(1)) / 2
    pixels = phase / (2 * math.pi) * 32
    assert pixels.abs().max() < 2.1
    assert pixels.abs().max() > 1.8
    assert pixels.unique().numel() > 300


def test_a_shift_mirrors_half_of_the_images_and_keeps_bytes_where_it_moves_nothing(generator: torch.Generator) -> None:
    images = torch.randint(256, (200, 3, 9, 7), generator=generator, dtype=torch.uint8)
    moved = shift(1e-9)(images, generator=generator)
    kept = (moved - images).abs().amax((1, 2, 3)) < 0.01
    mirrored = (moved - images.flip(3)).abs().amax((1, 2, 3)) < 0.01
    assert bool((kept ^ mirrored).all())
    assert 70 < int(kept.sum()) < 130
