r"""Quarter turns to rounding; eighth turns by refinement.

A disc of diameter 1 is sampled by k×k taps of step h = 1/k, so a correlation is the quadrature of an integral over the
plane, and its error is the filter's spectrum on the dual lattice (Poisson). A Fourier–Bessel function vanishes at the
rim with a kink, so its spectrum falls as $|\xi|^{-5/2}$ and the error of the first layer as $h^{5/2}$; ReLU adds kinks
along lines, whose spectrum falls as $|\xi|^{-2}$ at least. So E(k) must tend to 0 with an order of 2 or more. The
networks are positively homogeneous, so the scale of the sums cancels, and they are read at the centre of rotation,
where nothing is interpolated.
"""

import dataclasses
import math
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from invariance.images import AnalyticImage
from invariance.layers.rotdcf import (
    AnglePool,
    FourierBessel,
    RotDCFBatchNorm2d,
    RotDCFConv2d,
    RotDCFLift2d,
    RotDCFMaxPool2d,
    turn_features,
)
from invariance.measure import ErrorReport, Ladder, equivariance_error, refinement_ladder
from invariance.testing import assert_consistent, assert_equivariant

QUARTERS = (1, 2, 3)


def turn_image(images: Tensor, quarter: int) -> Tensor:
    return images.rot90(quarter, (-2, -1))


def network(generator: torch.Generator, angles: int = 8) -> nn.Sequential:
    net = nn.Sequential(
        RotDCFLift2d(3, 4, padding=2, angles=angles),
        RotDCFBatchNorm2d(4),
        nn.ReLU(),
        RotDCFConv2d(4, 5, 3, padding=1, angles=angles, modes=3),
        RotDCFMaxPool2d(2),
        RotDCFBatchNorm2d(5),
        nn.ReLU(),
        RotDCFConv2d(5, 3, stride=2, padding=1, angles=angles, modes=3, functions=8),
    )
    for parameter in net.parameters():
        nn.init.normal_(parameter, generator=generator)
    return net


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-13)])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("angles", [4, 8])
def test_quarter_turns_are_exact(dtype, tolerance, training, angles, generator):
    net = network(generator, angles).to(dtype)
    x = torch.randn(4, 3, 18, 14, generator=generator, dtype=dtype)
    net(x)
    net.train(training)
    for quarter in QUARTERS:
        turned = turn_image(x, quarter)
        action = partial(turn_features, quarter_turns=quarter)
        assert_equivariant(net, x, turned, output_action=action, tolerance=tolerance)


@pytest.mark.parametrize("quarter", QUARTERS)
def test_one_joint_layer_moves_features_in_both_ways(quarter: int, generator: torch.Generator):
    layer = RotDCFConv2d(3, 4, padding=2, generator=generator).double()
    x = torch.randn(2, 3, 8, 9, 7, generator=generator, dtype=torch.float64)
    assert_equivariant(layer, x, turn_features(x, quarter), output_action=lambda y: turn_features(y, quarter))
    report = equivariance_error(layer, x, turn_image(x, quarter), output_action=lambda y: turn_features(y, quarter))
    assert report.relative > 0.1


@pytest.mark.parametrize("reduce", ["max", "mean"])
def test_pooled_angles_turn_as_an_image(reduce, generator: torch.Generator):
    net = network(generator).double().append(AnglePool(reduce))
    x = torch.randn(4, 3, 18, 18, generator=generator, dtype=torch.float64)
    assert_equivariant(net, x, turn_image(x, 1), output_action=lambda y: turn_image(y, 1))


def test_turns_form_a_group_of_order_four(generator: torch.Generator):
    x = torch.randn(2, 8, 3, 4, generator=generator)
    assert torch.equal(turn_features(turn_features(x, 1), 2), turn_features(x, 3))
    assert torch.equal(turn_features(x, 4), x)
    assert torch.equal(turn_features(x, 1)[:, 2], turn_image(x, 1)[:, 0])


def test_white_noise_keeps_its_variance(generator: torch.Generator):
    for layer, shape in (
        (RotDCFLift2d(3, 64, generator=generator), (8, 3, 24, 24)),
        (RotDCFConv2d(8, 32, generator=generator), (4, 8, 8, 24, 24)),
    ):
        out = layer(torch.randn(shape, generator=generator)).var()
        assert 1 / 1.5 < out < 1.5


def eighth_turn_ladder(relu: bool) -> Ladder:
    generator = torch.Generator().manual_seed(1)
    image = AnalyticImage.random(8, generator=generator)
    alpha = math.pi / 4
    back = torch.tensor([[math.cos(alpha), -math.sin(alpha)], [math.sin(alpha), math.cos(alpha)]]).double()

    def measure(size: int) -> ErrorReport:
        weights = torch.Generator().manual_seed(2)
        layers = [RotDCFLift2d(3, 4, size, functions=6, generator=weights)]
        if relu:
            layers += [nn.ReLU(), RotDCFConv2d(4, 6, size, functions=6, generator=weights)]
        pixels = 2 * size - 1 if relu else size
        line = (torch.arange(pixels, dtype=torch.float64) - pixels // 2) / size
        points = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1)[None]
        net = nn.Sequential(*layers).double()
        return equivariance_error(net, image(points), image(points @ back.mT), output_action=lambda y: y.roll(1, 2))

    return refinement_ladder(measure, generator=generator, sizes=(7, 9, 13, 19))


@pytest.mark.parametrize("relu", [False, True])
def test_eighth_turns_are_exact_in_the_limit(relu: bool):
    assert assert_consistent(eighth_turn_ladder(relu)).order >= 2


@pytest.mark.parametrize("relu", [False, True])
def test_a_wrong_phase_that_no_quarter_turn_sees_is_seen(relu: bool, monkeypatch: pytest.MonkeyPatch):
    """The pairs of order 2 turned as if they were of order 6: the same at multiples of 90°."""
    sample = FourierBessel.sample

    def misread(kernel_size: int, functions: int) -> FourierBessel:
        basis = sample(kernel_size, functions)
        return dataclasses.replace(basis, orders=tuple(6 if k == 2 else k for k in basis.orders))

    monkeypatch.setattr(FourierBessel, "sample", misread)
    test_one_joint_layer_moves_features_in_both_ways(1, torch.Generator().manual_seed(0))
    assert eighth_turn_ladder(relu).verdict == "violated"
