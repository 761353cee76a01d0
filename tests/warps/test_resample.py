"""Resampling: against scipy, orders of accuracy, what lies outside, gradients."""

import math
from itertools import pairwise

import pytest
import torch
from scipy import ndimage

from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.images import AnalyticImage, pixel_grid, sample
from invariance.warps import (
    Identity,
    Padding,
    Projective,
    Pullback,
    random_affine,
    random_smooth,
    resample,
    warp_images,
)
from invariance.warps.splines import mirrored, pair_weights, tap_weights

SPLINES = pytest.mark.parametrize(("method", "order"), [("cubic", 3), ("quintic", 5)])
METHODS = pytest.mark.parametrize("method", ["bilinear", "cubic", "quintic"])


def rotation(degrees: float) -> Projective:
    a = math.radians(degrees)
    return Projective.affine(torch.tensor([[[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]]).double())


def scipys(images: torch.Tensor, points: torch.Tensor, order: int) -> torch.Tensor:
    height, width = images.shape[2:]
    columns, rows = ((points[..., 0] + 1) * width - 1) / 2, ((points[..., 1] + 1) * height - 1) / 2
    results = [
        [torch.from_numpy(ndimage.map_coordinates(c, [y, x], order=order, mode="mirror")) for c in image.numpy()]
        for image, y, x in zip(images, rows.numpy(), columns.numpy(), strict=True)
    ]
    return torch.stack([torch.stack(channels) for channels in results])


@SPLINES
def test_one_warp_for_all_is_that_warp_for_each(method, order, generator):
    """And as many points as are looked up in several blocks are the same as one by one."""
    images = torch.randn(3, 2, 120, 90, generator=generator).double()
    points = 2.2 * torch.rand(1, 100, 110, 2, generator=generator).double() - 1.1
    together = resample(images, points, method=method)
    assert torch.equal(together, resample(images, points.expand(3, -1, -1, -1), method=method))
    rows = torch.cat([resample(images, row, method=method) for row in points.split(1, 1)], 2)
    torch.testing.assert_close(together, rows, rtol=0, atol=1e-13)


@SPLINES
@pytest.mark.parametrize(("height", "width"), [(32, 24), (3, 2), (7, 1), (1, 1), (230, 101)])
def test_splines_agree_with_scipy(method, order, height, width, generator):
    cases: list[tuple[float, Padding]] = [(1 - 1 / min(height, width), "border"), (3, "mirror")]
    images = torch.randn(3, 2, height, width, generator=generator).double()
    inside = 2 * torch.rand(3, 11, 13, 2, generator=generator).double() - 1
    for reach, padding in cases:
        ours = resample(images, reach * inside, method=method, padding=padding)
        torch.testing.assert_close(ours, scipys(images, reach * inside, order), rtol=0, atol=1e-12)


@METHODS
@pytest.mark.parametrize("padding", ["zeros", "border", "mirror"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-13), (torch.float32, 1e-4)])
def test_the_pixel_grid_returns_the_image(method, padding, dtype, tolerance, generator):
    images = torch.randn(2, 3, 17, 21, generator=generator, dtype=dtype)
    again = warp_images(images, Identity(), method=method, padding=padding)
    assert again.dtype == dtype
    torch.testing.assert_close(again, images, rtol=0, atol=tolerance)


@pytest.mark.parametrize("padding", ["zeros", "border"])
def test_bilinear_identity_is_exact_where_pixel_centres_are(padding, generator):
    images = torch.randn(2, 3, 32, 16, generator=generator)
    assert torch.equal(warp_images(images, Identity(), method="bilinear", padding=padding), images)


@pytest.mark.parametrize(("method", "order"), [("bilinear", 2), ("cubic", 4), ("quintic", 6)])
def test_order_of_accuracy(method, order):
    image = AnalyticImage.from_waves([[[(1, 2, 1.0, 0.3)]]], window=0.12)
    errors = []
    for size in (64, 128, 256):
        truth = sample(Pullback(image, rotation(10)), size)
        errors.append((warp_images(sample(image, size), rotation(10), method=method) - truth).norm() / truth.norm())
    for coarse, fine in pairwise(errors):
        assert abs(float(torch.log2(coarse / fine)) - order) < 0.4


