"""CIFAR-10 (Krizhevsky, Learning multiple layers of features from tiny images, 2009) in its binary layout: no pickle.

A record is a label and 3·32·32 bytes, the red, green and blue planes row by row. Five files make the 50,000 training
images, a sixth the 10,000 test images.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import torch

from ...errors import DataError
from . import remote
from .dataset import Dataset
from .files import find_file, locate, md5, read_bytes, read_some

__all__ = ["CLASSES", "read_cifar10"]

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_SHAPE = (3, 32, 32)
_RECORD = 1 + 3 * 32 * 32


def read_cifar10(folder: Path) -> tuple[Dataset, Dataset, bool]:
    """(training, test, whether they are from the canonical archive).

    The archive is read as it is, and comes before files unpacked from it: only its checksum is published.

    Raises:
        DataError: an archive with another checksum; a file that is missing, not a whole number of records, or has
            labels that are none; files of different lengths.
    """
    archive = locate(folder, remote.CIFAR10_FOLDER, remote.CIFAR10.name)
    contents = _unpacked(folder) if archive is None else _archived(archive)
    batches = [_records(path, content) for path, content in contents]
    for (path, _), batch in zip(contents[1:], batches[1:], strict=True):
        if len(batch) != len(batches[0]):
            wanted = f"{len(batches[0])} records like {contents[0][0].name}, not {len(batch)}; get it again"
            raise DataError("file", path, wanted)
    return _dataset(np.concatenate(batches[:-1])), _dataset(batches[-1]), archive is not None


def _unpacked(folder: Path) -> list[tuple[Path, bytes]]:
    paths = [find_file(folder, remote.CIFAR10_FOLDER, name) for name in remote.CIFAR10_FILES]
    return [(path, read_bytes(path)) for path in paths]


def _archived(path: Path) -> list[tuple[Path, bytes]]:
    content = read_bytes(path)
    if (found := md5(content)) != remote.CIFAR10.md5:
        raise DataError("file", path, f"MD5 {remote.CIFAR10.md5}, not {found}; delete it and get it again")
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        members = {Path(member.name).name: member for member in archive if member.isfile()}
        files = {name: archive.extractfile(members[name]) for name in remote.CIFAR10_FILES}
        return [(path / name, read_some(path, file)) for name, file in files.items() if file is not None]


def _records(path: Path, content: bytes) -> np.ndarray:
    if not content or len(content) % _RECORD:
        raise DataError("file", path, f"whole records of {_RECORD} bytes, not {len(content)} bytes; get it again")
    records = np.frombuffer(content, np.uint8).reshape(-1, _RECORD)
    if (largest := records[:, 0].max()) >= len(CLASSES):
        raise DataError("file", path, f"labels 0 to 9, not {largest}: it is corrupt; get it again")
    return records


def _dataset(records: np.ndarray) -> Dataset:
    images = torch.from_numpy(records[:, 1:].reshape(-1, *_SHAPE).copy())
    return Dataset(images, torch.from_numpy(records[:, 0].astype(np.int64)), CLASSES)
