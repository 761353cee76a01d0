"""Shared batch norm is `torch.nn.BatchNorm3d`, with its gradient and its state."""

import pytest
import torch
from torch import Tensor, nn

from invariance.layers.rotdcf import RotDCFBatchNorm2d
from invariance.testing import assert_equivariant


def features(generator: torch.Generator) -> Tensor:
    """Means that differ from angle to angle, so that statistics by angle would be others."""
    offset = torch.arange(8, dtype=torch.float64)[:, None, None]
    return torch.randn(4, 3, 8, 5, 6, generator=generator, dtype=torch.float64) + offset


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize("tracks", [True, False])
def test_values_gradients_and_state_are_those_of_torch(affine, momentum, tracks, generator: torch.Generator):
    options = {"affine": affine, "momentum": momentum, "track_running_stats": tracks}
    ours, theirs = RotDCFBatchNorm2d(3, **options).double(), nn.BatchNorm3d(3, **options).double()
    for parameter in ours.parameters():
        nn.init.uniform_(parameter, generator=generator)
    theirs.load_state_dict(ours.state_dict())
    for training in (True, True, False):
        x = features(generator).requires_grad_()
        y, g = x.detach().clone().requires_grad_(), torch.randn(x.shape, generator=generator, dtype=torch.float64)
        outputs = [layer.train(training)(inputs) for layer, inputs in ((ours, x), (theirs, y))]
        torch.testing.assert_close(*outputs)
        grads = [
            torch.autograd.grad(output, (inputs, *layer.parameters()), g)
            for output, inputs, layer in zip(outputs, (x, y), (ours, theirs), strict=True)
        ]
        torch.testing.assert_close(*grads)
        torch.testing.assert_close(dict(ours.state_dict()), dict(theirs.state_dict()))


def test_the_gradient_is_that_of_the_values(generator: torch.Generator):
    x = torch.randn(2, 2, 4, 2, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(RotDCFBatchNorm2d(2).double(), x, fast_mode=True)


def test_trained_with_one_statistic_an_angle_the_state_would_not_turn(generator: torch.Generator):
    ours, x = RotDCFBatchNorm2d(3).double(), features(generator)
    by_angle = nn.Sequential(nn.Flatten(1, 2), nn.BatchNorm2d(24), nn.Unflatten(1, (3, 8))).double()
    for layer in (ours, by_angle):
        layer(x)
        layer.eval()
    assert_equivariant(ours, x, x.roll(2, 2), output_action=lambda y: y.roll(2, 2))
    with pytest.raises(AssertionError, match="not equivariant"):
        assert_equivariant(by_angle, x, x.roll(2, 2), output_action=lambda y: y.roll(2, 2))


def test_statistics_of_bfloat16_features_are_float32(generator: torch.Generator):
    ours, theirs = RotDCFBatchNorm2d(3), nn.BatchNorm3d(3)
    x = (features(generator) + 20).bfloat16()
    ours(x), theirs(x.float())
    torch.testing.assert_close(dict(ours.state_dict()), dict(theirs.state_dict()), rtol=1e-4, atol=1e-5)
