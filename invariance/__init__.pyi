from . import (
    actions,
    errors,
    fields,
    groups,
    images,
    jacobians,
    layers,
    measure,
    models,
    pictures,
    plots,
    proving,
    sizes,
    testing,
    warps,
)
from .actions import PointwiseAction
from .checking import check, profile
from .comparing import compare
from .doctor import diagnose
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
    Comparison,
    InvarianceCurve,
    equivariance_error,
    invariance_curve,
    invariance_error,
    refinement_ladder,
    resampling_floor,
    warp_error,
)
from .measure.comparison import load, save
from .models import DiffCNN, PlainCNN, build, list_models
from .pictures import photographs
from .plots import plot_comparison, plot_invariance, plot_ladder
from .proving import assert_proved, prove, prove_symmetry
from .sizes import check_exact_size, exact_sizes, size_defects
from .symmetrize import symmetrize
from .symmetry import Symmetry
from .testing import assert_consistent, assert_equivariant, assert_invariant
from .warps import WARP_FAMILIES, Pullback, Warp, warp_images

__version__: str

__all__ = [
    "GROUPS",
    "P2",
    "P4",
    "P4M",
    "WARP_FAMILIES",
    "AnalyticImage",
    "Comparison",
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
    "Symmetry",
    "Warp",
    "actions",
    "assert_consistent",
    "assert_equivariant",
    "assert_invariant",
    "assert_proved",
    "build",
    "check",
    "check_exact_size",
    "compare",
    "diagnose",
    "equivariance_error",
    "errors",
    "exact_jacobian",
    "exact_sizes",
    "fields",
    "groups",
    "images",
    "invariance_curve",
    "invariance_error",
    "jacobian",
    "jacobians",
    "layers",
    "list_models",
    "load",
    "measure",
    "models",
    "photographs",
    "pictures",
    "pixel_grid",
    "plot_comparison",
    "plot_invariance",
    "plot_ladder",
    "plots",
    "profile",
    "prove",
    "prove_symmetry",
    "proving",
    "refinement_ladder",
    "resampling_floor",
    "sample",
    "save",
    "size_defects",
    "sizes",
    "symmetrize",
    "testing",
    "warp_error",
    "warp_images",
    "warps",
]
