"""Hypothesis strategies for images, Jacobian fields, matrices, pointwise actions, group elements and warps.

They draw a few coefficients, never pixels, so that an example takes milliseconds and a failure shrinks to something to
be read: an image to `AnalyticImage.from_waves([[[(1, 0, 1.0, 0.0)], …]])`, a matrix, a group element or a warp to the
identity. Bounds hold by construction; nothing is filtered out. All tensors are float64.

>>> from hypothesis import given
>>> from invariance.groups import P4
>>> from invariance.images import sample
>>> from invariance.layers import P4ConvZ2
>>> from invariance.testing import assert_equivariant
>>> layer = P4ConvZ2(3, 4, kernel_size=3).double()
>>> @given(image=analytic_images(batch=2), g=group_elements(P4))
... def test_lifting(image, g):
...     x = sample(image, 16)
...     assert_equivariant(layer, x, P4.act_on_plane(g, x), output_action=lambda y: P4.act(g, y))
>>> test_lifting()
"""

from .fields import block_fields, constant_fields, gl2_matrices, jacobian_fields, pointwise_fields, smooth_fields
from .groups import group_elements, symmetries
from .images import analytic_images, gaussian_mixtures, waves
from .warps import (
    FAMILIES,
    affine_disc_warps,
    affine_warps,
    compositions,
    cpab_warps,
    piecewise_linear_warps,
    projective_warps,
    rotations,
    scalings,
    separable_warps,
    shears,
    smooth_warps,
    warps,
)

__all__ = [
    "FAMILIES",
    "affine_disc_warps",
    "affine_warps",
    "analytic_images",
    "block_fields",
    "compositions",
    "constant_fields",
    "cpab_warps",
    "gaussian_mixtures",
    "gl2_matrices",
    "group_elements",
    "jacobian_fields",
    "piecewise_linear_warps",
    "pointwise_fields",
    "projective_warps",
    "rotations",
    "scalings",
    "separable_warps",
    "shears",
    "smooth_fields",
    "smooth_warps",
    "symmetries",
    "warps",
    "waves",
]
