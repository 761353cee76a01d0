r"""What one part of a group element does, and to what: an affine map of space, a permutation of items, a cyclic shift.

A part is data. It is multiplied, inverted, compared, written to a file, and applied to an axis of a tensor; where it
only moves entries about (a permutation, a shift, a matrix of one ±1 a row), `on_axis` computes nothing but signs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ..errors import ArgumentError, SingularError

__all__ = ["Affine", "Part", "Permutation", "Shift", "part_from_dict"]


@dataclass(frozen=True, eq=False)
class Affine:
    r"""$x \mapsto Ax + t$ on $\mathbb{R}^n$, in float64.

    Attributes:
        matrix: A. On images and volumes the coordinates are (x, y[, z]) along width, height, depth, y downwards.
        translation: t, zero by default.
        smooth: a point of a curve that is differentiated: never replaced by a signed permutation that it may equal.
    """

    matrix: Float[Tensor, "n n"]
    translation: Float[Tensor, "n"] | None = None
    smooth: bool = field(default=False, repr=False)

    kind: ClassVar[str] = "affine"

    def __post_init__(self) -> None:
        if self.matrix.ndim != 2 or self.matrix.shape[0] != self.matrix.shape[1]:
            raise ArgumentError("matrix.shape", tuple(self.matrix.shape), "a square matrix")
        if self.translation is not None and self.translation.shape != self.matrix.shape[:1]:
            raise ArgumentError("translation.shape", tuple(self.translation.shape), f"({len(self.matrix)},)")

    @classmethod
    def of(cls, rows: list[list[float]] | tuple[tuple[float, ...], ...]) -> Affine:
        """The linear map of the matrix with these rows, in float64."""
        return cls(torch.tensor(rows, dtype=torch.float64))

    @property
    def dimension(self) -> int:
        r"""n of $x \mapsto Ax + t$ on $\mathbb{R}^n$."""
        return len(self.matrix)

    @cached_property
    def signed(self) -> tuple[tuple[int, int], ...] | None:
        """For each coordinate of Ax the coordinate of x that it is and its sign; None where A is more than that."""
        if self.smooth:
            return None
        rows = [[(j, int(v)) for j, v in enumerate(row) if v] for row in self.matrix.tolist()]
        if any(len(row) != 1 or abs(self.matrix[i, row[0][0]]) != 1 for i, row in enumerate(rows)):
            return None
        found = tuple(row[0] for row in rows)
        return found if len({j for j, _ in found}) == len(found) else None

    @property
    def moves_only(self) -> bool:
        """Whether every entry of Ax is an entry of x up to its sign."""
        return self.signed is not None and self.translation is None

    def __matmul__(self, first: Affine) -> Affine:
        matrix = self.matrix @ first.matrix
        ours, theirs = self.translation, first.translation
        moved = None if theirs is None else self.matrix @ theirs
        total = ours if moved is None else moved if ours is None else ours + moved
        return Affine(matrix, total, self.smooth or first.smooth)

    def inverse(self) -> Affine:
        r"""$x \mapsto A^{-1}x - A^{-1}t$; exact for signed permutation matrices, whose inverse is the transpose."""
        back = self.matrix.mT.clone() if self.signed else _inverted(self.matrix)
        return Affine(back, None if self.translation is None else -back @ self.translation, self.smooth)

    def on_axis(self, values: Shaped[Tensor, "..."], axis: int, *, linear: bool = True) -> Shaped[Tensor, "..."]:
        """A, and t unless only the `linear` part is asked for, on an axis of length n."""
        if values.shape[axis] != self.dimension:
            wanted = f"{self.dimension} coordinates on axis {axis}, not {values.shape[axis]}"
            raise ArgumentError("tensor.shape", tuple(values.shape), wanted)
        if self.signed:
            moved = values.index_select(axis, torch.tensor([j for j, _ in self.signed], device=values.device))
            if any(sign < 0 for _, sign in self.signed):
                moved = moved * self._column([s for _, s in self.signed], moved, axis)
        else:
            matrix = self.matrix.to(values.device, values.dtype)
            moved = (values.movedim(axis, -1) @ matrix.mT).movedim(-1, axis)
        if linear or self.translation is None:
            return moved
        return moved + self._column(self.translation, moved, axis)

    def key(self) -> tuple[int, ...]:
        """The same for elements that are equal up to rounding, and different for those of a finite group."""
        entries = self.matrix if self.translation is None else torch.cat((self.matrix, self.translation[:, None]), 1)
        rows = [row if self.translation is not None else [*row, 0.0] for row in entries.tolist()]
        return tuple(round(v * 1e5) for row in rows for v in row)

    def distance(self, other: Affine) -> float:
        r"""$\max(\max_{ij}|A_{ij} - A'_{ij}|, \max_i|t_i - t'_i|)$: 0 for the same map."""
        mine, theirs = (torch.zeros(p.dimension) if p.translation is None else p.translation for p in (self, other))
        return float(torch.maximum((self.matrix - other.matrix).abs().max(), (mine - theirs).abs().max()))

    @property
    def is_identity(self) -> bool:
        """Whether A is the unit matrix and t is 0."""
        return not self.smooth and self.key() == Affine(torch.eye(self.dimension, dtype=torch.float64)).key()

    def to_dict(self) -> dict[str, Any]:
        """Plain data: the rows of A, and t where there is one."""
        moved = {} if self.translation is None else {"translation": self.translation.tolist()}
        return {"kind": self.kind, "matrix": self.matrix.tolist()} | moved

    @staticmethod
    def _column(entries: Any, like: Tensor, axis: int) -> Tensor:
        shape = [1] * like.ndim
        shape[axis] = -1
        return torch.as_tensor(entries).to(like.device, like.dtype).view(shape)

    def __str__(self) -> str:
        from .naming import name_of_affine

        return name_of_affine(self)


def _inverted(matrix: Tensor) -> Tensor:
    found, singular = torch.linalg.inv_ex(matrix)
    if singular.item():
        raise SingularError("matrix", matrix.tolist(), "one with an inverse")
    return found


@dataclass(frozen=True)
class Permutation:
    r"""Item i goes to place σ(i): $(\sigma x)_{\sigma(i)} = x_i$.

    Raises:
        ArgumentError: `images`, the tuple of σ(0), σ(1), …, does not have every place once.
    """

    images: tuple[int, ...]

    kind: ClassVar[str] = "permutation"
    moves_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if sorted(self.images) != list(range(len(self.images))):
            raise ArgumentError("images", self.images, f"each place from 0 to {len(self.images) - 1} once")

    def __matmul__(self, first: Permutation) -> Permutation:
        return Permutation(tuple(self.images[place] for place in first.images))

    def inverse(self) -> Permutation:
        r"""$\pi^{-1}$, with $\pi^{-1}(\pi(i)) = i$."""
        return Permutation(tuple(self._sources.tolist()))

    def on_axis(self, values: Shaped[Tensor, "..."], axis: int, *, linear: bool = True) -> Shaped[Tensor, "..."]:
        r"""Item i goes to place $\pi(i)$ of the axis: $y_{\pi(i)} = x_i$."""
        if values.shape[axis] != len(self.images):
            wanted = f"{len(self.images)} items on axis {axis}, not {values.shape[axis]}"
            raise ArgumentError("tensor.shape", tuple(values.shape), wanted)
        rows = values.movedim(axis, 0).index_select(0, self._sources.to(values.device))  # copied whole, not by entries
        return rows.movedim(0, axis)

    def on_values(self, places: Shaped[Tensor, "..."]) -> Shaped[Tensor, "..."]:
        """σ of each entry of a tensor of places, such as the ends of edges; a negative entry, for none, stays."""
        table = self._images.to(places.device)
        return torch.where(places < 0, places, table[places.clamp(min=0).long()].to(places.dtype))

    @cached_property
    def _images(self) -> Shaped[Tensor, "n"]:
        return torch.tensor(self.images)

    @cached_property
    def _sources(self) -> Shaped[Tensor, "n"]:
        return self._images.argsort()

    def key(self) -> tuple[int, ...]:
        r"""The images $(\pi(0), \dots, \pi(n-1))$: the same for equal permutations."""
        return self.images

    def distance(self, other: Permutation) -> float:
        """0 for the same permutation, else 1."""
        return float(self.images != other.images)

    @property
    def is_identity(self) -> bool:
        """Whether every item stays."""
        return all(i == place for i, place in enumerate(self.images))

    @property
    def cycles(self) -> list[tuple[int, ...]]:
        """Those of length two and more; each starts with its smallest item."""
        found: list[tuple[int, ...]] = []
        seen: set[int] = set()
        for start in range(len(self.images)):
            cycle = [start]
            while (place := self.images[cycle[-1]]) != start and start not in seen:
                cycle.append(place)
            if start not in seen and len(cycle) > 1:
                found.append(tuple(cycle))
            seen.update(cycle)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain data: the images."""
        return {"kind": self.kind, "images": list(self.images)}

    def __str__(self) -> str:
        shown = "".join(f"({' '.join(map(str, cycle))})" for cycle in self.cycles)
        if len(shown) > 60:
            moved = sum(i != place for i, place in enumerate(self.images))
            return f"permutation {shown[:57]}…, {moved} of {len(self.images)} moved"
        return f"permutation {shown}" if shown else "identity"


