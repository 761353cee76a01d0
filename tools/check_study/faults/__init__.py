"""Faults planted one at a time in modules that are symmetric without them."""

from . import banks, borders, code, continuous, layers, pointwise, shifts, sizes

__all__ = ["banks", "borders", "code", "continuous", "layers", "pointwise", "shifts", "sizes"]
