"""Flows of continuous piecewise affine velocities (Freifeld et al. 2017)."""

from .tessellation import Tessellation
from .warp import CPAB, random_cpab

__all__ = ["CPAB", "Tessellation", "random_cpab"]