@dataclass(frozen=True)
class Shift:
    """A cyclic shift of the last axes of a grid, by `steps` of `periods` places; an axis of period 1 stays.

    On an axis with another number m of places, such as that of a strided layer's output, it is by steps·m/period.
    """

    steps: tuple[int, ...]
    periods: tuple[int, ...]

    kind: ClassVar[str] = "shift"
    moves_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if len(self.steps) != len(self.periods) or min(self.periods, default=0) < 1:
            raise ArgumentError("periods", self.periods, f"{len(self.steps)} lengths of at least 1, one for each step")
        object.__setattr__(self, "steps", tuple(s % p for s, p in zip(self.steps, self.periods, strict=True)))

    def __matmul__(self, first: Shift) -> Shift:
        if first.periods != self.periods:
            raise ArgumentError("periods", first.periods, f"{self.periods}, as the other factor has")
        return Shift(tuple(a + b for a, b in zip(self.steps, first.steps, strict=True)), self.periods)

    def inverse(self) -> Shift:
        """The shift by as many steps the other way."""
        return Shift(tuple(-s for s in self.steps), self.periods)

    def on_grid(self, values: Shaped[Tensor, "..."]) -> Shaped[Tensor, "..."]:
        """The last axes rolled.

        Raises:
            ArgumentError: a shift that is no whole number of places on an axis.
        """
        if values.ndim < len(self.steps):
            raise ArgumentError("tensor.shape", tuple(values.shape), f"{len(self.steps)} axes, one for each step")
        steps = []
        for axis, (step, period) in enumerate(zip(self.steps, self.periods, strict=True), -len(self.steps)):
            places, rest = divmod(step * values.shape[axis], period)
            if rest:
                wanted = f"a multiple of {period} places on axis {axis}, not {values.shape[axis]}"
                raise ArgumentError("tensor.shape", tuple(values.shape), wanted)
            steps.append(places)
        return values.roll(steps, tuple(range(-len(steps), 0)))

    def key(self) -> tuple[int, ...]:
        r"""The steps along each axis, in $[0, \text{period})$: the same for equal shifts."""
        return self.steps

    def distance(self, other: Shift) -> float:
        """0 for the same shift, else 1."""
        return float(self != other)

    @property
    def is_identity(self) -> bool:
        """Whether no axis is shifted."""
        return not any(self.steps)

    def to_dict(self) -> dict[str, Any]:
        """Plain data: steps and periods, in pixels along each axis."""
        return {"kind": self.kind, "steps": list(self.steps), "periods": list(self.periods)}

    def __str__(self) -> str:
        near = [s if 2 * s <= p else s - p for s, p in zip(self.steps, self.periods, strict=True)]
        return f"shift by {near[0] if len(near) == 1 else tuple(near)}"


Part = Affine | Permutation | Shift


def part_from_dict(data: dict[str, Any]) -> Part:
    """Raises ArgumentError where a field is missing, or the kind is none."""
    try:
        match data["kind"]:
            case Affine.kind:
                moved = data.get("translation")
                shift = None if moved is None else torch.tensor(moved, dtype=torch.float64)
                part = Affine(torch.tensor(data["matrix"], dtype=torch.float64), shift)
                if math.isfinite(float(part.matrix.sum())):
                    return part
            case Permutation.kind:
                return Permutation(tuple(data["images"]))
            case Shift.kind:
                return Shift(tuple(data["steps"]), tuple(data["periods"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ArgumentError("part", data, f"the fields of a part of a group element ({error})") from error
    raise ArgumentError("part", data, "an affine map of finite numbers, a permutation or a shift")
