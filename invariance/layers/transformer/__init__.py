"""Spatial transformer layers: affine (Jaderberg et al. 2015)."""

from .localisation import Localisation
from .spatial import AffineTransformer, SpatialTransformer

__all__ = ["AffineTransformer", "Localisation", "SpatialTransformer"]
