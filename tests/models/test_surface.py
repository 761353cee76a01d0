"""The surface networks' own algebra."""

import pytest
import torch
from torch import Tensor

from invariance.layers.surface import mesh_surface, pixel_mesh, pixel_surface
from invariance.models import DiffCNNWeighted


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
