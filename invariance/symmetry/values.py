"""Elements as the values that people have for them: orthogonal matrices and permutations are known as what they are.

Anything else is a value without products, known by how it is printed.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..errors import ArgumentError
from ..groups import Affine, Permutation

__all__ = ["exact", "inverse", "name_of", "product"]

_MEANT = 1e-5  # a hundred roundings of float32: closer to orthogonal than that nothing is by chance
_ROUNDED = 1e-10  # of a product of some matrices in float64
_LONGEST = 60  # letters of a name in a table


def exact(value: Any) -> Any:
    """The value, numbers in float64.

    Raises:
        ArgumentError: a matrix that was orthogonal before it was rounded: no network has its symmetry to the rounding
            of float64, by which a check judges.
    """
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return value
    value = value.double()
    if not value.isfinite().all():
        raise ArgumentError("elements", name_of(value), "finite numbers")
    far = _from_orthogonal(value)
    if _ROUNDED < far < _MEANT:
        wanted = "computed in float64, by whose rounding a check judges"
        raise ArgumentError("elements", f"{_printed(value)}, orthogonal up to {far:.0e}", wanted)
    return value


def product(left: Any, right: Any) -> Any:
    """`right`, then `left`, of orthogonal matrices or of permutations of a width; None where it is not known."""
    if type(left) is not type(right) or getattr(left, "shape", None) != getattr(right, "shape", ()):
        return None
    if _orthogonal(left) and _orthogonal(right):
        return left @ right
    return left[right] if _permutes(left) and _permutes(right) else None


def inverse(value: Any) -> Any:
    """Of an invertible matrix or of a permutation; None where it is not known."""
    if _permutes(value):
        return value.argsort()
    if not _square(value) or not float(torch.linalg.det(value)):
        return None
    return torch.linalg.inv(value)


def name_of(value: Any) -> str:
    """ "31° about (1, 0, 2)", "permutation (0 1)", or the value on one line, cut where it is long."""
    if _permutes(value):
        return str(Permutation(tuple(value.tolist())))
    return str(Affine(value)) if _orthogonal(value) and len(value) < 4 else _printed(value)


def _printed(value: Any) -> str:
    plain = [_rounded(v) for v in value.tolist()] if isinstance(value, Tensor) and value.ndim else value
    text = " ".join(str(plain).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _rounded(value: Any) -> Any:
    return [_rounded(v) for v in value] if isinstance(value, list) else round(value, 3)


def _square(value: Any) -> bool:
    return (
        isinstance(value, Tensor) and value.is_floating_point() and value.ndim == 2 and value.shape[0] == value.shape[1]
    )


def _from_orthogonal(value: Tensor) -> float:
    if not _square(value) or not len(value):
        return float("inf")
    return float((value @ value.mT - torch.eye(len(value), dtype=value.dtype)).abs().max())


def _orthogonal(value: Any) -> bool:
    return isinstance(value, Tensor) and _from_orthogonal(value) <= _ROUNDED


def _permutes(value: Any) -> bool:
    return (
        isinstance(value, Tensor)
        and value.dtype in (torch.int32, torch.int64)
        and value.ndim == 1
        and len(value) > 1
        and torch.equal(value.sort().values.long(), torch.arange(len(value)))
    )
