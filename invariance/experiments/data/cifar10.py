"""CIFAR-10 (Krizhevsky, 2009) in its binary layout: no pickle.

A record is a label and 3·32·32 bytes, the red, green and blue planes row by row. Five files make the 50,000 training
images, a sixth the 10,000 test images.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ...errors import DataError
from .dataset import Dataset
from .files import find_file, md5, read_bytes

__all__ = ["CLASSES", "FOLDER", "read_cifar10"]

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FOLDER = "cifar-10-batches-bin"

_TRAIN = tuple(f"data_batch_{k}.bin" for k in range(1, 6))
_TEST = "test_batch.bin"
_SHAPE = (3, 32, 32)
_RECORD = 1 + 3 * 32 * 32
_MD5: dict[str, str] = {}


def read_cifar10(folder: Path) -> tuple[Dataset, Dataset, bool]:
    """(training, test, whether every file is the canonical one).

    Raises:
        DataError: a file that is missing, not a whole number of records, or with labels that are none.
    """
    paths = {name: find_file(folder, FOLDER, name) for name in (*_TRAIN, _TEST)}
    contents = {name: read_bytes(path) for name, path in paths.items()}
    batches = {name: _records(paths[name], content) for name, content in contents.items()}
    for name in _TRAIN[1:]:
        if len(batches[name]) != len(batches[_TRAIN[0]]):
            raise DataError(
                "file",
                paths[name],
                f"{len(batches[_TRAIN[0]])} records like {_TRAIN[0]}, not {len(batches[name])}; get the files again",
            )
    canonical = all(md5(content) == _MD5.get(name) for name, content in contents.items())
    return _dataset(np.concatenate([batches[name] for name in _TRAIN])), _dataset(batches[_TEST]), canonical


def _records(path: Path, content: bytes) -> np.ndarray:
    if not content or len(content) % _RECORD:
        raise DataError("file", path, f"whole records of {_RECORD} bytes, not {len(content)} bytes; get it again")
    records = np.frombuffer(content, np.uint8).reshape(-1, _RECORD)
    if records[:, 0].max() >= len(CLASSES):
        raise DataError("file", path, f"labels 0 to 9, not {records[:, 0].max()}: it is corrupt; get it again")
    return records


def _dataset(records: np.ndarray) -> Dataset:
    images = torch.from_numpy(records[:, 1:].copy()).reshape(-1, *_SHAPE)
    return Dataset(images, torch.from_numpy(records[:, 0].astype(np.int64)), CLASSES)
