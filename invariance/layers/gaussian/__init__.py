r"""Continuous CNN layers on images that are sums of Gaussians times polynomials (Jansson et al., 2020): no grid at all.

Convolution, affine maps, biases and $\sigma(z) = z^2$ are exact; other σ by quadrature, with its error measured.
"""

from .layer import GaussianConv2d, Pointwise, Square, gaussian_network, quadrature_error
from .mixture import GaussianMixture
from .products import MAX_COEFFICIENTS, convolve, merged, square
from .strokes import matched_filters, strokes

__all__ = [
    "MAX_COEFFICIENTS",
    "GaussianConv2d",
    "GaussianMixture",
    "Pointwise",
    "Square",
    "convolve",
    "gaussian_network",
    "matched_filters",
    "merged",
    "quadrature_error",
    "square",
    "strokes",
]
