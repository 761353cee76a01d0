"""The batch: samples that meet (4), and what can tell samples or batch sizes apart (5)."""

from __future__ import annotations

import torch

from ..subject import trap
from .asked import ROWS, SIZE, Plain, image

trap("4: cat([x, x.mT], 0)")(lambda: image(lambda x: torch.cat([x, x.mT], 0)))
trap("4: cat([x, ramp·x], 0)")(lambda: image(Plain(lambda x, t: torch.cat([x, t * x], 0), table=ROWS)))
trap("4: cat([x, x.mT], 0), then its first half")(
    lambda: image(lambda x: torch.cat([x, x.mT], 0)[: x.shape[0]], "either")
)
trap("4: the first sample only")(lambda: image(lambda x: x[:1].amax(-2)))
trap("4: the batch folded into the channels")(lambda: image(lambda x: x.flatten(0, 1).unsqueeze(0)))
trap("5: table · (x − x.roll(1, 0))")(lambda: image(Plain(lambda x, t: t * (x - x.roll(1, 0)), table=ROWS)))
trap("5: table · (x − the batch's mean)")(
    lambda: image(Plain(lambda x, t: (t * (x - x.mean(0, keepdim=True))).sum(-2), table=ROWS))
)
trap("5: x + x.flip(0), then a table")(lambda: image(Plain(lambda x, t: (x - x.flip(0)) * t, table=ROWS)))
trap("5: the batch sorted")(lambda: image(Plain(lambda x, t: (x.sort(0).values - x) * t, table=ROWS)))
trap("5: softmax over the batch")(lambda: image(Plain(lambda x, t: (x.softmax(0) - 1) * t, table=ROWS)))
trap("5: the number of the sample times a ramp")(
    lambda: image(lambda x: x + torch.arange(x.shape[0])[:, None, None, None] * torch.arange(SIZE)[:, None])
)
trap("5: a ramp modulo the batch size")(lambda: image(lambda x: x + (torch.arange(SIZE) % x.shape[0])[:, None]))
trap("5: a ramp divided by the batch size")(
    lambda: image(lambda x: x + (torch.arange(SIZE)[:, None] * 2 - 5).abs().div(5 * x.shape[0], rounding_mode="floor"))
)
trap("5: another way for a batch of one")(
    lambda: image(Plain(lambda x, t: x * t if x.shape[0] == 1 else x, table=ROWS))
)
trap("5: rolled along the batch by two")(lambda: image(Plain(lambda x, t: t * (x - x.roll(2, 0)), table=ROWS)))
trap("5: the first two samples treated otherwise")(
    lambda: image(Plain(lambda x, t: torch.cat([x[:2], t * x[2:]], 0), table=ROWS))
)
trap("5: squeezed")(lambda: image(Plain(lambda x, t: (x - x.mean(0)).squeeze() * t, table=ROWS)))
