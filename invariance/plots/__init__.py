"""Figures, one a file: measurements in, matplotlib axes out, nothing shown."""

from .bandwidth import plot_bandwidth
from .bound import plot_bound
from .curve import plot_invariance
from .gallery import plot_gallery
from .ladder import plot_ladder
from .layerwise import plot_layerwise
from .style import figure_of

__all__ = [
    "figure_of",
    "plot_bandwidth",
    "plot_bound",
    "plot_gallery",
    "plot_invariance",
    "plot_ladder",
    "plot_layerwise",
]
