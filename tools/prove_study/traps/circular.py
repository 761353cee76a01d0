"""Cyclic shifts and padding (14)."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from ..subject import trap
from .asked import Plain, noise, shifted


def circular(mode: Any = "circular", **options: Any) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Conv2d(3, 2, 3, padding=1, padding_mode=mode, **options)


trap("14: zero padding under shifts")(lambda: shifted(circular("zeros")))
trap("14: reflected padding under shifts")(lambda: shifted(circular("reflect")))
trap("14: replicated padding under shifts")(lambda: shifted(circular("replicate")))
trap("14: circular padding under shifts")(lambda: shifted(circular(), "either"))
trap("14: circular padding, stride 2")(lambda: shifted(circular(stride=2)))
trap("14: circular padding of 1 for a kernel of 5")(
    lambda: shifted(Plain(lambda x, w: F.conv2d(F.pad(x, (1, 1, 1, 1), "circular"), w, padding=1), w=noise(2, 3, 5, 5)))
)
trap("14: circular rows, zero columns")(
    lambda: shifted(
        Plain(lambda x, w: F.conv2d(F.pad(F.pad(x, (0, 0, 1, 1), "circular"), (1, 1, 0, 0)), w), w=noise(2, 3, 3, 3))
    )
)
trap("14: circular padding and a function before the convolution")(
    lambda: shifted(
        Plain(lambda x, w: F.conv2d(F.pad(x, (1, 1, 1, 1), "circular").tanh(), w), w=noise(2, 3, 3, 3)), "either"
    )
)
trap("14: circular padding alone, then its mean")(
    lambda: shifted(lambda x: F.pad(x, (1, 1, 1, 1), "circular").mean((-2, -1)))
)
trap("14: circular padding, then a maximum over 2")(lambda: shifted(nn.Sequential(circular(), nn.MaxPool2d(2))))
trap("14: circular padding wider than it is used, a batch norm's shift between")(
    lambda: shifted(Plain(lambda x, w: F.conv2d(F.pad(x, (2, 0, 1, 1), "circular"), w), w=noise(2, 3, 3, 3)), "either")
)
