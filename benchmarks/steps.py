"""Training steps of classifiers against a planar one of the same channels, and per operation."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch.utils.flop_counter import FlopCounterMode

from .models import LAYOUTS, step
from .row import Rows, timed

__all__ = ["rows"]

_SECTION = "Training steps"


def rows() -> Rows:
    for narrow in (False, True):
        for name, layout in LAYOUTS.items():
            said = f"{'bfloat16' if narrow else 'float32'}, {name}"
            ours, peer = (step(spec, 32, layout, narrow) for spec in ("diffcnn-cnn", "cnn"))
            yield timed(_SECTION, f"diffcnn-cnn, batch 32, {said}", "cnn", ours, peer, 1.3, rounds=5)
    ours, peer = (step(spec, 32, torch.channels_last, narrow=False) for spec in ("rotdcf-cnn", "cnn"))
    row = timed(_SECTION, "rotdcf-cnn, batch 32, float32, channels_last", "cnn", ours, peer, rounds=5)
    yield row
    more = operations(ours) / operations(peer)
    low, middle, high = (ratio / more for ratio in row.quartiles)
    yield replace(
        row,
        what=f"rotdcf-cnn, an operation of its {more:.2f} times as many",
        beside="an operation of cnn",
        quartiles=(low, middle, high),
        goal=1.3,
    )


def operations(run: object) -> int:
    """Of matrix products and convolutions, forward and backward."""
    assert callable(run)
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()
