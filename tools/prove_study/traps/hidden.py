"""Bodies that a graph does not show, and other types (23)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..subject import trap
from .asked import ROWS, Plain, image


class Cond(nn.Module):
    """torch.cond: its branches are graphs of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.table: Tensor
        self.register_buffer("table", ROWS)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cond(
            x.sum() > 0, lambda x: x * self.table.to(x.dtype), lambda x: x * self.table.to(x.dtype) + 1, (x,)
        )


class Cast(nn.Module):
    """An autocast region."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return (x @ x.mT).to(x.dtype)


trap("23: torch.cond")(lambda: image(Cond()))
trap("23: autocast")(lambda: image(Cast(), "either"))
trap("23: control flow that depends on data")(lambda: image(lambda x: x * ROWS.to(x) if x.sum() > 0 else x))
trap("23: rounded to bfloat16 and back")(lambda: image(lambda x: x.bfloat16().to(x.dtype), "either"))
trap("23: a table rounded to bfloat16")(
    lambda: image(Plain(lambda x, t: x + t.bfloat16().to(x.dtype), table=1 + 1e-6 * ROWS), "either")
)
trap("23: integers and back")(lambda: image(lambda x: x.long().to(x.dtype), "either"))
