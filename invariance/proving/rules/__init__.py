"""The rules, a file for each family of operations; importing one registers its rules."""

from . import convolution, linear, norms, pointwise, pooling, reductions, views

__all__ = ["convolution", "linear", "norms", "pointwise", "pooling", "reductions", "views"]
