r"""Groups of linear and affine maps of $\mathbb{R}^n$, by n; and the Lorentz group.

Compact parts are drawn from the Haar measure, by the QR decomposition of a normal matrix with the signs of R's diagonal
taken out (Mezzadri 2007); translations are standard normal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError
from .element import Element
from .group import CLOSE, FiniteGroup, Group, Tangent
from .parts import Affine

__all__ = ["SE", "SO", "E", "O", "affine_maps", "lorentz", "parity", "scalings", "translations"]

Kind = Literal["orthogonal", "translation", "scaling", "affine", "lorentz"]

_GROWTH = 0.25  # standard deviation of a logarithm of a factor: nine in ten scalings are by less than 1.5
_HIGHEST = 32  # dimensions: the basis of the affine algebra has 1,056 elements then, each a derivative of the network
_RAPIDITY = 0.5  # of a boost: a speed of about half that of light


@dataclass(frozen=True, eq=False)
class LinearGroup(Group):
    """Attributes:

    kind: which matrices it has.
    dimension: n.
    proper: whether determinants are positive.
    moving: whether translations belong to it.
    """

    kind: Kind = "orthogonal"
    dimension: int = 2
    proper: bool = True
    moving: bool = False

    def sample(self, generator: torch.Generator) -> Element:
        n = self.dimension
        match self.kind:
            case "orthogonal":
                matrix = _haar(n, generator, proper=self.proper)
            case "translation":
                matrix = torch.eye(n, dtype=torch.float64)
            case "scaling":
                matrix = math.exp(_GROWTH * float(_normal(generator, ()))) * torch.eye(n, dtype=torch.float64)
            case "affine":
                matrix = torch.linalg.matrix_exp(_GROWTH * _normal(generator, (n, n)))
            case "lorentz":
                boost = torch.zeros((4, 4), dtype=torch.float64)
                boost[0, 1:] = _RAPIDITY * _normal(generator, (3,))
                turned = torch.block_diag(torch.ones(1, 1, dtype=torch.float64), _haar(3, generator, proper=True))
                matrix = torch.linalg.matrix_exp(boost + boost.mT) @ turned
        return Element({"space": Affine(matrix, _normal(generator, (n,)) if self.moving else None)})

    def contains(self, element: Element) -> bool:
        part = element.affine()
        if part is None or {*element.parts} != {"space"} or part.dimension != self.dimension:
            return element.is_identity
        if not self.moving and part.translation is not None and part.translation.abs().max() > CLOSE:
            return False
        if (self.proper and torch.linalg.det(part.matrix) <= 0) or not part.matrix.isfinite().all():
            return False
        one = torch.eye(self.dimension, dtype=torch.float64)
        match self.kind:
            case "orthogonal":
                return bool((part.matrix @ part.matrix.mT - one).abs().max() < CLOSE)
            case "translation":
                return bool((part.matrix - one).abs().max() < CLOSE)
            case "scaling":
                return bool((part.matrix - part.matrix[0, 0] * one).abs().max() < CLOSE)
            case "affine":
                return True
            case "lorentz":
                metric = torch.diag(torch.tensor([1.0, -1, -1, -1], dtype=torch.float64))
                kept = part.matrix.mT @ metric @ part.matrix - metric
                return bool(kept.abs().max() < CLOSE * float(part.matrix.square().sum()))


def SO(n: int) -> LinearGroup:
    r"""Rotations of space: $x \mapsto Qx$ with $Q^\top Q = 1$, $\det Q = 1$, Q n×n."""
    return _orthogonal(n, True, False)


def O(n: int) -> LinearGroup:
    r"""Rotations and reflections of space: $x \mapsto Qx$ with $Q^\top Q = 1$, Q n×n."""
    return _orthogonal(n, False, False)


def SE(n: int) -> LinearGroup:
    r"""Rotations and translations: $x \mapsto Qx + t$ with $Q^\top Q = 1$, $\det Q = 1$, t in the unit of x."""
    return _orthogonal(n, True, True)


def E(n: int) -> LinearGroup:
    r"""All that keeps distances: $x \mapsto Qx + t$ with $Q^\top Q = 1$, t in the unit of x."""
    return _orthogonal(n, False, True)


@cache
def _orthogonal(n: int, proper: bool, moving: bool) -> LinearGroup:
    mirror = torch.eye(_dimension(n), dtype=torch.float64)
    mirror[0, 0] = -1
    steps = () if proper else (Element({"space": Affine(mirror)}),)
    name = f"{'S' if proper else ''}{'E' if moving else 'O'}({n})"
    if not proper and not moving:
        name = f"O({n})"
    algebra = (*_rotations(n), *(_translations(n) if moving else ()))
    return LinearGroup(name, None, steps, algebra, ("space",), "orthogonal", n, proper, moving)


@cache
def translations(n: int) -> LinearGroup:
    """Points moved all alike: what centring takes out."""
    _dimension(n)
    return LinearGroup(f"translations({n})", None, (), _translations(n), ("space",), "translation", n, True, True)


@cache
def parity(n: int) -> FiniteGroup:
    """All coordinates reversed, or none: vectors change sign, pseudo-vectors do not."""
    inversion = Element({"space": Affine(-torch.eye(_dimension(n), dtype=torch.float64))}, "inversion")
    return FiniteGroup.generated(f"parity({n})", inversion)


@cache
def scalings(n: int) -> LinearGroup:
    """The same factor for all coordinates."""
    algebra = (Tangent("scaling", "space", Affine(torch.eye(_dimension(n), dtype=torch.float64))),)
    return LinearGroup(f"scalings({n})", None, (), algebra, ("space",), "scaling", n, True, False)


@cache
def affine_maps(n: int) -> LinearGroup:
    """Linear maps of positive determinant, and translations."""
    units = [(i, j, _unit(_dimension(n), i, j)) for i in range(n) for j in range(n)]
    linear = [
        Tangent(
            f"stretching along {_axis(n, i)}" if i == j else f"shear of {_axis(n, i)} by {_axis(n, j)}",
            "space",
            Affine(unit),
        )
        for i, j, unit in units
    ]
    return LinearGroup(f"affine({n})", None, (), (*linear, *_translations(n)), ("space",), "affine", n, True, True)


@cache
def lorentz() -> LinearGroup:
    """SO⁺(1, 3): boosts and rotations of (t, x, y, z)."""
    boosts = [
        Tangent(f"boost along {'xyz'[i - 1]}", "space", Affine(_unit(4, 0, i) + _unit(4, i, 0))) for i in (1, 2, 3)
    ]
    turns = [
        Tangent(f"rotation of {'xyz'[i - 1]} towards {'xyz'[j - 1]}", "space", Affine(_unit(4, j, i) - _unit(4, i, j)))
        for i, j in combinations((1, 2, 3), 2)
    ]
    return LinearGroup("lorentz", None, (), (*boosts, *turns), ("space",), "lorentz", 4, True, False)


def _rotations(n: int) -> tuple[Tangent, ...]:
    return tuple(
        Tangent(f"rotation of {_axis(n, i)} towards {_axis(n, j)}", "space", Affine(_unit(n, j, i) - _unit(n, i, j)))
        for i, j in combinations(range(n), 2)
    )


def _translations(n: int) -> tuple[Tangent, ...]:
    still, directions = torch.zeros((n, n), dtype=torch.float64), torch.eye(n, dtype=torch.float64)
    return tuple(Tangent(f"translation along {_axis(n, i)}", "space", Affine(still, directions[i])) for i in range(n))


def _axis(n: int, i: int) -> str:
    return "xyz"[i] if n <= 3 else f"axis {i}"


def _unit(n: int, row: int, column: int) -> Float[Tensor, "n n"]:
    unit = torch.zeros((n, n), dtype=torch.float64)
    unit[row, column] = 1
    return unit


def _haar(n: int, generator: torch.Generator, *, proper: bool) -> Float[Tensor, "n n"]:
    q, r = torch.linalg.qr(_normal(generator, (n, n)))
    q = q * r.diagonal().sign()
    if proper and torch.linalg.det(q) < 0:
        q = torch.cat((-q[:, :1], q[:, 1:]), 1)
    return q


def _normal(generator: torch.Generator, shape: tuple[int, ...]) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def _dimension(n: int) -> int:
    if not 1 <= n <= _HIGHEST:
        raise ArgumentError("n", n, f"a dimension of at least 1, and at most {_HIGHEST}")
    return n
