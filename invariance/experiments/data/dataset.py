"""Labelled images, whole and on one device, and their split in three."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from ...errors import ArgumentError

__all__ = ["Dataset", "Splits", "split_off"]


@dataclass(frozen=True)
class Dataset:
    """Images as they are on disk, bytes 0 to 255, with the index of each one's class.

    A byte a sample keeps 60,000 images of CIFAR-10 in 184 MB, so the whole set lives on the device that trains.

    Raises:
        ArgumentError: not as many labels as images.
    """

    images: UInt8[Tensor, "n c h w"]
    labels: Int64[Tensor, "n"]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.images) != len(self.labels):
            raise ArgumentError("len(labels)", len(self.labels), f"{len(self.images)}, one for each image")

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: slice | Tensor) -> Dataset:
        return Dataset(self.images[index], self.labels[index], self.classes)

    def to(self, device: torch.device | str) -> Dataset:
        """The same images "n c h w" and labels "n" on another device."""
        return Dataset(self.images.to(device), self.labels.to(device), self.classes)


@dataclass(frozen=True)
class Splits:
    """What a net learns from, is chosen on, and is judged by; no image is in two of them.

    Attributes:
        name: of the data, "cifar10", "mnist" or "rotmnist".
        note: what has to be said with every figure, as "JPEG re-encoding"; "" where the files are the canonical ones.
    """

    train: Dataset
    validation: Dataset
    test: Dataset
    name: str
    note: str


def split_off(dataset: Dataset, count: int, *, generator: torch.Generator) -> tuple[Dataset, Dataset]:
    """(the rest, `count` images drawn uniformly without replacement), both in the order of the data set.

    Raises:
        ArgumentError: a count outside 0 … len(dataset) − 1.
    """
    if not 0 <= count < len(dataset):
        raise ArgumentError("validation", count, f"0 to {len(dataset) - 1}, fewer than the images to train on")
    order = torch.randperm(len(dataset), generator=generator, device=generator.device).to(dataset.labels.device)
    return dataset[order[count:].sort().values], dataset[order[:count].sort().values]
