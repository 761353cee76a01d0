"""Constants that rounding makes symmetric (6); what forward writes to (7)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..subject import trap
from .asked import ROWS, Plain, even, image, noise

trap("6: x + ((t + 1e17) − 1e17)")(lambda: image(Plain(lambda x, t: x + ((t + 1e17) - 1e17), table=ROWS)))
trap("6: x + (t·1e-320)·1e320")(
    lambda: image(Plain(lambda x, t: x + (t * 1e-200 * 1e-200) * 1e200 * 1e200, table=ROWS))
)
trap("6: a filter summed of parts that cancel")(
    lambda: image(
        Plain(lambda x, w, u: F.conv2d(x, (w + u) - u), w=noise(2, 3, 3, 3), u=1e17 * even(noise(2, 3, 3, 3)))
    )
)


class Counter(nn.Module):
    """A buffer counts the calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Tensor
        self.table: Tensor
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("table", ROWS)

    def forward(self, x: Tensor) -> Tensor:
        self.calls.add_(1)
        return x * self.table


class Writes(nn.Module):
    """The input is written to."""

    def __init__(self) -> None:
        super().__init__()
        self.table: Tensor
        self.register_buffer("table", ROWS)

    def forward(self, x: Tensor) -> Tensor:
        x.add_(1)
        return x * self.table


trap("7: a counter")(lambda: image(Counter()))
trap("7: the input mutated")(lambda: image(Writes()))
trap("7: two outputs, the second broken")(lambda: image(lambda x: (x, x * ROWS.to(x))))
