"""NaN, infinity and zeros with signs (21); singular functions and bounds (24), last bits (25)."""

from __future__ import annotations

import torch
from torch import nn

from ..subject import trap
from .asked import ROWS, SIZE, Plain, image
from .windows import conv


def holed(value: float) -> nn.Module:
    layer = conv(3, padding=1)
    with torch.no_grad():
        layer.weight[0, 0, 0, 0] = value
        layer.weight[0, 0, 2, 0] = value
    return layer


trap("21: NaN in a filter")(lambda: image(holed(float("nan"))))
trap("21: ∞ in a filter")(lambda: image(holed(float("inf"))))
trap("21: 1/x of ±0 in a table")(
    lambda: image(Plain(lambda x, t: x + (1 / t).clamp(-9, 9), table=torch.tensor([0.0, 1, 1, 1, 1, -0.0])[:, None]))
)
trap("21: atan2 of ±0 in a table")(
    lambda: image(
        Plain(lambda x, t: torch.atan2(t, -1 - x.abs()), table=torch.tensor([0.0, 1, 1, 1, 1, -0.0])[:, None])
    )
)
trap("21: x / ±0")(lambda: image(Plain(lambda x, t: x / t, table=torch.tensor([0.0, 1, 1, 1, 1, -0.0])[:, None])))
trap("21: copysign of ±0")(
    lambda: image(Plain(lambda x, t: torch.copysign(x, t), table=torch.tensor([0.0, 1, 1, 1, 1, -0.0])[:, None]))
)
trap("21: ±0 in a filter")(lambda: image(zeroed(), "either"))


def zeroed() -> nn.Module:
    layer = conv(3, padding=1)
    with torch.no_grad():
        layer.weight[:, :, 0], layer.weight[:, :, 2] = 0.0, -0.0
    return layer


trap("24: 1 / the sum of the rows")(lambda: image(Plain(lambda x, t: 1 / (x * t).sum(2), table=ROWS)))
trap("24: sign of a weighted sum")(lambda: image(Plain(lambda x, t: (x * t).sum(2).sign(), table=1 + 1e-7 * ROWS)))
trap("24: floor of a weighted sum")(lambda: image(Plain(lambda x, t: (x * t).sum(2).floor(), table=1 + 1e-7 * ROWS)))
trap("25: a dot product off by its last bit")(
    lambda: image(Plain(lambda x, t: (x * t).sum(2), table=1 + 2e-7 * (torch.arange(SIZE)[:, None] == 1)))
)
