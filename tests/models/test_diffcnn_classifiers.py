"""What the front is invariant to, the logits are; under autocast too."""

import pytest
import torch

from invariance.actions import block_action
from invariance.models import DiffCNNClassifier
from invariance.testing import assert_invariant


@pytest.fixture
def images(generator: torch.Generator) -> torch.Tensor:
    return torch.randn(3, 3, 32, 32, generator=generator, dtype=torch.float64)


def test_logits_are_invariant_under_block_fields(generator: torch.Generator):
    net = DiffCNNClassifier(width=2, channels=4, kernel_size=2, stride=2, generator=generator).double().eval()
    jac = torch.randn(2, 1, 3, 2, 32, 32, generator=generator, dtype=torch.float64)
    action = block_action(2, 0.3, generator=generator, size=(32, 32), block=2)
    assert_invariant(lambda j: net.classifier(net.norm(net.invariant.head(j))), jac, action(jac))


@pytest.mark.parametrize("trunk", ["cnn", "resnet"])
def test_contrast_and_brightness_change_no_logit(trunk, images: torch.Tensor, generator: torch.Generator):
    net = DiffCNNClassifier(trunk, width=2, channels=4, generator=generator).double().eval()
    assert_invariant(net, images, 2 - 0.5 * images)


@pytest.mark.parametrize(
    ("stride", "depth", "pools"), [(1, 1, 3), (2, 1, 2), (2, 2, 1), (3, 1, 1), (4, 1, 1), (9, 1, 0)]
)
def test_strides_of_the_front_take_the_place_of_poolings(stride: int, depth: int, pools: int, images: torch.Tensor):
    net = DiffCNNClassifier(width=2, channels=3, kernel_size=stride, stride=stride, depth=depth).double()
    assert net.classifier.pools == pools
    assert net(images).shape == (3, 10)


@pytest.mark.gpu
def test_autocast_does_not_reach_the_invariant(card: str, images: torch.Tensor, generator: torch.Generator):
    """Rounded to bfloat16 the field would lose what the determinants of its differences are made of."""
    net = DiffCNNClassifier(width=2, channels=4, generator=generator).to(card)
    x = images.float().to(card)
    plain = net.invariant(x)
    with torch.autocast(card, torch.bfloat16):
        cast = net.invariant(x)
        logits = net(x)
    assert logits.dtype == torch.bfloat16
    assert cast.dtype == torch.float32
    assert torch.equal(cast, plain)
