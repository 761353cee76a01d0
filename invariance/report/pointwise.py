"""Pointwise actions on the Jacobian fields of photographs: the theorems' own setting."""

from __future__ import annotations

from functools import partial

from torch import Tensor

from ..actions import block_action, smooth_action
from ..jacobians import jacobian
from .networks import networks
from .result import Result, curve_result, logspace, measured_curves

__all__ = ["block_fields", "smooth_fields"]


def block_fields(photos: Tensor) -> Result:
    """Theorem 2 on photographs: fields constant on 3×3 blocks."""
    jac = jacobian(photos)
    family = partial(block_action, size=(jac.shape[-2], jac.shape[-1]), block=3)
    heads = {name: net.get_submodule("head") for name, net in networks().items()}
    text = (
        "Pointwise action of fields M = exp(σG) that are constant on 3×3 blocks. One tap, and windows that do not "
        "overlap, are exactly invariant; overlapping windows straddle blocks and err to first order in σ."
    )
    measured = measured_curves(heads, jac, warp=family, scales=logspace(1e-3, 1, 7))
    return curve_result(
        "block_fields", "Block fields on photographs: the paper's group", text, measured, slopes=(0.5, 1)
    )


def smooth_fields(photos: Tensor) -> Result:
    """Corollary 4's "any group H": only one tap survives fields that vary within a window."""
    jac = jacobian(photos)
    family = partial(smooth_action, size=(jac.shape[-2], jac.shape[-1]))
    heads = {name: net.get_submodule("head") for name, net in networks().items()}
    text = (
        "Pointwise action of smooth fields: no window sees a constant matrix, only the network of one tap is invariant."
    )
    measured = measured_curves(heads, jac, warp=family, scales=logspace(1e-3, 1, 7))
    return curve_result("smooth_fields", "Smooth fields on photographs: any H", text, measured, slopes=(0.5, 1))
