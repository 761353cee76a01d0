"""Groups of channels (15)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from ..subject import trap
from .asked import Plain, channels, noise


def grouped(groups: int, weight: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: F.conv2d(x, weight.to(x), groups=groups)


trap("15: one filter a colour, all unlike")(
    lambda: channels(Plain(lambda x, w: F.conv2d(x, w, groups=3), w=noise(3, 1, 3, 3)))
)
trap("15: one filter a colour, all alike")(
    lambda: channels(Plain(lambda x, w: F.conv2d(x, w.expand(3, 1, 3, 3), groups=3), w=noise(1, 1, 3, 3)), "either")
)
trap("15: groups of two, mixed by the permutation")(
    lambda: channels(
        Plain(lambda x, w: F.conv2d(torch.cat([x, x], 1), w, groups=3), w=noise(1, 2, 1, 1).expand(3, 2, 1, 1).clone())
    )
)
trap("15: groups of two with equal filters inside")(
    lambda: channels(
        Plain(lambda x, w: F.conv2d(torch.cat([x, x], 1), w, groups=2), w=noise(2, 1, 1, 1).expand(2, 3, 1, 1).clone()),
        "either",
    )
)
trap("15: channel shuffle between groups")(
    lambda: channels(
        Plain(
            lambda x, w: F.conv2d(
                x.repeat_interleave(2, 1).unflatten(1, (2, 3)).transpose(1, 2).flatten(1, 2), w, groups=3
            ),
            w=noise(3, 2, 1, 1),
        )
    )
)
