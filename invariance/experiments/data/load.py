"""Data sets by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from ...errors import ArgumentError, one_of
from . import remote
from .cifar10 import read_cifar10
from .dataset import Dataset, Splits, split_off
from .files import data_folder
from .mnist import read_mnist
from .rotmnist import SEED, rotated_mnist

__all__ = ["DATASETS", "Source", "load_splits"]


def _read_rotmnist(folder: Path) -> tuple[Dataset, Dataset, bool]:
    train, test, canonical = read_mnist(folder)
    return *rotated_mnist(train, test, generator=torch.Generator().manual_seed(SEED)), canonical


@dataclass(frozen=True)
class Source:
    """How a data set is had.

    Attributes:
        read: from a folder: training images, test images, whether the files are the canonical ones.
        every: one of so many training images validates where nothing else is asked for.
        remotes: what to download.
    """

    read: Callable[[Path], tuple[Dataset, Dataset, bool]]
    every: int
    remotes: tuple[remote.Remote, ...]


DATASETS = {
    "cifar10": Source(read_cifar10, 10, (remote.CIFAR10,)),
    "mnist": Source(read_mnist, 12, remote.MNIST),
    "rotmnist": Source(_read_rotmnist, 6, remote.MNIST),
}


def load_splits(
    name: str,
    folder: str | Path | None = None,
    *,
    validation: int | None = None,
    seed: int = 0,
    note: str = "",
    download: bool = False,
    device: torch.device | str = "cpu",
) -> Splits:
    """A data set, its validation images drawn from the training set; the test set is never touched.

    Args:
        name: "cifar10" (50,000 training images, 10,000 test), "mnist" (60,000, 10,000) or "rotmnist" (12,000, 50,000;
            made from MNIST, the same one whatever the seed).
        folder: where the files are, or cifar-10-batches-bin or mnist in it; by default that in the environment
            variable INVARIANCE_DATA. For CIFAR-10 the archive may lie there, not unpacked.
        validation: how many of the training images; by default 5,000 of CIFAR-10 and MNIST, 2,000 of rotated MNIST.
        seed: of the draw of the validation images, nothing else.
        note: what to say of files that are not known to be the canonical ones.
        download: fetch what is missing into `folder`, checked (extra `data`).

    Raises:
        ArgumentError: an unknown data set, a validation count that leaves nothing to train on.
        DataError: no folder; a file that is missing, truncated or corrupt; a download that failed.
    """
    if name not in DATASETS:
        raise ArgumentError("name", name, one_of(name, DATASETS))
    source, folder = DATASETS[name], data_folder(folder)
    if download:
        for item in source.remotes:
            remote.download(item, folder)
    train, test, canonical = source.read(folder)
    count = len(train) // source.every if validation is None else validation
    train, held_out = split_off(train, count, generator=torch.Generator().manual_seed(seed))
    remark = "" if canonical else note or "not known to be the canonical files"
    return Splits(train.to(device), held_out.to(device), test.to(device), name, remark)
