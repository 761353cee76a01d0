"""Measurements: errors, curves against scale, refinement ladders. Judging them is left to `invariance.testing`."""

from .bound import dropped_term, lipschitz_constant
from .curve import Family, InvarianceCurve, invariance_curve, resampling_floor
from .error import ErrorReport, equivariance_error, invariance_error
from .floor import matched_spectrum
from .interval import bootstrap_ratio, quantile_interval
from .ladder import Ladder, refinement_ladder
from .warping import Claim, warp_error

__all__ = [
    "Claim",
    "ErrorReport",
    "Family",
    "InvarianceCurve",
    "Ladder",
    "bootstrap_ratio",
    "dropped_term",
    "equivariance_error",
    "invariance_curve",
    "invariance_error",
    "lipschitz_constant",
    "matched_spectrum",
    "quantile_interval",
    "refinement_ladder",
    "resampling_floor",
    "warp_error",
]
