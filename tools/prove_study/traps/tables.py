"""Tables beside the input (1, 2), randomness and constants made in forward (3)."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ..subject import trap
from .asked import ROWS, SIZE, Plain, channels, image, sequence

for i, (name, model) in enumerate(
    {
        "x.abs().pow(table)": lambda x, t: x.abs().pow(t),
        "table ** x": lambda x, t: t.pow(x.tanh()),
        "clamp(x, min=table)": lambda x, t: torch.clamp(x, min=t),
        "clamp(x, max=table)": lambda x, t: torch.clamp(x, max=t),
        "where(x > 0, x, table)": lambda x, t: torch.where(x > 0, x, t),
        "where(mask, x, 0)": lambda x, t: torch.where(t > 0.9, x, 0),
        "maximum(x, table)": lambda x, t: torch.maximum(x, t),
        "lerp(x, 0, table)": lambda x, t: torch.lerp(x, torch.zeros_like(x), t / 3),
        "atan2(x, table)": lambda x, t: torch.atan2(x, t),
        "fmod(x, table)": lambda x, t: torch.fmod(x, t),
        "x / table": lambda x, t: x / t,
        "table − x": lambda x, t: t - x,
        "addcmul(x, x, table)": lambda x, t: torch.addcmul(x, x, t.expand_as(x)),
        "hypot(x, table)": lambda x, t: torch.hypot(x, t),
        "masked_fill(x, mask, 0)": lambda x, t: x.masked_fill(t > 0.9, 0.0),
        "x > table": lambda x, t: (x > t).to(x.dtype) + x,
        "heaviside(x, table)": lambda x, t: torch.heaviside(x.round(), t) + x,
        "prelu by rows": lambda x, t: F.prelu(x.transpose(1, 2), t.flatten()).transpose(1, 2),
    }.items()
):
    trap(f"{1 if i < 2 else 2}: {name}")(lambda model=model: image(Plain(model, table=ROWS)))
    trap(f"{1 if i < 2 else 2}: {name}, table even")(
        lambda model=model: image(Plain(model, table=torch.maximum(ROWS, ROWS.flip(0))), "either")
    )
trap("2: prelu by channels, channels change places")(
    lambda: channels(Plain(lambda x, t: F.prelu(x, t), slope=torch.tensor([0.1, 0.2, 0.3])))
)
trap("3: x * randn(())")(lambda: image(lambda x: x * torch.randn((), dtype=x.dtype)))
trap("3: x * randn(6, 1)")(lambda: image(lambda x: x * torch.randn(SIZE, 1, dtype=x.dtype)))
trap("3: x + rand_like(x)")(lambda: image(lambda x: x + torch.rand_like(x)))
trap("3: bernoulli")(lambda: image(lambda x: x * torch.bernoulli(torch.full((SIZE, 1), 0.5, dtype=x.dtype))))
trap("3: functional dropout in training")(lambda: image(lambda x: F.dropout(x, 0.5, training=True)))
trap("3: randperm of the rows")(lambda: image(lambda x: x[:, :, torch.randperm(SIZE)]))
trap("3: arange as a ramp")(lambda: image(lambda x: x * torch.arange(SIZE)[:, None]))
trap("3: linspace about the centre, squared")(
    lambda: image(lambda x: x * torch.arange(-5, 6, 2)[:, None].abs(), "either")
)
trap("2: a border around copies, added to what moves")(
    lambda: sequence(Plain(lambda x: x + F.pad(x.sum(1, keepdim=True), (0, 0, 2, 2))))
)
trap("2: copies without a border, added to what moves")(
    lambda: sequence(Plain(lambda x: x + x.sum(1, keepdim=True).expand(-1, 5, -1)), "proved")
)
