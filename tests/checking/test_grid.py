"""Strides of an output, found by letting the input grow."""

from fractions import Fraction

import pytest
import torch
from torch import nn

from invariance.checking import check
from invariance.checking.grid import strides_of
from invariance.checking.probe import Probe

LAYERS = {
    "none": (nn.Conv2d(1, 1, 5), (1, 1)),
    "two": (nn.Conv2d(1, 1, 3, stride=2), (2, 2)),
    "three": (nn.Conv2d(1, 1, 3, stride=3, padding=1), (3, 3)),
    "five": (nn.Conv2d(1, 1, 5, stride=5), (5, 5)),
    "seven": (nn.MaxPool2d(7), (7, 7)),
    "rows only": (nn.AvgPool2d((4, 1)), (4, 1)),
    "sixteen": (nn.Sequential(nn.MaxPool2d(4), nn.MaxPool2d(4)), (16, 16)),
    "finer": (nn.ConvTranspose2d(1, 1, 4, stride=2, padding=1), (Fraction(1, 2), Fraction(1, 2))),
    "finer by a half": (nn.Sequential(nn.Upsample(scale_factor=3), nn.AvgPool2d(2)), (Fraction(2, 3), Fraction(2, 3))),
    "pixels from channels": (nn.Sequential(nn.Conv2d(1, 16, 1), nn.PixelShuffle(4)), (Fraction(1, 4), Fraction(1, 4))),
}


@pytest.mark.parametrize(("layer", "strides"), LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("shape", [(1, 24, 24), (1, 37, 30)])
def test_strides(layer: nn.Module, strides: tuple[Fraction, Fraction], shape: tuple[int, ...]):
    probe = Probe(layer, dtype=torch.float64, device="cpu", batch=2)
    assert strides_of(probe, shape, probe(torch.zeros((1, *shape)))) == strides


@pytest.mark.parametrize("layer", [layer for layer, _ in LAYERS.values()], ids=LAYERS)
def test_outputs_move_by_their_own_pixels(layer: nn.Module):
    report = check(layer, input_shape=(1, 48, 48), group="translation", claim="equivariant")
    assert report.verdict == "consistent", report


@pytest.mark.parametrize(("size", "strides"), [((32, 32), (4, 4)), ((24, 48), (3, 6))])
def test_models_of_one_size(size: tuple[int, int], strides: tuple[int, int]):
    def model(x: torch.Tensor) -> torch.Tensor:
        if x.shape[-2:] != size:
            raise ValueError("another size")
        return nn.functional.adaptive_avg_pool2d(x, 8)

    probe = Probe(model, dtype=torch.float64, device="cpu", batch=2)
    assert strides_of(probe, (1, *size), probe(torch.zeros(1, 1, *size))) == strides


def test_squares_only():
    def model(x: torch.Tensor) -> torch.Tensor:
        assert x.shape[-1] == x.shape[-2]
        return x[..., ::3, ::3]

    probe = Probe(model, dtype=torch.float64, device="cpu", batch=2)
    assert strides_of(probe, (1, 25, 25), probe(torch.zeros(1, 1, 25, 25))) == (3, 3)
