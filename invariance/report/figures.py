"""The figures of the report, in order."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from .pictures import representation, warp_families
from .pointwise import block_fields, smooth_fields
from .promise import promise_kept, promise_price
from .refinement import dropped_terms, refinement
from .result import Result
from .warping import photographs_under_affine_maps, real_warps

__all__ = ["FIGURES"]

FIGURES: dict[str, Callable[[Tensor], Result]] = {
    "representation": representation,
    "block fields": block_fields,
    "smooth fields": smooth_fields,
    "real warps, invariance": real_warps("invariant"),
    "real warps, equivariance": real_warps("equivariant"),
    "photographs": photographs_under_affine_maps,
    "refinement ladder": refinement,
    "dropped term": dropped_terms,
    "promise kept": promise_kept,
    "its price": promise_price,
    "warp families": warp_families,
}
"""What the report measures, by the name its progress bar shows; each takes photographs "b 3 h w", 6 | h, w."""
