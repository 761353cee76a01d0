"""Algebraic numbers: equal by arithmetic in Q(α) = Q[x]/(minimal polynomial), ordered by isolated roots; Sturm."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from sympy import QQ, Expr, Poly, Symbol, expand, minimal_polynomial, sympify
from sympy.polys.rings import PolyElement

from invariance_proofs.evidence import Evidence, procedure

__all__ = ["equal_numbers", "less", "zeros_from_zero"]

_X = Symbol("x")


@procedure
def equal_numbers(left: Any, right: Any, /, what: str, **numbers: object) -> Evidence:
    """Whether two algebraic numbers, written with roots and rationals, are equal: their difference is a root of x.

    >>> from sympy import sqrt
    >>> equal_numbers(sqrt(2) * sqrt(3), sqrt(6), what="√2 √3 = √6").holds
    True
    """
    difference = _number(left) - _number(right)
    if minimal_polynomial(difference, _X) == _X:
        return Evidence(True, f"{what}, as algebraic numbers")
    return Evidence(False, f"{what} is false", counterexample={**numbers, "left": str(left), "right": str(right)})


@procedure
def less(left: Any, right: Any, /, what: str, **numbers: object) -> Evidence:
    """Whether left < right for real algebraic numbers: the difference is told from 0 by isolating it among roots.

    >>> from sympy import sqrt
    >>> less(sqrt(2) + sqrt(3), sqrt(10), what="√2 + √3 < √10").holds
    True
    """
    difference = _number(right) - _number(left)
    polynomial = Poly(minimal_polynomial(difference, _X), _X, domain=QQ)
    if polynomial != Poly(_X, _X, domain=QQ):
        low, high = _isolated(polynomial, difference)
        if low >= 0:
            return Evidence(True, f"{what}: the difference lies in ({low}, {high})")
    return Evidence(False, f"{what} is false", counterexample={**numbers, "left": str(left), "right": str(right)})


@procedure
def zeros_from_zero(
    polynomials: Sequence[PolyElement], lowest: int, zeros: int, /, what: str, **numbers: object
) -> Evidence:
    """Whether polynomials in one unknown have this lowest power and so many common zeros from 0 on, by Sturm's theorem.

    >>> from sympy import ring
    >>> _, h = ring("h", QQ)
    >>> zeros_from_zero([h * (h - 1), h * (h - 2)], 1, 1, what="of order h, and 0 is the only common zero").holds
    True
    """
    common = reduce(lambda a, b: a.gcd(b), polynomials) if polynomials else None
    lowest_found = min((powers[0] for each in polynomials for powers in each.monoms()), default=None)
    found = Poly(common.as_expr(), *common.ring.symbols).count_roots(inf=0) if common else None
    if common and (lowest_found, found) == (lowest, zeros):
        return Evidence(True, what, unknowns=frozenset(map(str, common.ring.symbols)), about=numbers)
    told = {**numbers, "lowest_power": lowest_found, "zeros": found}
    return Evidence(False, f"not so: {what}", counterexample=told)


def _isolated(polynomial: Poly, number: Expr) -> tuple[Any, Any]:
    """An interval with rational ends that holds this root of the polynomial, no other one, and not 0."""
    near, digits = number.evalf(30), QQ(1, 10**6)
    while True:
        intervals: Any = polynomial.intervals(eps=digits)
        for (low, high), _ in intervals:
            if low - digits <= near <= high + digits and (low > 0 or high < 0):
                return low, high
        digits /= 10**6


def _number(value: Any) -> Expr:
    return expand(sympify(value))
