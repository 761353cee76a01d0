"""Norms with statistics of the batch (18), and with parameters of their own (22)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from ..subject import trap
from .asked import ROWS, SIZE, Plain, channels, flat, image, sequence

trap("18: F.batch_norm(training=True)")(
    lambda: image(Plain(lambda x, t: t * (F.batch_norm(x, None, None, training=True)), table=ROWS))
)
trap("18: F.batch_norm(training=True), constants cancelled by the batch")(
    lambda: image(
        Plain(
            lambda x, t: (
                F.batch_norm(x.flatten(1) * 0 + t.flatten()[0], None, None, training=True)[:, :1]
                + (x * t).sum((1, 2, 3))[:, None]
            ),
            table=ROWS,
        )
    )
)
trap("18: instance norm")(lambda: image(nn.InstanceNorm2d(3), "either"))
trap("18: instance norm with running statistics of a row")(
    lambda: image(Plain(lambda x, m: F.batch_norm(x.transpose(1, 2), m, m.abs() + 1).transpose(1, 2), m=ROWS.flatten()))
)

trap("22: layer norm, γ of its own for each row")(
    lambda: image(Plain(lambda x, t: F.layer_norm(x, (SIZE, SIZE), t), table=ROWS.expand(SIZE, SIZE).clone()))
)
trap("22: layer norm, β of its own for each row")(
    lambda: image(Plain(lambda x, t: F.layer_norm(x, (SIZE, SIZE), None, t), table=ROWS.expand(SIZE, SIZE).clone()))
)
trap("22: layer norm, γ even")(
    lambda: image(Plain(lambda x, t: F.layer_norm(x, (SIZE, SIZE), t), table=flat(SIZE, SIZE)), "either")
)
trap("22: group norm whose groups the colours cross")(
    lambda: channels(lambda x: F.group_norm(torch.cat([x, x[:, :1]], 1), 2))
)
trap("22: group norm, γ for each colour")(
    lambda: channels(Plain(lambda x, g: F.group_norm(x, 3, g), gain=torch.tensor([1.0, 2, 3])))
)
trap("22: group norm")(lambda: channels(lambda x: F.group_norm(x, 3), "either"))
trap("22: response norm across colours")(lambda: channels(nn.LocalResponseNorm(2, 0.5)))
trap("22: rms norm, weight by columns of tokens")(lambda: sequence(nn.RMSNorm(4), "either"))
