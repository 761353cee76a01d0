"""escnn's networks as they stand, `GeometricTensor` in and out: `fiber(net.in_type, 33)` says what a field of it is.

A `FieldType` on the plane moves by its own matrices; which of escnn's elements one of ours is, is found by what it does
to space. escnn's y points up and ours down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from torch import Tensor

from ...errors import ArgumentError, ArgumentTypeError
from ...groups import Element
from .. import make
from ..field import Field, TensorField

__all__ = ["Typed", "as_field", "closed", "fiber", "opened"]

_CLOSE = 1e-6


@dataclass(frozen=True, eq=False)
class Typed:
    """A leaf that becomes a `GeometricTensor` of this type once it is a tensor."""

    kind: Any
    inner: Any

    def opened(self) -> list[tuple[str, Any]]:
        """Its one branch by name."""
        return [("tensor", self.inner)]

    def closed(self, branches: dict[str, Any]) -> Any:
        """The branch as a `GeometricTensor`, once it is a tensor."""
        (inner,) = branches.values()
        if not isinstance(inner, Tensor):
            return Typed(self.kind, inner)
        from escnn.nn import GeometricTensor  # pyright: ignore[reportMissingImports]

        return GeometricTensor(inner, self.kind)


def fiber(kind: Any, height: int, width: int | None = None) -> Typed:
    """The field of a `FieldType` on an image of this size, for a model that takes or returns a `GeometricTensor`.

    Raises:
        ArgumentTypeError: no `FieldType`.
        ArgumentError: a type that is not of the plane.
    """
    if not hasattr(kind, "gspace") or not hasattr(kind, "representation"):
        raise ArgumentTypeError("kind", type(kind).__name__, "a FieldType of escnn, such as net.in_type")
    if kind.gspace.dimensionality != 2:
        raise ArgumentError("kind", str(kind), "a FieldType on the plane")
    fibre = make.representation(kind.size, lambda g: _matrix(kind, g))
    return Typed(kind, make.image(None, height, width, fibre))


def opened(tree: Any) -> list[tuple[str, Any]] | None:
    """The one branch of a `GeometricTensor` by name; None of anything else."""
    return [("tensor", tree.tensor)] if hasattr(tree, "tensor") else None


def closed(tree: Any, branches: dict[str, Any]) -> Any:
    """A tree of the type of `tree` with another branch."""
    return Typed(tree.type, None).closed(branches)


def as_field(leaf: Any) -> TensorField | Field:
    """Raises ArgumentTypeError: a `FieldType` has no size, and `fiber` is given one."""
    raise ArgumentTypeError("field", type(leaf).__name__, "fiber(net.in_type, 33): a FieldType needs a size of images")


def _matrix(kind: Any, g: Element) -> Tensor:
    from torch import as_tensor

    return as_tensor(kind.representation(_element(kind.gspace, g))).double()


def _element(space: Any, g: Element) -> Any:
    """escnn's element that moves space as this one does."""
    part = g.affine()
    if part is None:
        return space.fibergroup.identity
    # Conjugated by y ↦ −y, so that angles are counter-clockwise where y points up.
    (a, b), (c, d) = part.matrix.tolist()
    upright = ((a, -b), (-c, d))
    for element, matrix in _listed(space) or ():
        if all(abs(matrix[i][j] - upright[i][j]) < _CLOSE for i in range(2) for j in range(2)):
            return element
    if _listed(space) is None:
        found = _of_angle(space, upright)
        if found is not None:
            return found
    raise ArgumentError("group", str(g), f"elements of {space.name}, which the network is built for")


@lru_cache(maxsize=64)
def _listed(space: Any) -> list[tuple[Any, list[list[float]]]] | None:
    """Each element of a finite group with its matrix on the plane; None for SO(2) and O(2)."""
    if space.fibergroup.order() < 0:
        return None
    plane = space.basespace_action
    return [(element, plane(element).tolist()) for element in space.fibergroup.elements]


def _of_angle(space: Any, upright: tuple[tuple[float, float], tuple[float, float]]) -> Any:
    """Of SO(2) by the angle; of O(2) by the angle and whether it reflects."""
    plane, group = space.basespace_action, space.fibergroup
    for mirrored in (False, True):
        angle = math.atan2(upright[1][0], upright[0][0])
        for turned in (angle, -angle):
            try:
                parameter = (int(mirrored), turned) if "O(2)" in str(group) and "SO(2)" not in str(group) else turned
                element = group.element(parameter, "radians")
                matrix = plane(element).tolist()
            except (AssertionError, TypeError, ValueError):
                continue
            if all(abs(matrix[i][j] - upright[i][j]) < _CLOSE for i in range(2) for j in range(2)):
                return element
    return None
