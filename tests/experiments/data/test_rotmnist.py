"""Rotated MNIST: turned by the right angle, about the centre, drawn without replacement."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from invariance.experiments.data import Dataset, rotated, rotated_mnist


def digits(count: int, generator: torch.Generator) -> Dataset:
    """Smooth, and 0 near the border; each one's sum is its own."""
    noise = torch.randint(0, 256, (count, 1, 7, 7), generator=generator, dtype=torch.uint8).float()
    blobs = torch.nn.functional.interpolate(noise, (16, 16), mode="bilinear")
    return Dataset(
        torch.nn.functional.pad(blobs, (6,) * 4).to(torch.uint8), torch.arange(count) % 10, tuple("0123456789")
    )


@given(st.integers(-4, 8))
def test_quarter_turns_move_pixels(quarters: int) -> None:
    images = torch.randint(0, 256, (3, 1, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    turned = rotated(images, torch.full((3,), quarters * math.pi / 2, dtype=torch.float64))
    # rot90 turns from row towards column, from y towards x.
    assert torch.equal(turned, torch.rot90(images, -quarters, (2, 3)))


def test_small_turns_go_from_x_towards_y() -> None:
    image = torch.zeros(1, 1, 29, 29, dtype=torch.uint8)
    image[0, 0, 14, 24] = 255  # on the axis of x, 10 pixels right of the centre
    turned = rotated(image, torch.tensor([math.asin(0.6)], dtype=torch.float64))
    assert divmod(int(turned.argmax()), 29) == (14 + 6, 14 + 8)


def test_each_image_has_its_own_angle_and_chunks_do_not_show(generator: torch.Generator) -> None:
    images = digits(300, generator).images
    angles = 2 * math.pi * torch.rand(300, generator=generator, dtype=torch.float64)
    turned = rotated(images, angles)
    for index in (0, 255, 256, 299):
        alone = rotated(images[index : index + 1], angles[index : index + 1])
        assert (turned[index].int() - alone[0].int()).abs().max() <= 1


def test_a_bump_turns_about_the_centre(generator: torch.Generator) -> None:
    def bumps(angles: torch.Tensor) -> torch.Tensor:
        """Gaussian, 2.5 pixels wide, 4 pixels off the centre at these angles: bytes of the exact values."""
        centre = 13.5 + torch.stack((4 * angles.cos(), 4 * angles.sin()), -1)
        line = torch.arange(28, dtype=torch.float64)
        x, y = ((-((line - c[:, None]) ** 2) / (2 * 2.5**2)).exp() for c in centre.unbind(-1))
        return (255 * y[:, :, None] * x[:, None, :]).round().to(torch.uint8)[:, None]

    start, angles = 2 * math.pi * torch.rand(2, 50, generator=generator, dtype=torch.float64)
    error = rotated(bumps(start), angles).int() - bumps(start + angles).int()
    # Two roundings; bilinear samples would be off by 255 / (8 · 2.5²) = 5 at the top.
    assert error.abs().max() <= 2


def test_darkness_comes_in_at_the_corners() -> None:
    turned = rotated(torch.full((1, 1, 28, 28), 255, dtype=torch.uint8), torch.tensor([math.pi / 4]).double())
    assert turned[0, 0, 14, 14] == 255
    assert not turned[0, 0, (0, 0, 3, -1, -1), (0, -1, 3, 0, -1)].any()


def test_overshooting_splines_stay_black_and_white() -> None:
    image = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    image[..., 8:20, 8:20] = 255
    angle = math.pi / 6
    turned = rotated(image, torch.tensor([angle], dtype=torch.float64))[0, 0]
    y, x = torch.meshgrid(*[torch.arange(28, dtype=torch.float64) - 13.5] * 2, indexing="ij")
    inside = torch.maximum(
        (x * math.cos(angle) + y * math.sin(angle)).abs(), (y * math.cos(angle) - x * math.sin(angle)).abs()
    )
    # The square ends at 6; at a step a cubic spline overshoots by 10 %, which a byte would wrap around.
    assert turned[inside < 5.5].min() > 220
    assert turned[inside > 6.5].max() < 35


def test_twelve_and_fifty_of_seventy(generator: torch.Generator) -> None:
    images = torch.arange(1, 141, dtype=torch.uint8)[:, None, None, None].expand(140, 1, 28, 28)
    labels = torch.arange(140) % 10
    pool = Dataset(images, labels, tuple("0123456789"))
    train, test = rotated_mnist(pool[:100], pool[100:], generator=generator)
    assert (len(train), len(test)) == (24, 100)
    found = torch.cat((train.images, test.images))[:, 0, 14, 14].int()  # the centre keeps its value
    assert len(found.unique()) == 124
    assert torch.equal((found - 1) % 10, torch.cat((train.labels, test.labels)))


def test_angles_are_uniform(generator: torch.Generator) -> None:
    image = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    image[0, 0, 12:16, 20:24] = 255
    pool = Dataset(image.expand(7000, 1, 28, 28), torch.zeros(7000, dtype=torch.int64), ("dot",))
    train, test = rotated_mnist(pool, pool[:0], generator=generator)
    weights = torch.cat((train.images, test.images))[:, 0].double()
    centre = torch.arange(28, dtype=torch.float64) - 13.5
    angles = torch.atan2((weights.sum(2) * centre).sum(1), (weights.sum(1) * centre).sum(1))
    # The mean of e^(ikθ) over n uniform angles has |mean|² n ~ Exp(1): above 16 once in 10⁷ draws.
    for k in (1, 2, 3, 4):
        assert torch.exp(1j * k * angles).mean().abs() ** 2 * len(angles) < 16


def test_the_generator_decides(generator: torch.Generator) -> None:
    pool = digits(70, generator)

    def draw(seed: int) -> Dataset:
        return rotated_mnist(pool, pool[:0], generator=torch.Generator().manual_seed(seed))[1]

    assert torch.equal(draw(0).images, draw(0).images)
    assert not torch.equal(draw(0).images, draw(1).images)


@pytest.mark.gpu
def test_on_the_gpu(card: str, generator: torch.Generator) -> None:
    images = digits(20, generator).images
    angles = 2 * math.pi * torch.rand(20, generator=generator, dtype=torch.float64)
    difference = rotated(images.to(card), angles.to(card)).cpu().int() - rotated(images, angles).int()
    assert difference.abs().max() <= 1
