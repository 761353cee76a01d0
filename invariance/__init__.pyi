from . import actions, errors, groups, images, jacobians, layers, measure, models, photographs, plots, sizes, testing, warps
from .actions import PointwiseAction
from .groups import GROUPS, P2, P4, P4M, SplitGroup
from .images import AnalyticImage, pixel_grid, sample
from .jacobians import exact_jacobian, jacobian
from .layers import (
    JacobianConv2d,
    JacobianFront,
    LogDetInvariant,
    P4ConvP4,
    P4ConvZ2,
    P4MConvP4M,
    P4MConvZ2,
    SignNonlinearity,
)
from .measure import (
    InvarianceCurve,
    equivariance_error,
    invariance_curve,
    invariance_error,
    refinement_ladder,
    resampling_floor,
    warp_error,
)
from .models import DiffCNN, PlainCNN, build, list_models
from .photographs import photographs
from .plots import plot_invariance, plot_ladder
from .sizes import check_exact_size, exact_sizes, size_defects
from .testing import assert_consistent, assert_equivariant, assert_invariant
from .warps import WARP_FAMILIES, Pullback, Warp, warp_images

__all__ = [
    "GROUPS",
    "P2",
    "P4",
    "P4M",
    "WARP_FAMILIES",
    "AnalyticImage",
    "DiffCNN",
    "InvarianceCurve",
    "JacobianConv2d",
    "JacobianFront",
    "LogDetInvariant",
    "P4ConvP4",
    "P4ConvZ2",
    "P4MConvP4M",
    "P4MConvZ2",
    "PlainCNN",
    "PointwiseAction",
    "Pullback",
    "SignNonlinearity",
    "SplitGroup",
    "Warp",
    "assert_consistent",
    "assert_equivariant",
    "assert_invariant",
    "build",
    "check_exact_size",
    "equivariance_error",
    "exact_jacobian",
    "exact_sizes",
    "invariance_curve",
    "invariance_error",
    "jacobian",
    "list_models",
    "photographs",
    "pixel_grid",
    "plot_invariance",
    "plot_ladder",
    "refinement_ladder",
    "resampling_floor",
    "sample",
    "size_defects",
    "warp_error",
    "warp_images",
]
