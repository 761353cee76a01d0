"""E and consistency as torchmetrics: summed over batches and over processes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from ..errors import ArgumentError
from ..measure.error import Model
from ..measure.sweep import Gathered, Manner, sweep
from .watch import Watch, as_it_is

__all__ = ["Consistency", "WarpError"]


class _OfWarps(Metric):
    """Numerator and denominator, which add up.

    A network is measured in eval mode, and its modes are left as they were. After `reset` the warps are drawn anew from
    the same seed, so that a change from epoch to epoch is the network's.
    """

    full_state_update = False
    total: Tensor
    whole: Tensor

    def __init__(self, *, warp: Any, scale: float, claim: Any = "invariant", seed: int = 0, **options: Any) -> None:
        super().__init__(**options)
        Watch(torch.zeros(2, 1, 2, 2), warp=warp, scale=scale, claim=claim)  # raises where they make no sense
        self.warp, self.scale, self.claim = warp, scale, claim
        self._seed, self._generator = seed, torch.Generator().manual_seed(seed)
        for name in ("total", "whole"):
            self.add_state(name, torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def reset(self) -> None:
        """Begin again, with the warps of the first time."""
        super().reset()
        self._generator.manual_seed(self._seed)

    def _gathered(self, model: Model, images: Tensor) -> Gathered:
        """Of one batch."""
        from ..measure.curve import draws_by_scale, family_of

        if len(images) < 2:
            raise ArgumentError("images.shape", tuple(images.shape), "at least 2 images in a batch")
        family = family_of(self.warp, (images.shape[-2], images.shape[-1]))
        drawn = list(draws_by_scale(family, (self.scale,), len(images), 1, self._generator))
        gathered = Gathered()
        with as_it_is(model):
            sweep([model], images, drawn, Manner(self.claim), [gathered])
        return gathered


class WarpError(_OfWarps):
    r"""E of a network under a warp: `metric.update(net, images)`, `metric.compute()`.

    $E = \sqrt{\sum_i d_i / \sum_i s_i}$ over the images of all batches and processes, as `invariance_curve` has it; the
    spread $s_i$ is between images of one batch.
    """

    higher_is_better = False

    def update(self, model: Model, images: Tensor) -> None:
        """Add a batch "b c h w": numerator and denominator of $E^2$."""
        found = self._gathered(model, images)
        self.total += found.difference[0].sum().to(self.total)
        self.whole += found.close().sum().to(self.whole)

    def compute(self) -> Tensor:
        """nan where the network is the same for all images."""
        return (self.total / self.whole).sqrt()


class Consistency(_OfWarps):
    """How often the class of an image stays under a warp: `metric.update(net, images)`, `metric.compute()`."""

    higher_is_better = True

    def update(self, model: Model, images: Tensor) -> None:
        """Add a batch "b c h w": whether the largest score is of the same class before and after the warp."""
        found = self._gathered(model, images)
        if not found.same:
            raise ArgumentError("model", type(model).__name__, "a classifier, whose output is a row of class scores")
        self.total += found.same[0].sum().to(self.total)
        self.whole += found.same[0].numel()

    def compute(self) -> Tensor:
        """The share of images whose class is the one it was, in [0, 1]."""
        return self.total / self.whole
