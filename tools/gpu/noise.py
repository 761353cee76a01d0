"""Images of noise in the layouts of CIFAR-10 and MNIST, for a dry run where no data set is."""

from __future__ import annotations

from pathlib import Path

import torch

__all__ = ["write_noise"]

_TRAIN, _TEST = 120, 24


def write_noise(folder: Path) -> Path:
    """`folder`, with 144 images of each."""
    drawn = torch.Generator().manual_seed(0)

    def noise(*shape: int) -> bytes:
        return torch.randint(256, shape, dtype=torch.uint8, generator=drawn).numpy().tobytes()

    def labels(count: int) -> bytes:
        return bytes(i % 10 for i in range(count))

    cifar, mnist = folder / "cifar-10-batches-bin", folder / "mnist"
    for made in (cifar, mnist):
        made.mkdir(parents=True, exist_ok=True)
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        (cifar / f"{name}.bin").write_bytes(b"".join(label + noise(3072) for label in map(_byte, labels(24))))
    for name, count in (("train", _TRAIN), ("t10k", _TEST)):
        (mnist / f"{name}-images-idx3-ubyte").write_bytes(_idx(count, 28, 28) + noise(count, 28, 28))
        (mnist / f"{name}-labels-idx1-ubyte").write_bytes(_idx(count) + labels(count))
    return folder


def _byte(value: int) -> bytes:
    return bytes([value])


def _idx(*shape: int) -> bytes:
    """The head of a file of bytes of this shape."""
    return (0x0800 + len(shape)).to_bytes(4, "big") + b"".join(size.to_bytes(4, "big") for size in shape)
