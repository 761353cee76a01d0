"""Translation: borders that no padding makes, such as bands, masks and loops, and places that are no border."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from coded import Coded
from torch import Tensor, nn

from invariance.checking import check

LINE: dict[str, Any] = {"group": "translation", "input_shape": (2, 48), "claim": "equivariant"}
PLANE: dict[str, Any] = {"group": "translation", "input_shape": (2, 20, 20), "claim": "equivariant"}


def apart(count: int) -> Tensor:
    places = torch.arange(count)
    return (places[:, None] - places).abs()


def taps(x: Tensor, axis: int = -1) -> Tensor:
    distance = apart(x.shape[axis])
    return torch.where(distance <= 2, 1 / (1 + distance), 0.0).to(x)


def band(x: Tensor) -> Tensor:
    return x @ taps(x)


def blur(x: Tensor) -> Tensor:
    return taps(x, -2) @ x @ taps(x)


def near(x: Tensor) -> Tensor:
    """Attention to the three neighbours on each side."""
    scores = (x.mT @ x).masked_fill(apart(x.shape[-1]) > 3, -torch.inf)
    return (scores.softmax(-1) @ x.mT).mT


def three_diagonals(x: Tensor) -> Tensor:
    return (torch.tril(torch.triu(x.mT @ x, -1), 1) @ x.mT).mT


def recurrence(x: Tensor) -> Tensor:
    state, found = torch.zeros_like(x[..., 0]), []
    for place in range(x.shape[-1]):
        state = 0.25 * state + x[..., place]
        found.append(state)
    return torch.stack(found, -1)


def brighter(y: Tensor) -> Tensor:
    return y * (1 + 0.5 * (torch.arange(y.shape[-1]) >= 0.8 * y.shape[-1]).to(y))


def ramp(y: Tensor) -> Tensor:
    return y + 0.01 * torch.linspace(-1, 1, y.shape[-1]).to(y)


LOCAL: dict[str, tuple[Callable[[Tensor], Tensor], dict[str, Any]]] = {
    "a band matrix": (band, LINE),
    "a band matrix on each axis": (blur, PLANE),
    "attention under a mask": (near, LINE),
    "diagonals of a matrix": (three_diagonals, LINE),
    "a recurrence": (recurrence, LINE),
}


@pytest.mark.parametrize("name", LOCAL)
def test_a_border_without_padding_is_not_blamed_on_the_network(name: str):
    local, asked = LOCAL[name]
    report = check(Coded(local), **asked)
    assert report.verdict == "consistent"
    assert report.scope == "apart from the border"


@pytest.mark.parametrize("fault", [brighter, ramp])
@pytest.mark.parametrize("name", LOCAL)
def test_and_hides_no_place(name: str, fault: Callable[[Tensor], Tensor]):
    local, asked = LOCAL[name]
    assert check(Coded(lambda x: fault(local(x))), **asked).verdict == "violated"


def test_windows_that_pass_over_the_outermost_lines_have_a_border_too():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(3, 3, 3, stride=4), nn.ReLU(), nn.Conv2d(3, 2, 3, padding=1))
    assert check(net, input_shape=(3, 42, 42), group="translation", claim="equivariant").verdict == "consistent"


def test_a_stride_that_does_not_divide_the_size_is_asked_about_where_it_does():
    asked: dict[str, Any] = {"group": "translation", "input_shape": (3, 20, 20)}
    conv = nn.Conv2d(3, 3, 3, padding=1, padding_mode="circular")
    pooled = nn.Sequential(conv, nn.AvgPool2d(3), Coded(lambda y: y.square().mean((-2, -1))))
    report = check(pooled, **asked)
    assert report.verdict == "violated"
    assert "asked at 21×21, which every stride divides" in str(report)

    def of_one_size(x: Tensor) -> Tensor:
        if x.shape[-1] != 20:
            raise ValueError("20 pixels only")
        return pooled.double()(x)

    assert check(of_one_size, **asked).verdict == "undecided"


def test_a_row_beside_the_border_is_no_border():
    def one_row(y: Tensor) -> Tensor:
        return torch.cat((y[..., :1, :], 1.5 * y[..., 1:2, :], y[..., 2:, :]), -2)

    assert check(nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), Coded(one_row)), **PLANE).verdict == "violated"


def test_what_divides_by_the_size_of_an_image_is_shown_none_without_size():
    assert check(Coded(lambda x: x / x.abs().amax((1, 2, 3), keepdim=True)), **PLANE).verdict == "consistent"


def rotary(x: Tensor, *, values: bool = False) -> Tensor:
    """Attention whose queries and keys are turned by their places, so that differences of places count alone."""
    angle = torch.arange(x.shape[-1]).to(x) / 3
    cos, sin = angle.cos(), angle.sin()
    turned = torch.stack((x[:, 0] * cos - x[:, 1] * sin, x[:, 0] * sin + x[:, 1] * cos), 1)
    return ((turned.mT @ turned).softmax(-1) @ (turned if values else x).mT).mT


def test_differences_of_places_are_no_places():
    report = check(Coded(rotary), **LINE)
    assert report.verdict == "consistent"
    assert report.scope == "apart from the border"
    for fault in (lambda x: rotary(x, values=True), lambda x: brighter(rotary(x)), lambda x: rotary(ramp(x))):
        assert check(Coded(fault), **LINE).verdict == "violated"


def test_advice_names_padding_only_where_something_pads():
    asked: dict[str, Any] = LINE | {"claim": "invariant"}
    report = check(Coded(lambda x: near(ramp(x)).mean(-1)), **asked)
    assert report.verdict == "undecided"
    assert "padding_mode" not in str(report)
