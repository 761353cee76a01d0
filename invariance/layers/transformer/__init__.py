"""Spatial transformer layers: affine (Jaderberg et al. 2015) and CPAB (Detlefsen et al. 2018)."""

from .localisation import Localisation
from .spatial import AffineTransformer, CPABTransformer, SpatialTransformer

__all__ = ["AffineTransformer", "CPABTransformer", "Localisation", "SpatialTransformer"]
