"""rotdcf-cnn: what its heads keep, its size, its seed."""

import pytest
import torch

from invariance.errors import ArgumentError
from invariance.models import RegularCNN, RotDCFCNN, build
from invariance.testing import assert_invariant


@pytest.mark.parametrize("options", [{}, {"kernel_size": 3, "functions": 6, "modes": 7}, {"angles": 4, "modes": 3}])
def test_pooled_logits_are_invariant_under_quarter_turns(options: dict, generator: torch.Generator):
    net = RotDCFCNN(width=8, generator=generator, **options)
    x = torch.randn(2, 3, 32, 32, generator=generator)
    net(x)
    net.eval()
    for quarter in (1, 2, 3):
        assert_invariant(net, x, x.rot90(quarter, (-2, -1)), tolerance=2e-6)


def test_flattened_angles_are_not(generator: torch.Generator):
    net = RotDCFCNN(width=8, head="flatten", generator=generator)
    x = torch.randn(2, 3, 32, 32, generator=generator)
    with pytest.raises(AssertionError, match="not invariant"):
        assert_invariant(net, x, x.rot90(1, (-2, -1)))


@pytest.mark.parametrize(("width", "functions", "modes", "classes"), [(32, 5, 5, 10), (16, 12, 7, 4)])
def test_the_number_of_parameters(width: int, functions: int, modes: int, classes: int):
    net = RotDCFCNN(width=width, functions=functions, modes=modes, classes=classes)
    c = width // 8
    wanted = 63 * c**2 * functions * modes + (3 * functions + 22 + 8 * classes) * c + classes
    assert sum(p.numel() for p in net.parameters()) == wanted


def test_activations_are_as_large_as_the_regular_networks():
    x = torch.zeros(2, 3, 32, 32)
    planar = [y.numel() for y in _activations(RegularCNN(width=16), x)]
    assert planar == [y.numel() for y in _activations(RotDCFCNN(width=16), x)]


def _activations(net: RegularCNN | RotDCFCNN, x: torch.Tensor) -> list[torch.Tensor]:
    found = []
    for layer in net.features:
        x = layer(x)
        if isinstance(layer, torch.nn.ReLU):
            found.append(x)
    return found


def test_the_generator_decides(generator: torch.Generator):
    twins = [build("rotdcf-cnn", width=8, generator=torch.Generator().manual_seed(s)) for s in (1, 1, 2)]
    weights = [torch.cat([p.flatten() for p in net.parameters()]) for net in twins]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.bad_input
def test_bad_options():
    with pytest.raises(ArgumentError, match="width = 12: a multiple of the number of angles, 8"):
        RotDCFCNN(width=12)
    with pytest.raises(ArgumentError, match="head = 'max': 'pool' or 'flatten'"):
        RotDCFCNN(head="max")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ArgumentError, match="height and width ≥ 24"):
        RotDCFCNN(width=8)(torch.zeros(1, 3, 16, 16))
