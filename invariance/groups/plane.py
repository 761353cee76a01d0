"""Finite groups of the plane and the cube: C_N, D_N, flips, today's split groups as elements, the cube's symmetries."""

from __future__ import annotations

import math
from functools import cache
from itertools import permutations, product

import torch

from ..errors import ArgumentError, one_of
from .element import Element
from .group import FiniteGroup
from .parts import Affine
from .split import SplitGroup

__all__ = ["cube", "cyclic", "dihedral", "flips", "of_split", "turn"]


def turn(numerator: int, denominator: int, *, mirrored: bool = False) -> Element:
    """The rotation by a part of a full turn, counter-clockwise on the screen; after the flip of rows where `mirrored`.

    Multiples of a quarter turn are exact.
    """
    exact = {0: (1.0, 0.0), 1: (0.0, 1.0), 2: (-1.0, 0.0), 3: (0.0, -1.0)}
    quarters, rest = divmod(4 * (numerator % denominator), denominator)
    angle = 2 * math.pi * numerator / denominator
    c, s = (math.cos(angle), math.sin(angle)) if rest else exact[quarters]
    return Element({"space": Affine.of([[c, -s], [-s, -c]] if mirrored else [[c, s], [-s, c]])})


_MOST = 1000  # rotations: neighbours differ by a pixel at the rim of an image of 320 pixels


@cache
def cyclic(order: int) -> FiniteGroup:
    """C_N: rotations of the plane by multiples of 360°/N; element k by k of them, as `escnn` and p4 have it."""
    _at_least_one("order", order)
    listed = [turn(k, order) for k in range(order)]
    return FiniteGroup.of(f"C({order})", listed, generators=listed[1:2], slots=("space",))


@cache
def dihedral(order: int) -> FiniteGroup:
    """D_N, of 2N elements: C_N first, then each of its rotations after the flip of rows, as p4m has it."""
    _at_least_one("order", order)
    listed = [turn(k, order, mirrored=m) for m in (False, True) for k in range(order)]
    steps = [listed[order], *listed[1 : 2 if order > 1 else 1]]
    return FiniteGroup.of(f"D({order})", listed, generators=steps, slots=("space",))


_FLIPS = {"flip-lr": ((-1, 1),), "flip-ud": ((1, -1),), "flips": ((-1, 1), (1, -1)), "flip-depth": ((1, 1, -1),)}


@cache
def flips(name: str = "flips") -> FiniteGroup:
    """*flip-lr* exchanges left and right, *flip-ud* up and down; *flips* has both; *flip-depth* is that of a volume."""
    if name not in _FLIPS:
        raise ArgumentError("name", name, one_of(name, _FLIPS))
    steps = [Element({"space": Affine(torch.diag(torch.tensor(d, dtype=torch.float64)))}) for d in _FLIPS[name]]
    return FiniteGroup.generated(name, *steps)


@cache
def of_split(group: SplitGroup) -> FiniteGroup:
    """The same H in the same order, its matrices those of (x, y) instead of (row, column)."""
    matrices = [torch.tensor(m, dtype=torch.float64).flip(0, 1) for m in group.matrices]
    listed = [Element({"space": Affine(m)}) for m in matrices]
    return FiniteGroup.of(group.name, listed, slots=("space",))


@cache
def cube(*, reflections: bool = False) -> FiniteGroup:
    """The 24 rotations of the cube, or all its 48 symmetries: signed permutations of the axes x, y, z."""
    matrices = []
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        matrix = torch.zeros((3, 3), dtype=torch.float64)
        matrix[range(3), list(order)] = torch.tensor(signs, dtype=torch.float64)
        if reflections or torch.linalg.det(matrix) > 0:
            matrices.append(matrix)
    listed = [Element({"space": Affine(matrix)}) for matrix in matrices]
    return FiniteGroup.of("octahedral" if reflections else "cube", listed, slots=("space",))


def _at_least_one(argument: str, value: int) -> None:
    if not 1 <= value <= _MOST:
        raise ArgumentError(argument, value, f"a whole number of at least 1, and at most {_MOST}")
