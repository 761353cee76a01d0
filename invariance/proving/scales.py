r"""Positive factors of units, where what follows is positively homogeneous: $V\,f(c\,Wx) = (cV)\,f(Wx)$ for $c > 0$.

Weights are whole numbers times powers of two. A row's factor is the odd part of the largest whole number that divides
all of its entries: rows that are multiples of each other, by any fraction, become equal up to a power of two.
Rows that are so to rounding only become nearly equal where all units have one size, which rounds.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import gcd, isfinite

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.fx import Node

from .layers import homogeneous, pairs, rows_of, weight_of, weights_of_layer
from .trace import Program

__all__ = ["ROUNDED", "odd_factor", "of_one_size", "without_factors"]

ROUNDED = 2.0**-51
"""How far, of its size, one size rounds a weight: a division and a product of 2⁻⁵³ each, and twice that to spare."""

_WHOLE = 53  # bits of a double
_NORMAL = float(np.finfo(np.float64).tiny)  # below it a rounding is more than 2⁻⁵³ of the number


def without_factors(constants: dict[str, Tensor], layer: Node, reader: Node) -> int:
    """Rows over their factors, and the columns that read them times these; how many, where nothing is rounded."""
    columns, count = constants[weight_of(reader)], 0
    for u, row in enumerate(rows_of(constants, layer)):
        factor = odd_factor(row)
        times = columns[:, u] * factor
        if factor == 1 or not _exact(times, columns[:, u], factor):
            continue
        for name in weights_of_layer(constants, layer):
            constants[name][u] = constants[name][u] / factor  # which is exact
        columns[:, u] = times
        count += 1
    return count


def of_one_size(program: Program) -> Program | None:
    """Units whose largest weight is 1, and columns that undo it: the same function to `ROUNDED` of each weight.

    None where no unit may have a factor, or a weight becomes too large or too small for that.
    """
    constants, found = dict(program.constants), False
    for layer, between, reader in pairs(program):
        columns, rows = constants[weight_of(reader)], rows_of(constants, layer)
        if len(rows) != columns.shape[1] or not homogeneous(between):
            continue
        sizes = np.abs(rows).max(1, initial=0.0)
        factors = torch.from_numpy(np.where(sizes > 0, sizes, 1.0))
        after = {weight_of(reader): columns * factors.view(-1, *[1] * (columns.ndim - 2))}
        for name in weights_of_layer(constants, layer):
            after[name] = constants[name] / factors.view(-1, *[1] * (constants[name].ndim - 1))
        if not all(_to_rounding(weight, constants[name]) for name, weight in after.items()):
            return None
        constants, found = constants | after, True
    return replace(program, constants=constants, folded={}) if found else None


def odd_factor(row: NDArray[np.float64]) -> int:
    """The largest odd number that divides all entries, as whole numbers times powers of two; 1 of a row of zeros.

    >>> odd_factor(np.array([1.5, -9.0, 0.0]))
    3
    """
    common = 0
    for mantissa in np.abs(np.frexp(row)[0]):
        whole = int(mantissa * 2.0**_WHOLE)
        common = gcd(common, whole // (whole & -whole) if whole else 0)
        if common == 1:
            break
    return common or 1


def _exact(times: Tensor, columns: Tensor, factor: int) -> bool:
    """Whether the products were not rounded."""
    products = zip(times.flatten().tolist(), columns.flatten().tolist(), strict=True)
    return all(isfinite(a) and Fraction(a) == Fraction(b) * factor for a, b in products)


def _to_rounding(after: Tensor, before: Tensor) -> bool:
    """Whether no weight overflowed, or is so small now that its rounding is more than 2⁻⁵³ of it."""
    lost = (after.abs() < _NORMAL) & (before != 0) & (after != before)
    return bool(after.isfinite().all() and not lost.any())
