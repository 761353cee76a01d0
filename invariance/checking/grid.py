"""How the pixels of an output lie on those of the input."""

from __future__ import annotations

from fractions import Fraction

import torch
from torch import Tensor

from ..errors import ArgumentError
from .probe import Probe

__all__ = ["Strides", "strides_of"]

Strides = tuple[Fraction, Fraction]

_STEP = 64


def strides_of(probe: Probe, shape: tuple[int, ...], plain: Tensor) -> Strides:
    """Input pixels for each output pixel, along rows and columns: a fraction where the output is the finer one."""
    down, right = (_stride(probe, shape, plain, axis) for axis in (-2, -1))
    return down, right


def _stride(probe: Probe, shape: tuple[int, ...], plain: Tensor, axis: int) -> Fraction:
    """From how much the output grows with the input, up to what is left over; else from their lengths."""
    ratio = Fraction(shape[axis], plain.shape[axis])
    for longer in ((axis,), (-2, -1)):  # some models take squares only
        larger = [1, *shape]
        for side in longer:
            larger[side] += _STEP
        try:
            growth = probe(torch.zeros(larger, dtype=torch.float64)).shape[axis] - plain.shape[axis]
        except ArgumentError:
            continue
        whole = [Fraction(s) for s in range(1, _STEP + 1) if abs(growth - _STEP / s) < 1]
        if whole:
            return min(whole, key=lambda stride: (growth * stride != _STEP, abs(stride - ratio)))
        if growth > 0:
            return Fraction(_STEP, growth).limit_denominator(8)
    return Fraction(max(1, round(ratio))) if ratio >= 1 else Fraction(1, round(1 / ratio))
