"""Figures, one a file: measurements in, matplotlib axes out, nothing shown."""

from .bound import plot_bound
from .curve import plot_invariance
from .gallery import plot_gallery
from .ladder import plot_ladder

__all__ = ["plot_bound", "plot_gallery", "plot_invariance", "plot_ladder"]
