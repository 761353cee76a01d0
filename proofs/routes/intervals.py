"""Rational bounds, rounded outwards, on exp and erf: a number between two fractions is decided, not computed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import factorial

from invariance_proofs.evidence import Evidence, StatementError, procedure

__all__ = ["Interval", "digits", "erf", "exp_minus"]


@dataclass(frozen=True)
class Interval:
    """All numbers from `low` to `high`.

    >>> (Interval(Fraction(1), Fraction(2)) * Interval(Fraction(-1), Fraction(3))).high
    Fraction(6, 1)
    """

    low: Fraction
    high: Fraction

    def __mul__(self, other: Interval) -> Interval:
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    def __rsub__(self, number: int) -> Interval:
        return Interval(number - self.high, number - self.low)

    def __rmul__(self, number: Fraction | int) -> Interval:
        ends = number * self.low, number * self.high
        return Interval(min(ends), max(ends))


def exp_minus(x: Fraction, terms: int = 40) -> Interval:
    """e⁻ˣ for x ≥ 0: with m ≥ x a power of 2, (e^{−x/m})ᵐ, the inner one between two partial sums of its series."""
    m = 1
    while m < x:
        m *= 2
    step = Fraction(x) / m
    sums = [sum(((-step) ** k / factorial(k) for k in range(n)), Fraction(0)) for n in (terms, terms + 1)]
    found = Interval(_down(min(sums)), _up(max(sums)))
    while m > 1:
        found, m = found * found, m // 2
        found = Interval(_down(found.low), _up(found.high))
    return found


TWO_OVER_ROOT_PI = Interval(*(Fraction(1128379167095512573896158903121 + k, 10**30) for k in (0, 1)))
"""2/√π between two decimals of 30 places (π = 3.141592653589793238462643383279…)."""


def erf(x: Fraction, terms: int = 160) -> Interval:
    """(2/√π) Σ (−1)ᵏ x^{2k+1}/(k!(2k + 1)) for 0 ≤ x ≤ 6: terms fall from k = x² on, so two partial sums enclose it."""
    sums = [
        sum(((-1) ** k * x ** (2 * k + 1) / (factorial(k) * (2 * k + 1)) for k in range(n)), Fraction(0))
        for n in (terms, terms + 1)
    ]
    return TWO_OVER_ROOT_PI * Interval(min(sums), max(sums))


@procedure
def digits(found: Interval, text: str, what: str) -> Evidence:
    """Whether the number's decimals begin as `text` has them ("0.0676", "6.9e-88"), whatever it is in its interval.

    >>> digits(Interval(Fraction(1, 3), Fraction(1, 3)), "0.33", "a third").holds
    True

    Raises `StatementError` for zeros alone, which say of no number where its digits begin.
    """
    low = Fraction(text)
    if not low:
        raise StatementError(f"{what}: {text}: wanted is a digit other than 0")
    mantissa, _, exponent = text.partition("e")
    high = low + Fraction(10) ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    holds = low <= found.low and found.high < high
    return Evidence(holds, f"{what} is {'' if holds else 'not known to be '}{text}…")


_GRID = 2**400


def _down(x: Fraction) -> Fraction:
    return Fraction(x.numerator * _GRID // x.denominator, _GRID)


def _up(x: Fraction) -> Fraction:
    return -_down(-x)
