"""RotDCF: filters on SE(2) decomposed over Fourier–Bessel functions and Fourier modes (Cheng et al. 2018).

Features are "b c angles h w", angle j being 2πj/angles counter-clockwise. A head must pool over the angles to be
invariant; one that flattens them is not.
"""

from .angles import AnglePool, RotDCFMaxPool2d, turn_features
from .basis import FourierBessel, fourier_modes
from .convolution import RotDCFConv2d, RotDCFLift2d
from .norm import RotDCFBatchNorm2d

__all__ = [
    "AnglePool",
    "FourierBessel",
    "RotDCFBatchNorm2d",
    "RotDCFConv2d",
    "RotDCFLift2d",
    "RotDCFMaxPool2d",
    "fourier_modes",
    "turn_features",
]
