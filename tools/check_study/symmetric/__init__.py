"""Families of modules known to be symmetric, by the group."""

from . import continuous, elsewhere, finite, hostile, planar, pointwise, positions, shifts

__all__ = ["continuous", "elsewhere", "finite", "hostile", "planar", "pointwise", "positions", "shifts"]