@pytest.mark.parametrize(
    ("method", "table"),
    [
        ("bilinear", (2e-3, 8e-3, 3e-2, 1.2e-1)),
        ("cubic", (9e-7, 1.5e-5, 2.5e-4, 5.5e-3)),
        ("quintic", (7e-10, 5e-8, 3e-6, 4e-4)),
    ],
)
def test_error_by_frequency(method, table):
    """A plane wave turned by 10°, away from the border, against an independent measurement to a factor of two."""
    size, centre = 128, slice(32, -32)
    for fraction, expected in zip((1 / 16, 1 / 8, 1 / 4, 1 / 2), table, strict=True):
        wave = (0.6 * fraction * size / 2, 0.8 * fraction * size / 2, 1.0, 0.3)
        image = AnalyticImage.from_waves([[[wave]]], window=math.inf)
        truth = sample(Pullback(image, rotation(10)), size)
        resampled = warp_images(sample(image, size), rotation(10), method=method)
        error = (resampled - truth)[..., centre, centre].norm() / truth[..., centre, centre].norm()
        assert 0.5 < float(error) / expected < 2


@METHODS
def test_outside_the_image(method):
    """One row of pixels 1, 2, 3, 4 with centres at −3/4, −1/4, 1/4, 3/4."""
    row = torch.tensor([[[[1.0, 2.0, 3.0, 4.0]]]]).double()
    pixel = torch.tensor([-2.0, -1.0, -0.5, 0.0, 3.0, 3.25, 4.0, 5.0]).double()
    points = torch.stack(((2 * pixel + 1) / 4 - 1, torch.zeros_like(pixel)), -1)[None, None]
    values = {p: resample(row, points, method=method, padding=p)[0, 0, 0] for p in ("zeros", "border", "mirror")}
    expected = torch.tensor([0, 0, 0.5, 1, 4, 3, 0, 0]).double()
    torch.testing.assert_close(values["zeros"], expected)
    torch.testing.assert_close(values["border"], torch.tensor([1, 1, 1, 1, 4, 4, 4, 4]).double())
    torch.testing.assert_close(values["mirror"][[0, 1, 3, 4, 6, 7]], torch.tensor([3, 2, 1, 4, 3, 2]).double())


def test_fading_is_what_grid_sample_does(generator):
    images = torch.randn(2, 3, 6, 5, generator=generator).double()
    points = 3 * torch.rand(2, 40, 40, 2, generator=generator).double() - 1.5
    border = resample(images, points, padding="border")
    inside = resample(torch.ones_like(images[:, :1]), points)
    torch.testing.assert_close(resample(images, points), border * inside)
    cubic = resample(images, points, method="cubic", padding="border")
    torch.testing.assert_close(resample(images, points, method="cubic"), cubic * inside)


@METHODS
@pytest.mark.parametrize("padding", ["zeros", "border", "mirror"])
def test_it_is_differentiable_in_images_and_points(method, padding, generator):
    images = torch.randn(2, 1, 4, 5, generator=generator).double().requires_grad_()
    points = (2.5 * torch.rand(2, 3, 2, 2, generator=generator).double() - 1.25).requires_grad_()
    assert torch.autograd.gradcheck(lambda i, p: resample(i, p, method=method, padding=padding), (images, points))


def test_it_is_differentiable_after_inference(generator):
    images = torch.randn(1, 1, 9, 9, generator=generator)  # of a size that no other test has prepared
    with torch.inference_mode():
        resample(images, pixel_grid(9, 9)[None], method="cubic")
    images.requires_grad_()
    resample(images, pixel_grid(9, 9)[None], method="cubic").sum().backward()


@METHODS
def test_each_image_has_its_own_warp(method, generator):
    images = torch.randn(3, 2, 16, 12, generator=generator).double()
    warp = random_smooth(3, 0.3, generator=generator)
    together = warp_images(images, warp, method=method)
    for k in range(3):
        torch.testing.assert_close(together[k : k + 1], warp_images(images[k : k + 1], warp[k], method=method))
    one = warp_images(images, warp[0], method=method)
    torch.testing.assert_close(one[1:2], warp_images(images[1:2], warp[0], method=method))
    assert (one - together)[1].abs().max() > 1e-3


