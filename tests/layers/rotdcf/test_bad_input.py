"""Every refusal names the argument, its value and what is wanted; what autocast does to the filters."""

from typing import Any

import pytest
import torch

from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.layers.rotdcf import (
    AnglePool,
    FourierBessel,
    RotDCFBatchNorm2d,
    RotDCFConv2d,
    RotDCFLift2d,
    RotDCFMaxPool2d,
    turn_features,
)

pytestmark = pytest.mark.bad_input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel_size": 4}, "kernel_size = 4: an odd number"),
        ({"kernel_size": 1}, "kernel_size = 1: a whole number ≥ 3"),
        ({"functions": 4}, "functions = 4: one of 1, 3, 5, 6, 8, 10, 12: whole pairs, on 5×5 pixels"),
        ({"functions": 8, "kernel_size": 3}, "functions = 8: one of 1, 3, 5, 6: whole pairs, on 3×3 pixels"),
        ({"modes": 4}, "modes = 4: an odd number: an even one splits a pair"),
        ({"modes": 9}, "modes = 9: at most the number of angles, 8"),
        ({"modes": 0}, "modes = 0: a whole number ≥ 1"),
        ({"angles": 6}, "angles = 6: a multiple of 4, so that quarter turns are exact"),
        ({"in_channels": 0}, "in_channels = 0: a whole number ≥ 1"),
        ({"stride": 0}, "stride = 0: a whole number ≥ 1"),
        ({"padding": -1}, "padding = -1: a whole number ≥ 0"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], message: str):
    with pytest.raises(ArgumentError, match=message):
        RotDCFConv2d(**{"in_channels": 2, "out_channels": 2, **options})


def test_numbers_that_are_none():
    with pytest.raises(ArgumentTypeError, match="kernel_size"):
        RotDCFLift2d(2, 2, (5, 5))  # pyright: ignore[reportArgumentType]
    with pytest.raises(ArgumentTypeError, match="angles"):
        FourierBessel.sample(5, 5).turned(8.0)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ArgumentError, match="reduce = 'sum'"):
        AnglePool("sum")  # pyright: ignore[reportArgumentType]


def test_features_that_do_not_fit():
    x = torch.zeros(2, 3, 8, 9, 9)
    for layer, features in [
        (RotDCFLift2d(2, 4), x[:, :, 0]),
        (RotDCFConv2d(3, 4, angles=12), x),
        (RotDCFConv2d(2, 4), x),
        (RotDCFConv2d(3, 4), x[..., :4]),
        (RotDCFBatchNorm2d(4), x),
        (RotDCFBatchNorm2d(3), x[:1, :, :1, :1, :1]),
        (RotDCFMaxPool2d(10), x),
        (AnglePool(), x[:, 0]),
    ]:
        with pytest.raises(ArgumentError, match=r"features.shape = \("):
            layer(features)
    with pytest.raises(ArgumentError, match=r"features.shape = \(3, 6, 2, 2\)"):
        turn_features(torch.zeros(3, 6, 2, 2), 1)


def test_filters_are_synthesised_in_float32_under_autocast(generator: torch.Generator):
    layer = RotDCFConv2d(2, 3, padding=2, generator=generator)
    x = torch.randn(2, 2, 8, 7, 7, generator=generator)
    exact = layer.filter_bank()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer.filter_bank(), exact)
        assert layer(x).dtype == torch.bfloat16


def test_the_bank_is_no_part_of_the_state():
    assert list(RotDCFConv2d(2, 3).state_dict()) == ["coefficients", "bias"]
    assert sum(p.numel() for p in RotDCFConv2d(2, 3).parameters()) == 2 * 3 * 5 * 5 + 3
    assert sum(p.numel() for p in RotDCFLift2d(2, 3, bias=False).parameters()) == 2 * 3 * 5


@pytest.mark.gpu
def test_the_device_makes_no_difference(card: str, generator: torch.Generator):
    layer = RotDCFConv2d(2, 3, padding=2, generator=generator).double()
    x = torch.randn(2, 2, 8, 7, 7, generator=generator, dtype=torch.float64)
    norm = RotDCFBatchNorm2d(3).double()
    wanted = norm(layer(x))
    torch.testing.assert_close(norm.to(card)(layer.to(card)(x.to(card))).cpu(), wanted)
