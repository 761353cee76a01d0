"""Images whose class is their brightest quarter: learnt in an epoch, made in a millisecond."""

import torch

from invariance.experiments.data import Dataset, Splits

CLASSES = tuple("abcd")


def dataset(count: int, size: int, generator: torch.Generator) -> Dataset:
    labels = torch.randint(4, (count,), generator=generator)
    images = torch.randint(128, (count, 3, size, size), generator=generator, dtype=torch.uint8)
    half = size // 2
    for i, (row, column) in enumerate(((0, 0), (0, half), (half, 0), (half, half))):
        images[labels == i, :, row : row + half, column : column + half] += 90
    return Dataset(images, labels, CLASSES)


def splits(train: int = 512, *, size: int = 32) -> Splits:
    generator = torch.Generator().manual_seed(0)
    made = (dataset(count, size, generator) for count in (train, 101, 1))
    return Splits(*made, name="synthetic", note="synthetic")
