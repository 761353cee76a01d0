r"""What a field holds at each place, and how a group element acts there: a representation on a few axes of a tensor.

All actions are linear but that of *position*, and of colour offsets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ..errors import ArgumentError
from ..groups import Affine, Element, FiniteGroup
from .irreps import Block, irrep_matrices, parse_irreps

__all__ = ["SCALAR", "Colour", "Fibre", "Irreps", "Matrices", "Position", "Regular", "Tensors", "Voigt"]


@dataclass(frozen=True)
class Fibre:
    """The trivial representation, and what the others override.

    Attributes:
        spec: as it is spelled on the command line and in files; empty where it cannot be.
        shape: of the axes it takes.
    """

    spec: str = "scalar"
    shape: tuple[int, ...] = ()

    def act(self, g: Element, values: Shaped[Tensor, "..."], axis: int) -> Shaped[Tensor, "..."]:
        """ρ(g) on the axes from `axis` on."""
        return values

    def moves_only(self, g: Element) -> bool:
        """Whether ρ(g) only moves entries about and changes signs."""
        return True

    def project(self, values: Float[Tensor, "..."], axis: int) -> Float[Tensor, "..."]:
        """Random values, made such as the representation holds."""
        return values

    def otherwise(self) -> Iterable[Fibre]:
        """Fibres that are taken for this one."""
        return ()


SCALAR = Fibre()


@dataclass(frozen=True)
class Tensors(Fibre):
    r"""Tensors of a rank over $\mathbb{R}^n$: each axis by A, or by $A^{-T}$ for covectors such as gradients.

    Attributes:
        dimension: n.
        rank: how many axes; 0 is a pseudo-scalar.
        pseudo: times the sign of det A too.
        dual: covectors.
        kept: what random values of rank 2 are made to be.
        slot: *space*, or *time* for the reversal of a sequence.
    """

    dimension: int = 3
    rank: int = 1
    pseudo: bool = False
    dual: bool = False
    kept: Literal["", "symmetric", "traceless"] = ""
    slot: str = "space"

    def act(self, g: Element, values: Shaped[Tensor, "..."], axis: int) -> Shaped[Tensor, "..."]:
        part = g.affine(self.slot)
        if part is None:
            return values
        used = Affine(part.inverse().matrix.mT, None, part.smooth) if self.dual else part
        for place in range(axis, axis + self.rank):
            values = used.on_axis(values, place)
        return values * _orientation(part) if self.pseudo and _orientation(part) < 0 else values

    def moves_only(self, g: Element) -> bool:
        part = g.affine(self.slot)
        return part is None or part.signed is not None or self.rank == 0

    def project(self, values: Float[Tensor, "..."], axis: int) -> Float[Tensor, "..."]:
        if not self.kept:
            return values
        values = (values + values.transpose(axis, axis + 1)) / 2
        if self.kept == "traceless":
            shape = [1] * values.ndim
            shape[axis] = shape[axis + 1] = self.dimension
            one = torch.eye(self.dimension, dtype=values.dtype).view(shape)
            trace = (values * one).sum((axis, axis + 1), keepdim=True)
            values = values - trace / self.dimension * one
        return values


@dataclass(frozen=True)
class Position(Fibre):
    """Places in space: x ↦ A(x − c) + t + c."""

    centre: tuple[float, ...] | None = None

    def act(self, g: Element, values: Shaped[Tensor, "..."], axis: int) -> Shaped[Tensor, "..."]:
        part = g.affine()
        if part is None:
            return values
        if self.centre is None:
            return part.on_axis(values, axis, linear=False)
        shape = [1] * values.ndim
        shape[axis] = -1
        centre = torch.tensor(self.centre).to(values.device, values.dtype).view(shape)
        return part.on_axis(values - centre, axis, linear=False) + centre

    def moves_only(self, g: Element) -> bool:
        part = g.affine()
        return part is None or (part.moves_only and self.centre is None)


@dataclass(frozen=True)
class Voigt(Fibre):
    """Symmetric 3×3 tensors by their six entries xx, yy, zz, yz, xz, xy, such as stresses."""

    def act(self, g: Element, values: Shaped[Tensor, "..."], axis: int) -> Shaped[Tensor, "..."]:
        part = g.affine()
        if part is None:
            return values
        rows, columns = [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]
        places = torch.tensor([[0, 5, 4], [5, 1, 3], [4, 3, 2]], device=values.device).flatten()
        full = values.index_select(axis, places).unflatten(axis, (3, 3))
        moved = part.on_axis(part.on_axis(full, axis), axis + 1).flatten(axis, axis + 1)
        return moved.index_select(axis, torch.tensor([3 * i + j for i, j in zip(rows, columns, strict=True)]))

    def moves_only(self, g: Element) -> bool:
        part = g.affine()
        return part is None or part.signed is not None


@dataclass(frozen=True, eq=False)
class Regular(Fibre):
    """Functions on a finite group, or on the left cosets hK of a subgroup: (L_g f)(h) = f(g⁻¹h).

    Attributes:
        group: its elements in their order, or as `order` has them: place i holds the value at element order[i].
        subgroup: the places of K in the group; cosets come in the order of their first element.
    """

    group: FiniteGroup | None = None
    subgroup: tuple[int, ...] = (0,)
    order: tuple[int, ...] | None = None

    def act(self, g: Element, values: Shaped[Tensor, "..."], axis: int) -> Shaped[Tensor, "..."]:
        back = self._source(g)
        return values.index_select(axis, torch.tensor(back, device=values.device))

    def _source(self, g: Element) -> list[int]:
        """Where each entry comes from."""
        assert self.group is not None
        group = self.group
        part = group.inverse(group.listed[group.index(g)])
        where = {member: place for place, coset in enumerate(self.cosets) for member in coset}
        return [where[group.index(part @ group.listed[coset[0]])] for coset in self.cosets]

    @cached_property
    def cosets(self) -> tuple[tuple[int, ...], ...]:
        """The left cosets $hK$ of the subgroup in the order of the axis, each as sorted places in `group.listed`."""
        assert self.group is not None
        group = self.group
        found: dict[tuple[int, ...], None] = {}
        for h in range(len(group.listed)) if self.order is None else self.order:
            coset = tuple(group.index(group.listed[h] @ group.listed[k]) for k in self.subgroup)
            found.setdefault(tuple(sorted(coset)))
        return tuple(found)


@dataclass(frozen=True)
class Irreps(Fibre):
    """Blocks of irreducible representations of O(3) or O(2), each multiplicity × dimension, as in e3nn."""

    dimension: int = 3
    blocks: tuple[Block, ...] = ()

    @classmethod
    def of(cls, text: str, dimension: int = 3) -> Irreps:
        r"""The direct sum that `text` spells, such as "8x0e+4x1o" of O(3): $\sum_k m_k (2 l_k + 1)$ numbers at each
        place.
        """
        blocks = parse_irreps(text)
        width = sum(copies * _width(degree, dimension) for copies, degree, _ in blocks)
        spec = f"irreps({text.replace(' ', '')})" if dimension == 3 else f"irreps2({text.replace(' ', '')})"
        return cls(spec, (width,), dimension, blocks)

    def act(self, g: Element, values: Shaped[Tensor, "..."], axis: int) -> Shaped[Tensor, "..."]:
        part = g.affine()
        if part is None:
            return values
        widths = [copies * _width(degree, self.dimension) for copies, degree, _ in self.blocks]
        moved, matrices = [], irrep_matrices(part.matrix, self.blocks)
        for piece, found, (copies, degree, _) in zip(values.split(widths, axis), matrices, self.blocks, strict=True):
            matrix = Affine(found, None, part.smooth)
            inner = piece.unflatten(axis, (copies, _width(degree, self.dimension)))
            moved.append(matrix.on_axis(inner, axis + 1).flatten(axis, axis + 1))
        return torch.cat(moved, axis)

    def moves_only(self, g: Element) -> bool:
        part = g.affine()
        return part is None or all(degree == 0 for _, degree, _ in self.blocks)

    def otherwise(self) -> Iterable[Fibre]:
        """With the other parity in one block, or in all."""
        other = {"e": "o", "o": "e"}
        turned = [(copies, degree, other.get(parity, "")) for copies, degree, parity in self.blocks]
        if self.dimension == 3 and all(parity for _, _, parity in turned):
            each = [(*self.blocks[:i], block, *self.blocks[i + 1 :]) for i, block in enumerate(turned)]
            for blocks in (*each, turned):
                yield Irreps.of("+".join(f"{copies}x{degree}{parity}" for copies, degree, parity in blocks))


@dataclass(frozen=True)
class Colour(Fibre):
    """What the group does to channels: maps or permutations of them."""

    def act(self, g: Element, values: Shaped[Tensor, "..."], axis: int) -> Shaped[Tensor, "..."]:
        part = g.parts.get("channels")
        if part is None:
            return values
        if not hasattr(part, "on_axis"):
            raise ArgumentError("channels", str(part), "a map or a permutation of channels")
        return part.on_axis(values, axis, linear=False)  # pyright: ignore[reportAttributeAccessIssue]

    def moves_only(self, g: Element) -> bool:
        part = g.parts.get("channels")
        return part is None or part.moves_only


@dataclass(frozen=True, eq=False)
class Matrices(Fibre):
    """Any matrix representation, as a function from elements to matrices of the given width."""

    function: Callable[[Element], Tensor | Sequence[Sequence[float]]] | None = None

    def act(self, g: Element, values: Shaped[Tensor, "..."], axis: int) -> Shaped[Tensor, "..."]:
        return self._part(g).on_axis(values, axis)

    def moves_only(self, g: Element) -> bool:
        return self._part(g).signed is not None

    def _part(self, g: Element) -> Affine:
        assert self.function is not None
        try:
            found = self.function(g)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            wanted = f"a matrix for every g; the identity may have no part: g.affine() is None ({error})"
            raise ArgumentError("function(g)", f"{type(error).__name__} for g = {g}", wanted) from error
        matrix = found if isinstance(found, Tensor) else torch.tensor(found, dtype=torch.float64)
        if tuple(matrix.shape) != self.shape * 2:
            raise ArgumentError("function(g).shape", tuple(matrix.shape), f"{self.shape * 2}, for g = {g}")
        if not matrix.isfinite().all():
            raise ArgumentError("function(g)", "NaN or infinite entries", f"a matrix of finite numbers, for g = {g}")
        smooth = any(isinstance(part, Affine) and part.smooth for part in g.parts.values())
        return Affine(matrix.double(), None, smooth)


def _orientation(part: Affine) -> float:
    return -1.0 if torch.linalg.det(part.matrix) < 0 else 1.0


def _width(degree: int, dimension: int) -> int:
    return 2 * degree + 1 if dimension == 3 else 1 if degree == 0 else 2
