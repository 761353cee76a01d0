"""Pointwise actions on the Jacobian fields of photographs: the theorems' own setting."""

from __future__ import annotations

from functools import partial

from torch import Tensor

from ..actions import block_action, smooth_action
from ..jacobians import jacobian
from .networks import ORDERS, networks
from .result import Result, curve_result, logspace, measured_curves

__all__ = ["block_fields", "smooth_fields"]


def block_fields(photos: Tensor) -> Result:
    """Theorem 2 on photographs: fields constant on 3×3 blocks."""
    jac = jacobian(photos)
    family = partial(block_action, size=(jac.shape[-2], jac.shape[-1]), block=3)
    heads = {name: net.get_submodule("head") for name, net in networks().items()}
    text = (
        "Look at the two panels. Below: one tap, and 3×3 windows that do not overlap, keep U to the last digits under "
        "fields M = exp(σG) that are constant on 3×3 blocks: Theorem 2 as it can be true. Above: windows that overlap "
        "see two blocks at once, and U changes. The plain CNN has less error than they have at small σ, and is not "
        "invariant either."
    )
    measured = measured_curves(heads, jac, warp=family, scales=logspace(1e-3, 1, 7))
    return curve_result("block_fields", "Block fields on photographs: the paper's group", text, measured, orders=ORDERS)


def smooth_fields(photos: Tensor) -> Result:
    """Corollary 4's "any group H": only one tap survives fields that vary within a window."""
    jac = jacobian(photos)
    family = partial(smooth_action, size=(jac.shape[-2], jac.shape[-1]))
    heads = {name: net.get_submodule("head") for name, net in networks().items()}
    text = (
        "Now M changes from pixel to pixel, so that no window sees one matrix. Look at what is left in the lower "
        "panel: one tap alone. Corollary 4 says “any group H”; it holds for K = 1."
    )
    measured = measured_curves(heads, jac, warp=family, scales=logspace(1e-3, 1, 7))
    return curve_result("smooth_fields", "Smooth fields on photographs: any H", text, measured, orders=ORDERS)
