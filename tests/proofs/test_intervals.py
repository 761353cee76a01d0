"""Rational enclosures against floats, and ends that must not cross."""

from fractions import Fraction
from math import erf as float_erf
from math import exp

import pytest

from invariance_proofs.evidence import StatementError
from invariance_proofs.routes.intervals import Interval, digits, erf, exp_minus


@pytest.mark.parametrize("x", [Fraction(0), Fraction(1, 3), Fraction(1), Fraction(7, 2), Fraction(50)])
def test_exp_encloses(x: Fraction) -> None:
    found = exp_minus(x)
    assert found.low <= found.high
    assert float(found.low) == pytest.approx(exp(-x), rel=1e-14)
    assert float(found.high) == pytest.approx(exp(-x), rel=1e-14)


@pytest.mark.parametrize("x", [Fraction(0), Fraction(1, 2), Fraction(1), Fraction(2)])
def test_erf_encloses(x: Fraction) -> None:
    found = erf(x)
    assert found.low <= found.high
    assert float(found.low) == pytest.approx(float_erf(x), abs=1e-12)
    assert float(found.high) == pytest.approx(float_erf(x), abs=1e-12)


def test_products_and_differences_round_outwards() -> None:
    x = Interval(Fraction(-1), Fraction(2))
    assert (x * x) == Interval(Fraction(-2), Fraction(4))
    assert (1 - x) == Interval(Fraction(-1), Fraction(2))
    assert (Fraction(-2) * x) == Interval(Fraction(-4), Fraction(2))


def test_digits_that_an_interval_only_touches_are_not_known() -> None:
    quarter = Fraction(1, 4)
    assert digits(Interval(quarter, quarter), "0.25", "x").holds
    assert digits(Interval(quarter, quarter), "2.5e-1", "x").holds
    assert not digits(Interval(quarter, 2 * quarter), "0.25", "x").holds
    assert not digits(Interval(quarter, quarter), "0.24", "x").holds
    assert not digits(Interval(Fraction(0), quarter), "0.2", "x").holds


@pytest.mark.parametrize("text", ["0.0", "0", "0.00e-3"])
def test_zeros_are_no_digits(text: str) -> None:
    with pytest.raises(StatementError, match="wanted is a digit other than 0"):
        digits(Interval(Fraction(1, 100), Fraction(1, 100)), text, "a hundredth")