def test_the_result_may_have_another_size(generator):
    image = AnalyticImage.random(2, generator=generator, cutoff=2)
    warp = random_affine(2, 0.05, generator=generator)
    finer = warp_images(sample(image, 64), warp, method="quintic", size=(100, 90))
    torch.testing.assert_close(finer, sample(Pullback(image, warp), 100, 90), rtol=0, atol=1e-4)


def test_low_precision_follows_high(generator):
    images = torch.rand(2, 3, 32, 32, generator=generator).double()
    warp = random_affine(2, 0.1, generator=generator)
    low = warp_images(images.float(), warp, method="cubic")
    torch.testing.assert_close(low.double(), warp_images(images, warp, method="cubic"), rtol=0, atol=1e-4)


@pytest.mark.parametrize("degree", [3, 5])
def test_weights_are_the_b_spline(degree):
    """They sum to 1, have mean position t, and are symmetric."""
    t = torch.linspace(0, 1, 11).double()
    weights = tap_weights(t, degree)
    taps = torch.arange(-(degree // 2), degree // 2 + 2).double()
    torch.testing.assert_close(weights.sum(0), torch.ones_like(t))
    torch.testing.assert_close(taps @ weights, t)
    torch.testing.assert_close(weights, tap_weights(1 - t, degree).flip(0))
    assert weights.min() >= 0


@pytest.mark.parametrize("degree", [3, 5])
def test_pairs_of_taps(degree):
    t = torch.linspace(0, 1, 41, dtype=torch.float64)
    left, right = tap_weights(t, degree).unflatten(0, (-1, 2)).unbind(1)
    weights, share = pair_weights(t, degree)
    torch.testing.assert_close(weights, left + right, rtol=1e-14, atol=0)
    torch.testing.assert_close(share * weights, right, rtol=0, atol=1e-16)
    assert ((share > -1e-13) & (share < 1 + 1e-13)).all()  # the smallest weight is 1/120, rounded at 1


def test_mirroring():
    positions = torch.arange(-4, 9)
    assert mirrored(positions, 4).tolist() == [2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2]
    assert not mirrored(positions, 1).any()


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("images", "points", "options", "argument"),
    [
        ((3, 8, 8), (1, 8, 8, 2), {}, r"images\.shape"),
        ((2, 0, 8, 8), (1, 8, 8, 2), {}, r"images\.shape"),
        ((2, 3, 8, 8), (3, 8, 8, 2), {}, r"points\.shape"),
        ((2, 3, 8, 8), (1, 8, 8, 3), {}, r"points\.shape"),
        ((2, 3, 8, 8), (1, 8, 8, 2), {"method": "sinc"}, "method"),
        ((2, 3, 8, 8), (1, 8, 8, 2), {"padding": "wrap"}, "padding"),
    ],
)
def test_bad_arguments_are_refused(images, points, options, argument):
    with pytest.raises(ArgumentError, match=argument):
        resample(torch.zeros(images), torch.zeros(points), **options)


def test_integers_and_other_batches_are_refused(generator):
    with pytest.raises(ArgumentTypeError, match=r"images\.dtype"):
        resample(torch.zeros(1, 1, 4, 4, dtype=torch.bfloat16), pixel_grid(4, 4)[None])
    with pytest.raises(ArgumentError, match="warp"):
        warp_images(torch.zeros(2, 3, 8, 8), random_affine(3, 0.1, generator=generator))


@pytest.mark.gpu
@METHODS
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-11), (torch.float32, 1e-4)])
def test_a_gpu_agrees(method, dtype, tolerance, card, generator):
    images = torch.rand(3, 3, 48, 40, generator=generator, dtype=dtype)
    warp = random_smooth(3, 0.3, generator=generator)
    there = warp_images(images.to(card), warp, method=method)
    assert there.device.type == card
    torch.testing.assert_close(there.cpu(), warp_images(images, warp, method=method), rtol=0, atol=tolerance)
