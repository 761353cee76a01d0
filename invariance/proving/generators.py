"""Groups that act on an input by moving entries and changing signs: generators, relations, subgroups.

A generator is its motion on a tensor of any fitting shape, so that the same generator says how an output is to move.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from math import factorial, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from .actions import Action

__all__ = ["GROUPS", "Generator", "MovingGroup", "group_of"]

Shape = tuple[int, ...]
Word = tuple[int, ...]


@dataclass(frozen=True)
class Generator:
    """A name, and what it does to a tensor of shape (1, …): an array is moved as `T ↦ T(g·)`."""

    name: str
    act: Callable[[NDArray[Any]], NDArray[Any]]
    signs: Callable[[Shape], dict[int, NDArray[np.float64]]] | None = None

    def on(self, shape: Shape) -> Action:
        """The action on a tensor of this shape, the batch axis of length 1 in front.

        Raises ArgumentError where the generator does not act on that shape.
        """
        full = (1, *shape)
        index = np.arange(int(np.prod(full))).reshape(full)
        moved = self.act(index)
        if not isinstance(moved, np.ndarray) or moved.dtype != index.dtype:
            given = str(moved.dtype) if isinstance(moved, np.ndarray) else type(moved).__name__
            wanted = "a motion: entries of the array go elsewhere and stay as they are"
            raise ArgumentError("group", f"{self.name}, which gives {given}", wanted)
        if moved.shape != full:
            raise ArgumentError("input_shape", shape, f"a shape that {self.name} keeps; it becomes {moved.shape[1:]}")
        if not np.array_equal(np.sort(moved, None), index.ravel()):
            raise ArgumentError("group", self.name, "a motion: every entry goes to a place of its own")
        action = Action.from_dense(full, moved.ravel())
        for axis, factors in (self.signs(full) if self.signs else {}).items():
            if not -len(full) <= axis < len(full) or np.shape(factors) not in ((full[axis],), (1,)):
                raise ArgumentError("group", f"{self.name}, signs on axis {axis}", f"a factor for each entry of {full}")
            if (np.abs(np.frexp(factors)[0]) != 0.5).any():
                raise ArgumentError("group", self.name, "factors ±1 or ±2^k: a product with others is rounded")
            action = action.scaled(axis, factors)
        return action


@dataclass(frozen=True)
class MovingGroup:
    """Generators; words in them that are the identity; smaller groups, by words, largest first.

    A word is a tuple of generators' numbers, applied from the right.
    """

    name: str
    order: int | None
    generators: tuple[Generator, ...]
    relations: tuple[Word, ...] = ()
    subgroups: tuple[tuple[str, tuple[Word, ...]], ...] = ()

    def subgroup(self, name: str, words: Sequence[Word]) -> MovingGroup:
        """The group that words in the generators generate."""
        return MovingGroup(name, None, tuple(self.word(word) for word in words))

    def word(self, word: Word) -> Generator:
        """The product of the generators with these numbers, applied from the right: $(g_i g_j)T = g_i(g_j T)$."""
        parts = [self.generators[k] for k in word]

        def act(array: NDArray[Any]) -> NDArray[Any]:
            for part in reversed(parts):
                array = part.act(array)
            return array

        if len(parts) == 1:
            return parts[0]
        if any(part.signs for part in parts):
            raise ArgumentError("group", self.name, "words in generators without signs")
        powers = [(name, len(list(same))) for name, same in groupby(part.name for part in parts)]
        return Generator("·".join(name if n == 1 else f"{n} × {name}" for name, n in powers), act)


def _turn(axes: tuple[int, int]) -> Callable[[NDArray[Any]], NDArray[Any]]:
    return lambda array: np.rot90(array, 1, axes)


def _flip(*axes: int) -> Callable[[NDArray[Any]], NDArray[Any]]:
    return lambda array: np.flip(array, axes)


_QUARTER = Generator("90°", _turn((-2, -1)))
_HALF = Generator("180°", _flip(-2, -1))
_ROWS = Generator("flip of rows", _flip(-2))
_COLUMNS = Generator("flip of columns", _flip(-1))
_DIAGONAL = Generator("transposition", lambda array: np.swapaxes(array, -1, -2))


def _plane(shape: Shape) -> dict[str, MovingGroup]:
    p4m_subgroups = (
        ("p4", ((0,),)),
        ("p2 and flips of rows and columns", ((0, 0), (1,))),
        ("p2 and both transpositions", ((0, 0), (0, 1))),
        ("p2", ((0, 0),)),
        ("flip of rows", ((1,),)),
        ("flip of columns", ((0, 0, 1),)),
        ("transposition", ((0, 1),)),
        ("anti-transposition", ((1, 0),)),
    )
    flips = MovingGroup(
        "flips", 4, (_ROWS, _COLUMNS), ((0, 0), (1, 1), (0, 1, 0, 1)),
        (("flip of rows", ((0,),)), ("flip of columns", ((1,),)), ("p2", ((0, 1),))),
    )  # fmt: skip
    return {
        "p2": MovingGroup("p2", 2, (_HALF,), ((0, 0),)),
        "p4": MovingGroup("p4", 4, (_QUARTER,), ((0,) * 4,), (("p2", ((0, 0),)),)),
        "pm": MovingGroup("pm", 2, (_ROWS,), ((0, 0),)),
        "flip": MovingGroup("flip", 2, (_COLUMNS,), ((0, 0),)),
        "cm": MovingGroup("cm", 2, (_DIAGONAL,), ((0, 0),)),
        "flips": flips,
        "p4m": MovingGroup("p4m", 8, (_QUARTER, _ROWS), ((0,) * 4, (1, 1), (0, 1, 0, 1)), p4m_subgroups),
    }


def _cube(shape: Shape) -> dict[str, MovingGroup]:
    x, y = Generator("90° about x", _turn((-2, -1))), Generator("90° about y", _turn((-3, -1)))
    inversion = Generator("inversion", _flip(-3, -2, -1))
    lesser = (
        ("half turns", ((0, 0), (1, 1))),
        ("turns about x", ((0,),)),
        ("turns about y", ((1,),)),
        ("half turns about x", ((0, 0),)),
        ("half turns about y", ((1, 1),)),
    )
    relations = ((0,) * 4, (1,) * 4, (0, 1) * 3)
    full = (
        ("cube", ((0,), (1,))),
        ("inversion and half turns", ((2,), (0, 0), (1, 1))),
        ("inversion", ((2,),)),
        *lesser,
    )
    relations_too = (*relations, (2, 2), (0, 2, 0, 0, 0, 2), (1, 2, 1, 1, 1, 2))
    return {
        "cube": MovingGroup("cube", 24, (x, y), relations, lesser),
        "cube-and-mirrors": MovingGroup("cube-and-mirrors", 48, (x, y, inversion), relations_too, full),
    }


def shift(axis: int, by: int = 1) -> Generator:
    return Generator(f"shift by {by} along axis {axis}", lambda array: np.roll(array, by, axis))


def _shifts(shape: Shape, spatial: int, by: int) -> MovingGroup:
    axes = range(-spatial, 0)
    generators = tuple(shift(a, by) for a in axes)
    lengths = [shape[a] // int(np.gcd(shape[a], by)) for a in axes]
    relations = [(k,) * n for k, n in enumerate(lengths)]
    relations += [
        (a, b, *(a,) * (lengths[a] - 1), *(b,) * (lengths[b] - 1)) for a, b in combinations(range(spatial), 2)
    ]
    coarser: list[tuple[int, str, tuple[Word, ...]]] = []
    for m in (2, 4, 8, 16):
        fewer = [n // int(np.gcd(n, m)) for n in lengths]
        if prod(fewer) not in (1, prod(lengths), *(order for order, _, _ in coarser)):
            words = tuple((k,) * m for k in range(spatial))
            coarser.append((prod(fewer), f"shifts by {by * m} along every axis", words))
    name = "translation" if by == 1 else f"translation/{by}"
    return MovingGroup(name, prod(lengths), generators, tuple(relations), tuple(part[1:] for part in coarser))


def permutations(axes: Sequence[int], n: int, name: str) -> MovingGroup:
    """S_n on one axis, or on several together, by a transposition and a cycle."""

    def along(order: NDArray[np.int64]) -> Callable[[NDArray[Any]], NDArray[Any]]:
        def act(array: NDArray[Any]) -> NDArray[Any]:
            lengths = {array.shape[axis] for axis in axes if axis < array.ndim}
            if n not in lengths and lengths != {1}:
                raise ValueError(f"no axis of {n} entries")
            for axis in axes:
                if axis < array.ndim and array.shape[axis] == n:
                    array = array.take(order, axis)
            return array

        return act

    swap = np.arange(n)
    swap[[0, 1]] = 1, 0
    generators = (
        Generator("the first two change places", along(swap)),
        Generator("all move on by one", along(np.roll(np.arange(n), 1))),
    )
    relations: list[Word] = [(0, 0), (1,) * n, (0, 1) * (n - 1)]
    relations += [(0, *(1,) * k, 0, *(1,) * (n - k)) * 2 for k in range(2, n // 2 + 1)]
    if n == 2:
        return MovingGroup(name, 2, generators[:1], ((0, 0),))
    return MovingGroup(name, factorial(n), generators, tuple(relations), (("cyclic shifts", ((1,),)),))


def group_of(name: str, shape: Shape) -> MovingGroup:
    """The group of that name on an input (C, H, W), (C, D, H, W), (C, L) or (N, features).

    *p2, p4, p4m, pm, cm, flip, flips*: turns and mirror images of the last two axes; *cube, cube-and-mirrors*: of the
    last three; *translation*, *translation/2*, …: cyclic shifts by 1, 2, … of all axes but the first; *sign*: x ↦ −x;
    *channels*: permutations of the first axis; *permutations*, *permutations@1*: of the entries of an axis, the first
    if none is given; *pairs*: of the first two axes together. A product: names joined by "*".

    Raises:
        ArgumentError: no such group, or one that does not act on this shape.
    """
    if "*" in name and all(part.strip() for part in name.split("*")):
        return _product(name, [group_of(part.strip(), shape) for part in name.split("*")])
    n = len(shape)
    if n >= 2 and name in (plane := _plane(shape)):
        return plane[name]
    if n >= 3 and name in (cube := _cube(shape)):
        return cube[name]
    if match := re.fullmatch(r"translation(?:/(\d{1,9}))?", name):
        return _shifts(shape, max(1, n - 1), int(match[1] or 1))
    if name == "sign":
        minus = Generator("−1", lambda array: array, lambda full: {0: np.array([-1.0])})
        return MovingGroup("sign", 2, (minus,), ((0, 0),))
    if name == "channels" and shape and shape[0] > 1:
        return permutations([1], shape[0], "channels")
    if match := re.fullmatch(r"permutations(?:@(\d{1,9}))?", name):
        axis = int(match[1] or 0)
        if axis < n and shape[axis] > 1:
            return permutations([axis + 1], shape[axis], name)
    if name == "pairs" and n >= 2 and shape[0] == shape[1] > 1:
        return permutations([1, 2], shape[0], name)
    raise ArgumentError("group", name, f"one of {', '.join(GROUPS)} that acts on an input of shape {shape}")


def _product(name: str, factors: Sequence[MovingGroup]) -> MovingGroup:
    generators = tuple(g for factor in factors for g in factor.generators)
    relations: list[Word] = []
    subgroups: list[tuple[str, tuple[Word, ...]]] = []
    start = 0
    for factor in factors:
        here = tuple((k + start,) for k in range(len(factor.generators)))
        relations += [tuple(k + start for k in word) for word in factor.relations]
        subgroups.append((factor.name, here))
        subgroups += [(n, tuple(tuple(k + start for k in w) for w in words)) for n, words in factor.subgroups]
        start += len(factor.generators)
    order = prod(f.order or 0 for f in factors) or None
    return MovingGroup(name, order, generators, tuple(relations), tuple(subgroups))


GROUPS = (
    "p2", "p4", "p4m", "pm", "cm", "flip", "flips", "cube", "cube-and-mirrors", "translation", "sign", "channels",
    "permutations", "pairs",
)  # fmt: skip
