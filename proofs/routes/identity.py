"""Polynomial identities over Z: expand into the normal form of Z[x₁, …, xₙ]; it is 0 or the identity is false."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod
from typing import Any

from sympy import ZZ
from sympy.polys.rings import PolyElement, PolyRing

from invariance_proofs.evidence import Evidence, StatementError, procedure
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
    free = PolyRing(names, ZZ)
    generators = (Unknown(free, gen, 1 << place) for place, gen in enumerate(free.gens))
    return tuple(_take(generators, shape) for shape in shapes.values())


class Unknown(PolyElement):
    """A polynomial that knows which unknowns it was computed from, cancelled ones too: x + y − y knows of y.

    So "for all y" is said only where y went into what was decided. `seen` has a bit for each unknown of the ring; of
    what is not arithmetic (derivatives, substitution) the unknowns that occur count.
    """

    def __init__(self, ring: PolyRing, init: Any = (), seen: int = 0) -> None:
        super().__init__(ring, init)
        self.seen = seen

    def __add__(self, other: Any) -> Any:
        if self and type(other) is int and not other:  # most of what sums over a group are made of
            return self
        return self._after(super().__add__(other), other)

    __iadd__ = __add__

    def __radd__(self, other: Any) -> Any:
        if self and type(other) is int and not other:
            return self
        return self._after(super().__radd__(other), other)

    def __sub__(self, other: Any) -> Any:
        return self._after(super().__sub__(other), other)

    def __rsub__(self, other: Any) -> Any:
        return self._after(super().__rsub__(other), other)

    def __mul__(self, other: Any) -> Any:
        if type(other) is int and not other:
            return Unknown(self.ring)
        return self._times(super().__mul__(other), other)

    def __rmul__(self, other: Any) -> Any:
        return self._times(super().__rmul__(other), other)

    def __neg__(self) -> Any:
        return self._after(super().__neg__(), 0)

    def __pow__(self, exponent: int) -> Any:
        return self._after(super().__pow__(exponent), 0)

    def _after(self, result: Any, other: Any) -> Any:
        """A 0 adds nothing, whatever it was computed from: (n − n) + 1 knows nothing of n."""
        if result is NotImplemented:
            return result
        return self._fresh(result, other, (self.seen if self else 0) | (_seen(other) if other else 0))

    def _times(self, result: Any, other: Any) -> Any:
        """0·n knows nothing of n."""
        if result is NotImplemented or result:
            return self._after(result, other)
        return self._fresh(result, other, 0)

    def _fresh(self, result: Any, other: Any, seen: int) -> Any:
        """The result, which SymPy makes anew but where it hands back an operand or a constant of the ring."""
        if type(result) is not Unknown or result is self or result is other:
            return Unknown(self.ring, result, seen)
        result.seen = seen
        return result


@procedure
def vanishes(*residuals: Any, what: str, of: Any = ()) -> Evidence:
    """Whether every residual (a polynomial, or a `Matrix` or tuple of them) is the zero polynomial.

    It is for all values of the unknowns that the residuals were computed from, by arithmetic; what was computed from
    others by integrals or substitution is given as `of`.
    """
    flat = list(_flatten(residuals))
    if not flat:
        raise StatementError(f"{what}: no residual, so nothing was checked")
    wrong = [residual for residual in flat if residual != 0]
    if not wrong:
        detail = f"{what}: normal form 0, {len(flat)} times"
        return Evidence(True, detail, unknowns=_names([*flat, *_flatten(of)]), cases=len(flat))
    terms = wrong[0].terms() if isinstance(wrong[0], PolyElement) else [wrong[0]]
    return Evidence(False, f"{what} is false: a normal form has {len(terms)} terms")


def _seen(item: Any) -> int:
    """A bit for each unknown that it was computed from, as far as that is known: at least those that occur."""
    if isinstance(item, Unknown):
        return item.seen
    if not isinstance(item, PolyElement):
        return 0
    return sum(1 << place for place, degree in enumerate(item.degrees()) if item and degree)


def _names(items: Iterable[Any]) -> frozenset[str]:
    """The unknowns that these were computed from; a number has none."""
    seen: dict[PolyRing, int] = {}
    for item in items:
        if isinstance(item, PolyElement):
            seen[item.ring] = seen.get(item.ring, 0) | _seen(item)
    return frozenset(
        str(symbol) for ring, bits in seen.items() for place, symbol in enumerate(ring.symbols) if bits >> place & 1
    )


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
