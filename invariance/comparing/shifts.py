"""Zhang's translation consistency (2019) of several networks, images streamed."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..errors import ArgumentError
from ..images import sample
from ..measure import bootstrap_mean, quantile_interval
from ..measure.shift_consistency import shift_consistency
from .models import Named
from .runner import Runner
from .stream import Stream

__all__ = ["shift_shares"]


def shift_shares(
    models: Sequence[Named],
    stream: Stream,
    *,
    reach: int,
    size: int,
    draws: int = 4,
    batch: int = 32,
    dtype: torch.dtype = torch.float64,
    device: str = "cpu",
    seed: int = 0,
) -> list[tuple[float, float, float]]:
    """For each network the share of pairs of random shifts by 0 to `reach` pixels under which the class is the same,
    with its 95 % interval over images.

    Raises:
        ArgumentError: a reach that leaves no pixel; a network that is no classifier, or takes no smaller images.
    """
    if reach < 1:
        raise ArgumentError("reach", reach, "at least one pixel")
    runners = [Runner(each, dtype, device, batch) for each in models]
    generator = torch.Generator().manual_seed(seed)
    shares: list[list[torch.Tensor]] = [[] for _ in models]
    for block, _ in stream:
        images = block if isinstance(block, torch.Tensor) else sample(block, size)
        state = generator.get_state()
        for runner, found in zip(runners, shares, strict=True):
            generator.set_state(state)  # the same shifts for all networks
            same = shift_consistency(runner, images, reach=reach, generator=generator, draws=draws)
            found.append(same.double().mean(0))
    told = []
    for found in shares:
        share = torch.cat(found)
        low, high = quantile_interval(bootstrap_mean(share, generator=torch.Generator().manual_seed(0))).tolist()
        told.append((float(share.mean()), low, high))
    return told
