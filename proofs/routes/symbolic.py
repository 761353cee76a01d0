"""Claims for all sizes: induction steps in the free algebra, and matrices of symbolic dimension.

The free associative algebra Z⟨S, w, J, M⟩ is universal: an identity there holds for elements of every ring and,
factor by factor, for matrices of every fitting shape over every ring. `expand` writes an element in its basis of
words, so it decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Basic, Determinant, MatrixSymbol, Symbol, Transpose, expand
from sympy import symbols as letters

from invariance_proofs.evidence import Evidence, procedure

__all__ = ["determinant_law", "free", "induction", "matrices", "same", "same_matrix"]


def free(names: str) -> tuple[Any, ...]:
    """Letters of the free algebra, by their names with spaces between: $ab - ba$ is not 0.

    >>> a, b = free("a b")
    >>> a * b == b * a
    False
    """
    return letters(names, commutative=False, seq=True)


def matrices(**shapes: tuple[str | Symbol, str | Symbol]) -> tuple[Any, ...]:
    """Matrix symbols whose dimensions are symbols too.

    >>> J, M = matrices(J=("n", "m"), M=("m", "m"))
    >>> (J * M).shape
    (n, m)
    """
    sizes = {name: Symbol(str(name), integer=True, positive=True) for shape in shapes.values() for name in shape}
    return tuple(MatrixSymbol(name, *(sizes[size] for size in shape)) for name, shape in shapes.items())


@procedure
def same(left: Any, right: Any, /, what: str) -> Evidence:
    """Whether two elements of the free algebra are equal (commuting letters may be coefficients)."""
    residual = expand(left - right)
    detail = f"{what}: {'0' if residual == 0 else f'{residual} ≠ 0'} in the free algebra"
    return Evidence(residual == 0, detail, unknowns=_names(left, right))


@procedure
def same_matrix(left: Any, right: Any, /, what: str) -> Evidence:
    """Whether two polynomial expressions in matrix symbols and their transposes are equal for every dimension."""
    residual = (left - right).doit().expand()
    detail = f"{what}: {'0' if residual.is_ZeroMatrix else residual} for every dimension"
    return Evidence(residual.is_ZeroMatrix, detail, unknowns=_names(left, right))


@procedure
def induction(*, base: tuple[Any, Any], step: tuple[Any, Any], over: str = "n", what: str) -> Evidence:
    """Both halves of an induction over the size called `over`, each an equality of two elements of the free algebra."""
    parts = same(*base, what=f"{what}, base"), same(*step, what=f"{what}, step")
    unknowns = frozenset({over}).union(*(part.unknowns for part in parts))
    return Evidence(
        all(part.holds for part in parts), "; ".join(part.detail for part in parts), unknowns=unknowns, cases=2
    )


@procedure
def determinant_law(matrix: Any, law: Callable[[Any], Any], /, what: str) -> Evidence:
    """Whether det of a product of square matrix symbols is `law(det)`, by det(XY) = det X det Y and det Xᵀ = det X."""
    product = Determinant(matrix).doit().replace(lambda e: isinstance(e, Transpose), lambda e: e.arg)
    residual = expand(product - law(Determinant))
    detail = f"{what}: {'0' if residual == 0 else f'{residual} ≠ 0'} for every n"
    return Evidence(residual == 0, detail, unknowns=_names(matrix))


def _names(*expressions: Any) -> frozenset[str]:
    """The letters, and the symbols of the dimensions, that occur."""
    found = (expression.atoms(Symbol, MatrixSymbol) for expression in expressions if isinstance(expression, Basic))
    return frozenset(str(symbol) for symbols in found for symbol in symbols)
