"""Small data sets in the canonical layouts."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from invariance.experiments.data.remote import CIFAR10_FILES


def idx(array: np.ndarray) -> bytes:
    return (0x0800 + array.ndim).to_bytes(4, "big") + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.fixture
def records() -> np.ndarray:
    """72 records of CIFAR-10, twelve a file."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, (72, 1))
    return np.concatenate([labels, random.integers(0, 256, (72, 3072))], axis=1).astype(np.uint8)


@pytest.fixture
def cifar10_folder(tmp_path: Path, records: np.ndarray) -> Path:
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for name, batch in zip(CIFAR10_FILES, np.split(records, 6), strict=True):
        batch.tofile(folder / name)
    return tmp_path


@pytest.fixture
def digits() -> dict[str, np.ndarray]:
    """120 training digits and 20 to test."""
    random = np.random.default_rng(0)
    return {
        "train-images-idx3-ubyte": random.integers(0, 256, (120, 28, 28), dtype=np.uint8),
        "train-labels-idx1-ubyte": random.integers(0, 10, 120, dtype=np.uint8),
        "t10k-images-idx3-ubyte": random.integers(0, 256, (20, 28, 28), dtype=np.uint8),
        "t10k-labels-idx1-ubyte": random.integers(0, 10, 20, dtype=np.uint8),
    }


@pytest.fixture
def mnist_folder(tmp_path: Path, digits: dict[str, np.ndarray]) -> Path:
    """Images packed, labels not."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    for name, array in digits.items():
        if "images" in name:
            (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
        else:
            (folder / name).write_bytes(idx(array))
    return tmp_path
