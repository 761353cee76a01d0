"""Layers, one paper a file or folder."""

from .diffcnn import JacobianConv2d, JacobianFront, LogDetInvariant, SignNonlinearity
from .gconv import (
    CosetPool,
    GroupAvgPool2d,
    GroupBatchNorm2d,
    GroupConv2d,
    GroupMaxPool2d,
    GroupPool,
    LiftingConv2d,
    P4ConvP4,
    P4ConvZ2,
    P4MConvP4M,
    P4MConvZ2,
    Residual,
    Subsample,
    filter_taps,
    to_planar,
)

__all__ = [
    "CosetPool",
    "GroupAvgPool2d",
    "GroupBatchNorm2d",
    "GroupConv2d",
    "GroupMaxPool2d",
    "GroupPool",
    "JacobianConv2d",
    "JacobianFront",
    "LiftingConv2d",
    "LogDetInvariant",
    "P4ConvP4",
    "P4ConvZ2",
    "P4MConvP4M",
    "P4MConvZ2",
    "Residual",
    "SignNonlinearity",
    "Subsample",
    "filter_taps",
    "to_planar",
]
