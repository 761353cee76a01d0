"""Group convolutional networks on split groups Z² ⋊ H (Cohen & Welling, ICML 2016).

Features are "b c |H| h w" and stay so under pointwise nonlinearities and `torch.cat` along the channels, which are
equivariant as they are. A head must pool over the group before it flattens it into a linear map.
"""

from .correlation import GroupConv2d, LiftingConv2d, filter_taps
from .named import P4ConvP4, P4ConvZ2, P4MConvP4M, P4MConvZ2
from .norm import GroupBatchNorm2d
from .planar import to_planar
from .pooling import CosetPool, GroupAvgPool2d, GroupMaxPool2d, GroupPool
from .residual import Residual
from .subsample import Subsample

__all__ = [
    "CosetPool",
    "GroupAvgPool2d",
    "GroupBatchNorm2d",
    "GroupConv2d",
    "GroupMaxPool2d",
    "GroupPool",
    "LiftingConv2d",
    "P4ConvP4",
    "P4ConvZ2",
    "P4MConvP4M",
    "P4MConvZ2",
    "Residual",
    "Subsample",
    "filter_taps",
    "to_planar",
]
