"""Products of two tensors that move unlike (19)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..subject import trap
from .asked import SIZE, Plain, image, noise, sign


def products(first: Tensor, second: Tensor) -> Callable[[Tensor], Tensor]:
    """qkᵀ where q and k are read from other orders of the rows."""
    return lambda x: x[:, :, first].mT @ x[:, :, second]


UP, DOWN = torch.arange(SIZE), torch.arange(SIZE).flip(0)
SKEW = torch.tensor([1, 0, 2, 3, 4, 5])
trap("19: qkᵀ with unlike permutations")(lambda: image(products(UP, SKEW)))
trap("19: qkᵀ with one permutation")(lambda: image(products(SKEW, SKEW), "either"))
trap("19: qkᵀ, one reversed: still one motion")(lambda: image(products(UP, DOWN), "either"))
trap("19: qkᵀ of shifted rows")(lambda: image(lambda x: x.roll(1, 2).mT @ x, "either"))
trap("19: qkᵀ with unlike signs")(lambda: sign(lambda x: x.mT @ x.abs() + x.mT @ x))
trap("19: qkᵀ with like signs")(lambda: sign(lambda x: x.mT @ x, "either"))
trap("19: einsum that contracts a row with a column")(lambda: image(lambda x: torch.einsum("bcij, bcjk -> bcik", x, x)))
trap("19: einsum with the diagonal")(lambda: image(lambda x: torch.einsum("bcii -> bc", x)))
trap("19: a bilinear form of a table that is not symmetric")(
    lambda: image(
        Plain(lambda x, t: torch.einsum("bci, ij, bcj -> bc", x[..., 0], t, x[..., 1]), table=noise(SIZE, SIZE))
    )
)
