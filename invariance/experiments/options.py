"""What a training run is: every option that its weights depend on."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, get_args

import torch

from ..errors import ArgumentError, one_of
from .data import augmentation

__all__ = ["Optimizer", "Precision", "Selection", "Standardisation", "Statistics", "TrainOptions", "fast_precision"]

Precision = Literal["float32", "bfloat16", "float16"]
Selection = Literal["best", "last"]
Optimizer = Literal["adam", "sgd"]
Standardisation = Literal["channels", "zca"]
Statistics = Literal["evaluation", "training"]


@dataclass(frozen=True)
class TrainOptions:
    """Minimising the cross-entropy of `model` over data set `data`, by Adam or by SGD with a momentum of 0.9.

    `standardise` is what is done to images before the network (`invariance.experiments.classifier`); `limit` trains on
    the first images alone; `channels_last` and `precision` change rounding, not mathematics; `recompute_batchnorm`
    replaces the running averages of batch normalisation by its statistics over the training images before each
    validation and at the end (Cohen & Welling's reference code does), with dropout and augmentation off, or on, as in
    that code, where `statistics` is "training". `augment` is a name that
    `invariance.experiments.data.augmentation` knows; `select` keeps the weights of the epoch of best validation
    accuracy, or of the last epoch. With a `displacement` in pixels the cross-entropy is that of the worst that any
    diffeomorphism can make of the logits which moves no point further: for surface networks with head=lipschitz.

    Raises:
        ArgumentError: an option outside its range.
    """

    model: str
    data: str
    epochs: int = 100
    width: int | None = None
    batch: int = 100
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    weight_decay: float = 0.0
    augment: str = "none"
    select: Selection = "best"
    seed: int = 0
    limit: int | None = None
    precision: Precision = "float32"
    channels_last: bool = False
    compile: bool = False
    recompute_batchnorm: bool = False
    displacement: float = 0.0
    optimizer: Optimizer = "adam"
    standardise: Standardisation = "channels"
    statistics: Statistics = "evaluation"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "width", "limit"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ArgumentError(name, value, "a whole number ≥ 1")
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise ArgumentError("learning_rate", self.learning_rate, "a finite number > 0")
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise ArgumentError("weight_decay", self.weight_decay, "a finite number ≥ 0")
        if not 0 <= self.displacement < math.inf:
            raise ArgumentError("displacement", self.displacement, "a finite number of pixels ≥ 0")
        if self.displacement and self.standardise == "zca":
            wanted = "channels, with a displacement: whitening mixes positions, and what moves is no image any more"
            raise ArgumentError("standardise", self.standardise, wanted)
        if not 0 <= self.seed < 2**63:
            raise ArgumentError("seed", self.seed, "a whole number in [0, 2⁶³)")
        choices = {"precision": Precision, "select": Selection, "optimizer": Optimizer, "standardise": Standardisation}
        choices |= {"statistics": Statistics}
        for name, choice in choices.items():
            if getattr(self, name) not in get_args(choice):
                raise ArgumentError(name, getattr(self, name), one_of(getattr(self, name), get_args(choice)))
        if self.statistics != "evaluation" and not self.recompute_batchnorm:
            wanted = "evaluation, or also recompute_batchnorm (--recompute-batchnorm), without which none are computed"
            raise ArgumentError("statistics", self.statistics, wanted)
        if self.schedule not in ("constant", "cosine") and not self._drops():
            wanted = "constant, cosine, or the epochs after which it drops, rising, such as steps:80,120"
            raise ArgumentError("schedule", self.schedule, wanted)
        augmentation(self.augment)

    def learning_rate_at(self, progress: float) -> float:
        """The learning rate after a fraction `progress` ∈ [0, 1] of all steps.

        "cosine": ½(1 + cos π·progress); "steps:80,120": ×0.1 after 80 epochs and after 120.

        >>> options = TrainOptions("cnn", "cifar10", epochs=150, schedule="steps:80,120")
        >>> [options.learning_rate_at(epoch / 150) for epoch in (79.9, 80, 120)] == [1e-3, 1e-4, 1e-5]
        True
        """
        if self.schedule == "cosine":
            return self.learning_rate * (1 + math.cos(math.pi * progress)) / 2
        # The product with the epochs is off by roundings: half a millionth of an epoch is less than any step.
        return self.learning_rate / 10 ** sum(progress * self.epochs >= drop - 5e-7 for drop in self._drops())

    def _drops(self) -> tuple[int, ...]:
        """The epochs after which the learning rate drops; none where the schedule is no list of rising ones."""
        if not re.fullmatch(r"steps:\d{1,9}(,\d{1,9})*", self.schedule):
            return ()
        drops = tuple(int(epoch) for epoch in self.schedule.removeprefix("steps:").split(","))
        return drops if all(a < b for a, b in pairwise((0, *drops))) else ()

    def displacement_at(self, progress: float) -> float:
        """It grows linearly over the first half of all steps: from the full one at once a network learns nothing.

        >>> options = TrainOptions("surface-2:head=lipschitz", "cifar10", displacement=1.0)
        >>> [options.displacement_at(p / 4) for p in range(5)]
        [0.0, 0.5, 1.0, 1.0, 1.0]
        """
        return self.displacement * min(1.0, 2 * progress)

    def to_dict(self) -> dict[str, Any]:
        """The options by name, for JSON."""
        return asdict(self)


def fast_precision(device: torch.device) -> Precision:
    """bfloat16 where the device multiplies it in hardware, else float32."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    native = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return "bfloat16" if native.get("avx512_bf16") or native.get("amx_bf16") else "float32"
