"""Accuracy of a classifier against the size of a warp, with every image kept."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import ArgumentError
from .interval import bootstrap_mean, quantile_interval

__all__ = ["AccuracyCurve"]


@dataclass(frozen=True, eq=False)
class AccuracyCurve:
    """Which test images one or more trainings of a network classify right, by scale of the warp.

    Attributes:
        label, family: of the network and of the warps, for legends.
        scales: σ.
        displacement: mean length in pixels by which the warps of a scale move a pixel.
        correct: of every run (the same network from another seed), scale and image.
    """

    label: str
    family: str
    scales: tuple[float, ...]
    displacement: tuple[float, ...]
    correct: Bool[Tensor, "runs s n"]

    def __post_init__(self) -> None:
        if not (self.correct.shape[1] == len(self.scales) == len(self.displacement)):
            shape = tuple(self.correct.shape)
            raise ArgumentError("correct.shape", shape, f"(runs, {len(self.scales)}, images), a row for each scale")

    @property
    def accuracy(self) -> Float[Tensor, "s"]:
        """Mean over runs and images."""
        return self.correct.double().mean((0, 2))

    @property
    def by_run(self) -> Float[Tensor, "runs s"]:
        """Accuracy of each run at each scale, in [0, 1]: the mean of its correct answers over the images."""
        return self.correct.double().mean(2)

    def interval(self, *, generator: torch.Generator, level: float = 0.95) -> Float[Tensor, "2 s"]:
        """Bootstrap interval of `accuracy` over test images, the trained networks being given.

        What another seed of the training changes is seen in `by_run`, not in here.
        """
        return quantile_interval(bootstrap_mean(self.correct.double().mean(0), generator=generator), level)
