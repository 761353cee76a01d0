"""The surface networks' own algebra."""

import math

import pytest
import torch
from torch import Tensor

from invariance.certifying.radius import require_certifiable
from invariance.errors import ArgumentError
from invariance.images import AnalyticImage, ContinuousImage, sample
from invariance.layers.surface import mesh_surface, pixel_mesh, pixel_surface
from invariance.models import DiffCNNWeighted, RotationSurface, build_spec
from invariance.models.surface_rotations import rotation_scalars
from invariance.warps import Projective, Pullback


def weighted(generator: torch.Generator, **options) -> DiffCNNWeighted:
    return DiffCNNWeighted(width=4, hidden=8, generator=generator, **options).double().eval()


def test_one_tap_diffcnn_is_a_function_of_direction(generator: torch.Generator):
    """`fields` against DiffCNN itself, its cofactor identity against the convolution of the Jacobian field."""
    net = weighted(generator)
    images = torch.randn(2, 3, 9, 9, generator=generator, dtype=torch.float64)
    expected = net.invariant(images).flatten(2)
    torch.testing.assert_close(net.fields(pixel_surface(images).direction), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_without_a_direction_the_fields_are_zero(dtype: torch.dtype, generator: torch.Generator):
    net = weighted(generator).to(dtype)
    assert not net.fields(torch.zeros(1, 6, 4, dtype=dtype)).any()
    assert net(torch.ones(1, 3, 8, 8, dtype=dtype)).isfinite().all()


def test_weighted_diffcnn_is_carried_by_a_mesh(generator: torch.Generator):
    net = weighted(generator)
    images = torch.randn(1, 3, 9, 9, generator=generator, dtype=torch.float64)
    vertices, faces = pixel_mesh(9, 9)

    def of(points: Tensor) -> Tensor:
        return net.of_surface(mesh_surface(images.flatten(2), points, faces))

    torch.testing.assert_close(of(vertices), net(images), rtol=1e-12, atol=1e-12)
    assert torch.equal(of(vertices**3), of(vertices))


def turned(images: AnalyticImage, degrees: float) -> Pullback:
    angle = torch.tensor(math.radians(degrees), dtype=torch.float64)
    turn = torch.stack((torch.stack((angle.cos(), -angle.sin())), torch.stack((angle.sin(), angle.cos()))))
    return Pullback(images, Projective.affine(turn.expand(len(images), 2, 2)))


def test_scalars_are_carried_by_rotations_at_second_order(generator: torch.Generator):
    """And by no shear: the control."""
    images = AnalyticImage.random(4, generator=generator, cutoff=2, channels=1, window=0.25)
    net = RotationSurface(width=4, hidden=8, generator=generator).double().eval().requires_grad_(False)

    def error(moved: ContinuousImage, size: int) -> float:
        net.sigma = 0.05 * size  # the same filter on every grid
        before, after = (net.pool(rotation_scalars(sample(i, size), net.sigma)) for i in (images, moved))
        return float((after - before).norm() / (before - before.roll(1, 0)).norm())

    errors = [error(turned(images, 25), size) for size in (32, 64, 128)]
    assert errors[2] < 2e-3
    assert errors[0] > 8 * errors[2]
    shear = Projective.affine(torch.tensor([[1.0, 0.4], [0.0, 1.0]]).double().expand(4, 2, 2))
    assert error(Pullback(images, shear), 128) > 20 * errors[2]


def test_quarter_turns_and_mirrors_are_exact(generator: torch.Generator):
    net = RotationSurface(width=4, hidden=8, generator=generator).double()
    images = torch.randn(6, 1, 14, 14, generator=generator, dtype=torch.float64)
    net(images)
    plain = net.eval()(images)
    for moved in (torch.rot90(images, 1, (-2, -1)), images.flip(-1)):
        torch.testing.assert_close(net(moved), plain, rtol=1e-10, atol=1e-12)


@pytest.mark.bad_input
def test_bad_input_of_the_rotation_network(generator: torch.Generator):
    for options, said in (
        ("in_channels=3", "in_channels = 3: 1: grey images"),
        ("sigma=0", "sigma = 0: a finite number of pixels"),
        ("dropout=1", "dropout = 1: a probability"),
    ):
        with pytest.raises(ArgumentError, match=said):
            build_spec(f"surface-rotations:{options}")
    with pytest.raises(ArgumentError, match=r"images\.shape = \(1, 3, 8, 8\)"):
        RotationSurface(width=2, hidden=2, generator=generator)(torch.zeros(1, 3, 8, 8))
    with pytest.raises(ArgumentError, match="model = RotationSurface: a surface network"):
        require_certifiable(RotationSurface(width=2, hidden=2, generator=generator))


@pytest.mark.bad_input
@pytest.mark.parametrize("spec", ["surface", "surface+cnn", "diffcnn-weighted"])
@pytest.mark.parametrize("channels", [1, 2])
def test_other_than_three_colours_are_refused(spec: str, channels: int, generator: torch.Generator):
    with pytest.raises(ArgumentError, match=r"images\.shape = .*: images of three colours"):
        build_spec(spec, generator=generator)(torch.zeros(1, channels, 32, 32))
