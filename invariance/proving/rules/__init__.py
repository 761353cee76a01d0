"""The rules, a file for each family of operations; importing one registers its rules."""

from . import (
    attention,
    convolution,
    einsum,
    indexing,
    interpolation,
    linear,
    norms,
    pieces,
    places,
    pointwise,
    pooling,
    reductions,
    selection,
    together,
    views,
)

__all__ = [
    "attention",
    "convolution",
    "einsum",
    "indexing",
    "interpolation",
    "linear",
    "norms",
    "pieces",
    "places",
    "pointwise",
    "pooling",
    "reductions",
    "selection",
    "together",
    "views",
]
