"""What is said of a violation, for each kind of group."""

from typing import Any

import pytest
import torch
from torch import nn

from invariance.testing import check
from invariance.testing.explain import explain


def plain(**options: Any) -> nn.Conv2d:
    torch.manual_seed(1)
    return nn.Conv2d(3, 4, 3, **options)


class Position(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.linspace(0, 1, x.shape[-1], dtype=x.dtype)


CASES: dict[str, tuple[Any, ...]] = {
    "p4": (lambda: plain(padding=1), {}, "0° at 16×16: E = ", "simplest image: AnalyticImage.from_waves([[["),
    "at another size": (lambda: plain(stride=2), {"sizes": (15,)}, "0° at 15×15: E = ", "simplest image: "),
    "shifts of a field": (Position, {"group": "translation"}, "worst: shift by (", "simplest image: "),
    "shifts of a vector": (
        lambda: nn.Sequential(plain(stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1)),
        {"group": "translation", "claim": "invariant"},
        "worst: shift by (",
        "simplest image: ",
    ),
    "gains": (lambda: torch.sin, {"group": "colour-gain"}, "worst: gain 6 of channel 1", "(1, 0, 1.0, 0.0)"),
    "rotations": (
        lambda: nn.Sequential(nn.AvgPool2d(2), Position()),
        {"group": "shear", "sizes": (16, 24, 32, 48)},
        "E∞ = ",
        "shear: E = ",
    ),
}


@pytest.mark.parametrize(("make", "options", "first", "then"), CASES.values(), ids=CASES)
def test_a_violation_is_explained(make, options, first: str, then: str):
    model = make()
    asked = {"group": "p4", "claim": "equivariant", "input_shape": (3, 16, 16), **options}
    report = check(model, **asked)
    assert report.verdict == "violated"
    said = "\n".join(explain(model, report))
    assert first in said
    assert then in said


def test_a_consistent_report_has_its_worst_row():
    (said,) = explain(torch.relu, check(torch.relu, input_shape=(3, 9, 9), group="p4", claim="equivariant"))
    assert "E = 0.00e+00" in said


def test_nothing_is_measured_of_a_constant():
    report = check(torch.ones_like, input_shape=(3, 9, 9), group="p4")
    assert explain(torch.ones_like, report) == []
