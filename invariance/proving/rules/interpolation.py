"""Interpolation to another size, from the table of weights that the operation has for each axis."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import torch

from ..actions import Action, Ints
from ..movement import bijection
from ..registry import Step, overload, rule
from ..values import Moving, Refusal
from .windows import grid_of

CITES = ("resize.linear", "resize.nearest")

_CLOSE = 1e-9  # between a weight as the operation has it, in doubles, and the rational number that it stands for


@rule(
    "aten.upsample_nearest1d.vec", "aten.upsample_nearest2d.vec", "aten.upsample_nearest3d.vec",
    "aten._upsample_nearest_exact1d.vec", "aten._upsample_nearest_exact2d.vec", "aten._upsample_nearest_exact3d.vec",
    cites=CITES,
)  # fmt: skip
def nearest(step: Step, input: Any, output_size: Any, scale_factors: Any) -> Any:
    """The table of indices of every axis is moved to itself."""
    return _resized(step, input, output_size, scale_factors, ())


@rule(
    "aten.upsample_linear1d.vec", "aten.upsample_bilinear2d.vec", "aten.upsample_trilinear3d.vec",
    "aten.upsample_bicubic2d.vec", "aten._upsample_bilinear2d_aa.vec", "aten._upsample_bicubic2d_aa.vec",
    cites=CITES,
)  # fmt: skip
def smooth(step: Step, input: Any, output_size: Any, align_corners: bool, scale_factors: Any) -> Any:
    """The table of weights of every axis is moved to itself, bit for bit or as the rational numbers it stands for."""
    return _resized(step, input, output_size, scale_factors, (align_corners,))


def _resized(step: Step, input: Moving, sizes: Any, factors: Any, corners: tuple[bool, ...]) -> Moving:
    spatial = int(next(c for c in step.op if c in "123"))
    grid = grid_of(input, spatial)
    if input.action is None:
        raise Refusal(input.reason)
    if input.batch is None or input.batch.axis in grid.axes:
        raise Refusal("interpolation over the batch: samples meet each other")
    tables = [
        _weights(step.op, spatial, input.shape[a], step.shape[a], None if factors is None else factors[k], corners)
        for k, a in enumerate(grid.axes)
    ]
    first = grid.axes[0]
    turn, sigmas = [], {}
    for k, axis in enumerate(grid.axes):
        partner = grid.action.turn[axis] - first
        here = tables[partner][:, np.argsort(grid.action.table(axis))]
        if here.shape != tables[k].shape:
            raise Refusal(f"axis {axis} is resized otherwise than the axis that takes its place")
        _, labels = np.unique(np.concatenate([tables[k], here]), axis=0, return_inverse=True)
        labels = labels.ravel().astype(np.int64)
        sigma = bijection(labels[: len(here)], labels[len(here) :])
        if sigma is None:
            n, m = tables[k].shape[1], tables[k].shape[0]
            raise Refusal(f"axis {axis}: the weights from {n} to {m} entries are not moved to themselves")
        turn.append(partner)
        sigmas[k] = sigma
    others = [a for a in range(len(input.shape)) if a not in grid.axes]
    resized = Action.of([step.shape[a] for a in grid.axes], turn=turn, tables=sigmas)
    parts = [(others, grid.action.restricted(others)), (list(grid.axes), resized)]
    return Moving(Action.product(step.shape, parts), input.batch)


def _weights(op: str, spatial: int, n: int, m: int, factor: float | None, corners: tuple[bool, ...]) -> Ints:
    """Ids of the m×n weights: what the operation makes of the n unit vectors, all other axes being of length 1."""
    unit = torch.eye(n, dtype=torch.float64).reshape(1, n, n, *(1,) * (spatial - 1))
    sizes = None if factor is not None else [m, *(1,) * (spatial - 1)]
    factors = None if factor is None else [factor, *(1.0,) * (spatial - 1)]
    table = overload(op)(unit, sizes, *corners, factors).reshape(n, m).T.numpy()
    if "linear" in op and "_aa" not in op and (exact := _rational(n, m, factor, corners[0])) is not None:
        found = np.array([[float(w) for w in row] for row in exact])
        if np.abs(found - table).max() < _CLOSE:
            known: dict[Fraction, int] = {}
            return np.array([[known.setdefault(w, len(known)) for w in row] for row in exact], dtype=np.int64)
    return np.asarray(table + 0.0).view(np.int64)


def _rational(n: int, m: int, factor: float | None, corners: bool) -> list[list[Fraction]] | None:
    """Linear interpolation in rational numbers; None where a length is too large to be worth it."""
    if n * m > 2**16:
        return None
    if corners:
        ratio = Fraction(n - 1, m - 1) if m > 1 else Fraction(0)
    else:
        ratio = Fraction(n, m) if factor is None else 1 / Fraction(factor)
    rows = []
    for o in range(m):
        at = ratio * o if corners else max(Fraction(0), ratio * (o + Fraction(1, 2)) - Fraction(1, 2))
        low = min(floor(at), n - 1)
        part = at - low
        row = [Fraction(0)] * n
        row[low] += 1 - part
        row[min(low + 1, n - 1)] += part
        rows.append(row)
    return rows
