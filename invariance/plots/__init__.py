"""Figures, one a file: measurements in, matplotlib axes out, nothing shown."""

from .accuracy import plot_accuracy
from .accuracy_loss import plot_accuracy_loss
from .alignment import (
    plot_alignment,
)
from .at_bandwidths import plot_at_bandwidths
from .bandwidth import plot_bandwidth
from .bound import plot_bound
from .certified import plot_certified
from .checkpoints import plot_checkpoints
from .comparison import plot_comparison
from .curve import plot_invariance
from .errors import plot_errors
from .feature_maps import (
    plot_feature_maps,
)
from .field_of_view import (
    plot_field_of_view,
)
from .front import plot_front
from .gallery import plot_gallery
from .ladder import plot_ladder
from .layer_curves import plot_layer_curves
from .layerwise import plot_layerwise
from .predictions import plot_predictions
from .profile import plot_profile
from .proof import plot_proof
from .save import save_figure
from .style import figure_of

__all__ = [
    "figure_of",
    "plot_accuracy",
    "plot_accuracy_loss",
    "plot_alignment",
    "plot_at_bandwidths",
    "plot_bandwidth",
    "plot_bound",
    "plot_certified",
    "plot_checkpoints",
    "plot_comparison",
    "plot_errors",
    "plot_feature_maps",
    "plot_field_of_view",
    "plot_front",
    "plot_gallery",
    "plot_invariance",
    "plot_ladder",
    "plot_layer_curves",
    "plot_layerwise",
    "plot_predictions",
    "plot_profile",
    "plot_proof",
    "save_figure",
]
