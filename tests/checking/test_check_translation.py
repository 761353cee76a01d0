"""Translations: positions and places that a model knows of, also where padding is circular."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from invariance.checking import check

TAPS = torch.randn(3, 3, 3, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64) / 3


def conv(x: Tensor) -> Tensor:
    return F.conv2d(F.pad(x, (1, 1, 1, 1), "circular"), TAPS).tanh()


def line(x: Tensor) -> Tensor:
    return torch.linspace(-1, 1, x.shape[-1], dtype=torch.float64)


FIELDS: dict[str, Callable[[Tensor], Tensor]] = {
    "ramp": lambda x: conv(x) + 0.01 * line(x),
    "ramp before": lambda x: conv(x + 0.01 * line(x)),
    "vignette": lambda x: conv(x) * (1 - 0.01 * line(x).square()),
}


@pytest.mark.parametrize("model", FIELDS.values(), ids=FIELDS)
def test_positions_on_a_torus(model: Callable[[Tensor], Tensor]):
    options = {"input_shape": (3, 20, 20), "group": "translation", "claim": "equivariant"}
    assert check(conv, **options).verdict == "consistent"
    report = check(model, **options)
    assert report.verdict == "violated"
    assert any("well inside" in said for said in report.diagnosis)


def test_a_place_that_a_larger_image_does_not_have():
    """The same six columns are outside the content where it is shown on a larger canvas."""
    report = check(lambda x: conv(x)[..., :6].mean((-2, -1)), input_shape=(3, 12, 12), group="translation")
    assert report.verdict == "violated"


def test_the_border_is_not_judged():
    def padded(x: Tensor) -> Tensor:
        return F.conv2d(x, TAPS, padding=1).relu()

    def cropped(x: Tensor) -> Tensor:
        return padded(x)[..., :-1].mean((-2, -1))

    options = {"input_shape": (3, 16, 16), "group": "translation"}
    assert check(padded, claim="equivariant", **options).verdict == "consistent"
    assert check(cropped, claim="invariant", **options).verdict == "consistent"


@pytest.mark.parametrize("size", [28, 29, 30, 31])
def test_nothing_comes_around_the_edge(size: int):
    """Windows of 2 at every third pixel: their outputs reach the edge, and leave pixels over."""
    pool = torch.nn.AvgPool2d(2, stride=3)
    report = check(pool, input_shape=(3, size, size), group="translation", claim="equivariant")
    assert report.verdict == "consistent"
