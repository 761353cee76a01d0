"""Polynomial identities over Z: expand into the normal form of Z[x₁, …, xₙ]; it is 0 or the identity is false."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod
from typing import Any

from sympy import ZZ
from sympy.polys.rings import PolyElement, ring

from invariance_proofs.evidence import Evidence, StatementError
from invariance_proofs.matrix import Matrix

__all__ = ["unknowns", "vanishes"]


def unknowns(**shapes: int | tuple[int, int]) -> tuple[Any, ...]:
    """Independent unknowns of one polynomial ring over Z, in the order asked for.

    A shape (n, m) gives a `Matrix`, n > 1 a tuple of n unknowns, 1 a single unknown.

    >>> M, t = unknowns(M=(2, 2), t=1)
    >>> M.det() * t
    M00*M11*t - M01*M10*t
    """
    names = [f"{name}{index}" for name, shape in shapes.items() for index in _indices(shape)]
    generators = iter(ring(names, ZZ)[1:])
    return tuple(_take(generators, shape) for shape in shapes.values())


def vanishes(*residuals: Any, what: str) -> Evidence:
    """Whether every residual (a polynomial, or a `Matrix` or tuple of them) is the zero polynomial."""
    flat = list(_flatten(residuals))
    if not flat:
        raise StatementError(f"{what}: no residual, so nothing was checked")
    wrong = [residual for residual in flat if residual != 0]
    if not wrong:
        free = {
            str(symbol) for residual in flat if isinstance(residual, PolyElement) for symbol in residual.ring.symbols
        }
        return Evidence(True, f"{what}: normal form 0, {len(flat)} times", unknowns=frozenset(free))
    terms = wrong[0].terms() if isinstance(wrong[0], PolyElement) else [wrong[0]]
    return Evidence(False, f"{what} is false: a normal form has {len(terms)} terms")


def _indices(shape: int | tuple[int, int]) -> list[str]:
    if isinstance(shape, tuple):
        return [f"{i}{j}" for i in range(shape[0]) for j in range(shape[1])]
    return [""] if shape == 1 else [str(i) for i in range(shape)]


def _take(generators: Iterator[Any], shape: int | tuple[int, int]) -> Any:
    if isinstance(shape, tuple):
        rows, columns = shape
        return Matrix.of([next(generators) for _ in range(columns)] for _ in range(rows))
    return next(generators) if shape == 1 else tuple(next(generators) for _ in range(prod((shape,))))


def _flatten(item: Any) -> Iterator[Any]:
    if isinstance(item, Matrix) or (isinstance(item, Iterable) and not isinstance(item, PolyElement)):
        for part in item:
            yield from _flatten(part)
    else:
        yield item
