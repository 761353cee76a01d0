"""The orders that the report names, on what has them."""

import math

import pytest
import torch

from invariance.measure import InvarianceCurve
from invariance.report.orders import FIRST, HALF, POLES, Order
from invariance.report.result import _compared

SCALES = tuple(10 ** (-3 + k / 3) for k in range(6))


def curve(error) -> InvarianceCurve:
    difference = torch.tensor([error(s) ** 2 for s in SCALES], dtype=torch.float64)[:, None, None].expand(-1, 1, 3)
    counts = torch.ones_like(difference, dtype=torch.int64)
    return InvarianceCurve("net", "invariant", SCALES, difference, torch.ones(3).double(), counts, counts)


def told(error, order: Order) -> str:
    found = curve(error)
    fit = found.slope(generator=torch.Generator().manual_seed(0))
    return _compared("net", fit, {"net": order}, [found]).rpartition(": ")[2]


@pytest.mark.parametrize(
    ("error", "order"),
    [(lambda s: s, FIRST), (lambda s: math.sqrt(s) / 2, HALF), (lambda s: 0.5 * s * math.sqrt(math.log(1 / s)), POLES)],
)
def test_an_order_agrees_with_itself_and_not_with_another(error, order: Order):
    assert told(error, order) == "agrees"
    assert told(error, HALF if order is not HALF else FIRST) == "does not agree"


def test_the_integral_over_a_pole_is_of_the_order_that_is_said():
    """∫ min(1, σ/r)² r dr over r < 1 is σ² (1/2 + log 1/σ): its square root has the exponent of POLES as σ → 0."""
    for sigma in (1e-4, 1e-6, 1e-8):
        exponent = 1 - 0.5 / (0.5 + math.log(1 / sigma))
        assert POLES.exponent(sigma) == pytest.approx(exponent, abs=0.5 / math.log(1 / sigma) ** 2)
