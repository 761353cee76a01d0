"""Exact derivatives of polynomial images and warps, by dual numbers (sum and product rule, nothing else)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import symbols

from invariance_proofs.diffcnn.layers import total
from invariance_proofs.matrix import Matrix

__all__ = ["Dual", "Map", "compose", "features", "jacobian", "written"]

Map = Callable[[Any, Any], Sequence[Any]]
"""A polynomial map of the plane: (x, y) ↦ three colours (an image) or two coordinates (a warp)."""


@dataclass(frozen=True)
class Dual:
    """value + dx·∂x + dy·∂y with ∂x² = ∂x∂y = ∂y² = 0, over any commutative ring."""

    value: Any
    dx: Any = 0
    dy: Any = 0

    def __add__(self, other: Any) -> Dual:
        other = _dual(other)
        return Dual(self.value + other.value, self.dx + other.dx, self.dy + other.dy)

    def __mul__(self, other: Any) -> Dual:
        other = _dual(other)
        return Dual(
            self.value * other.value,
            self.value * other.dx + self.dx * other.value,
            self.value * other.dy + self.dy * other.value,
        )

    def __neg__(self) -> Dual:
        return -1 * self

    def __sub__(self, other: Any) -> Dual:
        return self + -1 * _dual(other)

    def __rsub__(self, other: Any) -> Dual:
        return -self + other

    __radd__ = __add__
    __rmul__ = __mul__


def _dual(item: Any) -> Dual:
    return item if isinstance(item, Dual) else Dual(item)


def jacobian(f: Map, point: Sequence[Any]) -> Matrix:
    """df at a point: one row for each component, columns ∂x and ∂y.

    >>> str(jacobian(lambda x, y: (x * x, x * y), (3, 5)))
    '[[6, 0], [5, 3]]'
    """
    x, y = point
    components = f(Dual(x, 1, 0), Dual(y, 0, 1))
    return Matrix.of((_dual(component).dx, _dual(component).dy) for component in components)


def compose(image: Map, warp: Map) -> Map:
    """The warped image I∘φ."""
    return lambda x, y: image(*warp(x, y))


def features(
    image: Map, kernels: Sequence[Mapping[tuple[int, int], Matrix]], point: Sequence[Any], step: Any = 1
) -> list[Matrix]:
    """The convolution of the exact Jacobian field with taps `step` apart: O_c(x) = Σ_k w_{c,k} J(x + step·k)."""
    x, y = point
    return [
        total([w @ jacobian(image, (x + step * k[0], y + step * k[1])) for k, w in kernel.items()])
        for kernel in kernels
    ]


def written(f: Map) -> str:
    """The map as text that can be pasted.

    >>> written(lambda x, y: (x * x, 3 * y))
    '(x**2, 3*y)'
    """
    return str(tuple(f(*symbols("x y"))))
