"""The three layers of DiffCNN on exact numbers: the reference that proofs reason about and torch layers are held to.

A field is a dict from pixels (x, y) to 3×2 Jacobians (rows: colours; columns: ∂x, ∂y) or to the 2×2 matrices that act
on them; a kernel is a dict from taps (k, l) to 3×3 matrices. Entries may come from any commutative ring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import product
from math import prod
from operator import add
from typing import Any

from invariance_proofs.matrix import Matrix

__all__ = [
    "BRANCHES",
    "DegenerateError",
    "Pixel",
    "act",
    "block",
    "convolve",
    "deviations",
    "flip",
    "gram_determinants",
    "invariant",
    "on_branches",
    "total",
    "unequal_invariants",
    "window",
]

Pixel = tuple[int, int]
Field = Mapping[Pixel, Matrix]


class DegenerateError(ValueError):
    """Some det V_c is 0, so log|det V_c| and every U_c of the pixel are undefined."""


def window(width: int, height: int | None = None) -> list[Pixel]:
    """The pixels of a width×height rectangle with its corner at (0, 0); square if no height is given."""
    return list(product(range(width), range(width if height is None else height)))


def block(pixel: Pixel, K: int) -> Pixel:
    """The K×K block of the grid that holds the pixel."""
    return pixel[0] // K, pixel[1] // K


def act(field: Field, by: Field) -> dict[Pixel, Matrix]:
    """The pointwise action (J·M)(x) = J(x) M(x)."""
    return {x: J @ by[x] for x, J in field.items()}


def total(matrices: Sequence[Matrix]) -> Matrix:
    """The sum of one or more matrices."""
    return reduce(add, matrices)


def convolve(channels: Sequence[Field], kernels: Sequence[Field], stride: int = 1) -> dict[Pixel, Matrix]:
    """One output channel of equation (1): (J ⋆ W)(o) = Σ_c Σ_k w_{c,k} J_c(stride·o + k), where all taps exist."""
    pixels, taps = channels[0].keys(), kernels[0].keys()
    corners = [x for x in pixels if x[0] % stride == x[1] % stride == 0]
    inside = [(x, y) for x, y in corners if all((x + k[0], y + k[1]) in pixels for k in taps)]
    return {
        (x // stride, y // stride): total(
            [w @ J[x + k[0], y + k[1]] for J, W in zip(channels, kernels, strict=True) for k, w in W.items()]
        )
        for x, y in inside
    }


def flip(J: Matrix, A: Matrix) -> Matrix:
    """Equation (3): Φ(J) = J if det(Jᵀ A J) > 0, else −J."""
    return J if (J.T @ A @ J).det() > 0 else -J


BRANCHES = [(1, s, t) for s in (1, -1) for t in (1, -1)]
"""The branches of Φ that three channels can be on, up to a common sign, which no V sees."""


def on_branches(signs: Sequence[int], channels: Sequence[Matrix]) -> list[Matrix]:
    """Φ with its decisions given: what is left is polynomial."""
    return [sign * J for sign, J in zip(signs, channels, strict=True)]


def deviations(jacobians: Sequence[Matrix]) -> list[Matrix]:
    """C (J_c − J̄) for the C channels of one pixel; the factor C avoids division and cancels in U."""
    everything = total(jacobians)
    return [len(jacobians) * J - everything for J in jacobians]


def gram_determinants(jacobians: Sequence[Matrix]) -> list[Any]:
    """C⁴ det V_c with V_c = (J_c − J̄)ᵀ(J_c − J̄), equation (4)."""
    return [(D.T @ D).det() for D in deviations(jacobians)]


def invariant(jacobians: Sequence[Matrix]) -> list[Any]:
    """exp(C·U_c) = det(V_c)^C / Π_k det V_k for the C channels of one pixel: equation (5) without the logarithm.

    Positive rationals if the entries are rational; equal values mean equal U_c. Raises `DegenerateError` if a det V_c
    is 0.
    """
    dets = gram_determinants(jacobians)
    if not all(dets):
        raise DegenerateError(f"det V = {[str(d) for d in dets]} up to a common factor: U is undefined")
    return [Fraction(d) ** len(dets) / prod(map(Fraction, dets)) for d in dets]


def unequal_invariants(before: Sequence[Any], after: Sequence[Any]) -> list[Any]:
    """d'_c^C Π d − d_c^C Π d' for the Gram determinants d of two pixels: all 0 iff U is equal, if no d is 0."""
    C = len(before)
    return [b**C * prod(before) - a**C * prod(after) for a, b in zip(before, after, strict=True)]
