"""Faults planted one at a time in modules that are symmetric without them."""

from . import banks, borders, continuous, layers, pointwise, shifts, sizes

__all__ = ["banks", "borders", "continuous", "layers", "pointwise", "shifts", "sizes"]
