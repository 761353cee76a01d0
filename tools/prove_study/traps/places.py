"""Places of maxima and of sorted entries (8), running sums and recurrences (20), values that are indices (26)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..subject import trap
from .asked import SIZE, channels, image, sequence, shifted

trap("8: argmax(relu(x)) over colours")(lambda: channels(lambda x: x.relu().argmax(1).to(x.dtype)))
trap("8: argmax along rows")(lambda: image(lambda x: x.relu().argmax(2).to(x.dtype)))
trap("8: argmax over colours that stay")(lambda: image(lambda x: x.argmax(1).to(x.dtype), "either"))
trap("8: indices of top-k")(lambda: channels(lambda x: x.relu().topk(2, 1).indices.to(x.dtype)))
trap("8: values of top-k")(lambda: channels(lambda x: x.topk(2, 1).values, "either"))
trap("8: argsort")(lambda: channels(lambda x: x.relu().argsort(1).to(x.dtype)))
trap("8: sorted values")(lambda: channels(lambda x: x.sort(1).values, "either"))
trap("8: median of rows and its place")(lambda: image(lambda x: x.relu().median(2).indices.to(x.dtype)))
trap("8: indices of a maximum pool")(
    lambda: image(lambda x: F.max_pool2d(x.relu(), 2, return_indices=True)[1].to(x.dtype))
)
trap("8: unpooled by its indices")(
    lambda: image(lambda x: F.max_unpool2d(*F.max_pool2d(x.relu(), 2, return_indices=True), (2, 2)), "refused")
)
trap("8: gathered by argmax")(lambda: image(lambda x: x[:, 1:].gather(2, x[:, :2].relu().argmax(2, keepdim=True))))

trap("20: cumsum")(lambda: image(lambda x: x.cumsum(2)))
trap("20: cumsum, then its last")(lambda: image(lambda x: x.cumsum(2)[:, :, -1], "either"))
trap("20: cumprod")(lambda: image(lambda x: x.tanh().cumprod(2)))
trap("20: cummax")(lambda: image(lambda x: x.cummax(2).values))
trap("20: logcumsumexp")(lambda: image(lambda x: x.logcumsumexp(2)))
trap("20: diff along rows")(lambda: image(lambda x: x.diff(dim=2), "either"))
trap("20: |diff| along rows")(lambda: image(lambda x: x.diff(dim=2).abs(), "either"))


class Recurrent(nn.Module):
    """The last state of a recurrent layer over the tokens."""

    def __init__(self, kind: Any) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.layer = kind(4, 3, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)[0][:, -1]


trap("20: GRU")(lambda: sequence(Recurrent(nn.GRU)))
trap("20: LSTM")(lambda: sequence(Recurrent(nn.LSTM)))
trap("20: RNN")(lambda: sequence(Recurrent(nn.RNN)))

trap("26: a Fourier transform under shifts")(lambda: shifted(lambda x: torch.fft.rfft2(x).real))
trap("26: a power spectrum under shifts")(lambda: shifted(lambda x: torch.fft.rfft2(x).abs(), "either"))
trap("26: rows chosen by values")(lambda: image(lambda x: x.gather(2, (x.abs() * 5).long() % SIZE)))
trap("26: values of an index used as numbers")(
    lambda: image(lambda x: x + torch.arange(SIZE, dtype=x.dtype)[:, None].expand(SIZE, SIZE))
)
trap("26: one-hot of an argmax along rows")(lambda: image(lambda x: F.one_hot(x.relu().argmax(2), SIZE).mT.to(x.dtype)))
