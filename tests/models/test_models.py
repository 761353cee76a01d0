"""The registry, and what the assembled networks keep of their layers' symmetries."""

import pytest
import torch

from invariance.actions import block_action
from invariance.errors import ArgumentError
from invariance.images import AnalyticImage, sample
from invariance.models import DiffCNN, PlainCNN, build
from invariance.testing import assert_invariant


@pytest.fixture
def images(generator: torch.Generator) -> torch.Tensor:
    return sample(AnalyticImage.random(2, generator=generator, window=0.5), 12)


@pytest.mark.parametrize("name", ["diffcnn", "plain-cnn"])
@pytest.mark.parametrize(("kernel_size", "stride", "size"), [(1, 1, 12), (3, 1, 12), (3, 3, 4), (2, 2, 6)])
def test_outputs_cover_the_domain(name: str, kernel_size: int, stride: int, size: int, images, generator):
    model = build(name, channels=5, kernel_size=kernel_size, stride=stride, generator=generator).double()
    assert model(images).shape == (2, 5, size, size)


def test_depth_and_dilation_keep_the_size(images, generator):
    model = DiffCNN(4, 3, depth=3, dilation=2, generator=generator).double()
    assert model(images).shape == (2, 4, 12, 12)


def test_deeper_networks_stay_invariant(generator):
    model = DiffCNN(4, 2, stride=2, depth=2, cayley=(1.0, 1.0, 0.0), generator=generator).double()
    action = block_action(2, 0.3, generator=generator, size=(12, 12), block=4)
    jac = torch.randn(2, 1, 3, 2, 12, 12, generator=generator, dtype=torch.float64)
    assert_invariant(model.head, jac, action(jac))


def test_the_plain_head_reads_jacobian_fields(images, generator):
    model = PlainCNN(4, 3, generator=generator).double()
    torch.testing.assert_close(model.head(model.front(images).unflatten(1, (1, 3, 2))), model(images))


def test_unknown_names_list_the_known():
    with pytest.raises(ArgumentError, match=r"name = resnet: did you mean resnet44-z2\? one of allcnn-p4, .*, z2cnn"):
        build("resnet")
