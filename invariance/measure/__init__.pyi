from .accuracy import AccuracyCurve
from .acted import acted_element
from .alignment import (
    Alignment,
    align_features,
)
from .blame import Fault
from .bound import dropped_term, dropped_term_curve, lipschitz_constant
from .comparison import Comparison, Measure
from .curve import Family, InvarianceCurve, invariance_curve, resampling_floor
from .diagnosis import BandwidthProfile, BorderReport, SizeSweep, bandwidth_profile, border_report, size_sweep
from .error import ErrorReport, equivariance_error, invariance_error
from .feature_maps import (
    FeatureMaps,
    feature_maps,
)
from .field_of_view import (
    FieldOfView,
    field_of_view,
)
from .floor import matched_spectrum
from .interval import bootstrap_mean, bootstrap_ratio, quantile_interval
from .ladder import Ladder, refinement_ladder
from .layer_curves import layer_curves
from .layerwise import LayerError, LayerwiseReport, blame_layers, layerwise_error
from .local import VELOCITIES, LayerLocalError, LocalReport, local_error
from .sampled import (
    SampledNetwork,
)
from .shift_consistency import shift_consistency
from .stability import Stability, relative_stability
from .theory import Bound, FittedSlope, fitted_slope, lipschitz_bound, regularised_bound
from .warping import Claim, warp_error

__all__ = [
    "VELOCITIES",
    "AccuracyCurve",
    "Alignment",
    "BandwidthProfile",
    "BorderReport",
    "Bound",
    "Claim",
    "Comparison",
    "ErrorReport",
    "Family",
    "Fault",
    "FeatureMaps",
    "FieldOfView",
    "FittedSlope",
    "InvarianceCurve",
    "Ladder",
    "LayerError",
    "LayerLocalError",
    "LayerwiseReport",
    "LocalReport",
    "Measure",
    "SampledNetwork",
    "SizeSweep",
    "Stability",
    "acted_element",
    "align_features",
    "bandwidth_profile",
    "blame_layers",
    "bootstrap_mean",
    "bootstrap_ratio",
    "border_report",
    "dropped_term",
    "dropped_term_curve",
    "equivariance_error",
    "feature_maps",
    "field_of_view",
    "fitted_slope",
    "invariance_curve",
    "invariance_error",
    "layer_curves",
    "layerwise_error",
    "lipschitz_bound",
    "lipschitz_constant",
    "local_error",
    "matched_spectrum",
    "quantile_interval",
    "refinement_ladder",
    "regularised_bound",
    "relative_stability",
    "resampling_floor",
    "shift_consistency",
    "size_sweep",
    "warp_error",
]
