"""Attention with flags and masks (9)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..subject import trap
from .asked import Plain, noise, sequence


def attention(x: Tensor, mask: Tensor | None = None, **options: Any) -> Tensor:
    heads = x[:, None]
    return F.scaled_dot_product_attention(heads, heads, heads, mask, **options)[:, 0]


trap("9: is_causal")(lambda: sequence(Plain(lambda x: attention(x, is_causal=True))))
trap("9: a constant mask of numbers")(lambda: sequence(Plain(attention, mask=noise(5, 5))))
trap("9: a mask of booleans")(lambda: sequence(Plain(attention, mask=torch.ones(5, 5).tril().bool())))
trap("9: a mask that permutations keep")(lambda: sequence(Plain(attention, mask=torch.eye(5)), "either"))
trap("9: a window")(lambda: sequence(Plain(attention, mask=(torch.arange(5) - torch.arange(5)[:, None]).abs() < 2)))
trap("9: no attention to oneself")(lambda: sequence(Plain(attention, mask=~torch.eye(5).bool()), "either"))
trap("9: another scale")(lambda: sequence(Plain(lambda x: attention(x, scale=0.7)), "either"))
trap("9: the mask of nn.MultiheadAttention")(lambda: sequence(Masked()))
trap("9: masked by hand")(
    lambda: sequence(
        Plain(lambda x, m: (x @ x.mT).masked_fill(m, -9.0).softmax(-1) @ x, m=torch.ones(5, 5).triu(1).bool())
    )
)


class Masked(nn.Module):
    """Causal by a mask."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.layer = nn.MultiheadAttention(4, 2, batch_first=True)
        self.register_buffer("mask", torch.ones(5, 5).triu(1).bool())

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x, x, x, attn_mask=self.mask, need_weights=False)[0]
