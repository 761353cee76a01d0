r"""Warps: maps $\varphi$ of the plane with derivative and proof of invertibility, and their action on images.

A map is a `Warp`; `WARP_FAMILIES` has the random ones by name, `MOTIONS` those that go by
degrees or pixels. `Pullback` is $I\circ\varphi$ for images known at every
point, exactly; `warp_images` is the same for samples, resampled.
"""

from .affine_disc import AffineDisc, random_affine_disc
from .base import Composition, Identity, Warp
from .certificate import Certificate
from .cpab import CPAB, Tessellation, random_cpab
from .families import WARP_FAMILIES, Coordinates, Origin, random_affine, random_affine_shift, random_homography
from .motions import MOTIONS, Motion
from .piecewise_linear import Boundary, PiecewiseLinear, random_piecewise_linear
from .projective import Projective
from .pullback import Pullback
from .resample import Method, Padding, resample, warp_images
from .sampling import Folding
from .separable import Separable, random_separable
from .smooth import Smooth, random_smooth

__all__ = [
    "CPAB",
    "MOTIONS",
    "WARP_FAMILIES",
    "AffineDisc",
    "Boundary",
    "Certificate",
    "Composition",
    "Coordinates",
    "Folding",
    "Identity",
    "Method",
    "Motion",
    "Origin",
    "Padding",
    "PiecewiseLinear",
    "Projective",
    "Pullback",
    "Separable",
    "Smooth",
    "Tessellation",
    "Warp",
    "random_affine",
    "random_affine_disc",
    "random_affine_shift",
    "random_cpab",
    "random_homography",
    "random_piecewise_linear",
    "random_separable",
    "random_smooth",
    "resample",
    "warp_images",
]
