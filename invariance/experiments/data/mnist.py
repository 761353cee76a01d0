"""MNIST (LeCun et al., Gradient-based learning applied to document recognition, 1998) from its IDX files, .gz or not.

An IDX file is a magic number, 0x0801 for labels and 0x0803 for images, the lengths of its axes as big-endian 32-bit
integers, and the bytes.
"""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from ...errors import DataError
from .dataset import Dataset
from .files import find_file, md5, read_bytes
from .remote import MNIST_FOLDER

__all__ = ["CLASSES", "read_idx", "read_mnist"]

CLASSES = tuple("0123456789")

_MD5 = {  # of the files unpacked, so that it does not matter who packed them
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


def read_mnist(folder: Path) -> tuple[Dataset, Dataset, bool]:
    """(training, test, whether every file is the canonical one).

    Raises:
        DataError: a file that is missing or broken, images that are not 28×28, labels that are none or too few.
    """
    train, test = (_read_part(folder, part) for part in ("train", "t10k"))
    return train[0], test[0], train[1] and test[1]


def _read_part(folder: Path, part: str) -> tuple[Dataset, bool]:
    names = f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"
    paths = [find_file(folder, MNIST_FOLDER, name) for name in names]
    contents = [read_bytes(path) for path in paths]
    images, labels = (read_idx(p, c, axes=axes) for p, c, axes in zip(paths, contents, (3, 1), strict=True))
    if images.shape[1:] != (28, 28) or not len(images):
        raise DataError("file", paths[0], f"images of 28×28 pixels, not shape {tuple(images.shape)}; get it again")
    if len(labels) != len(images):
        raise DataError(
            "file", paths[1], f"{len(images)} labels, one for each image, not {len(labels)}; get both again"
        )
    if (largest := int(labels.max())) >= len(CLASSES):
        raise DataError("file", paths[1], f"labels 0 to 9, not {largest}: it is corrupt; get it again")
    canonical = all(md5(content) == _MD5[name] for name, content in zip(names, contents, strict=True))
    return Dataset(images.unsqueeze(1), labels.long(), CLASSES), canonical


def read_idx(path: Path, content: bytes, *, axes: int) -> UInt8[Tensor, "..."]:
    """The unsigned bytes of an IDX file with so many axes.

    Raises:
        DataError: another magic number, or more or fewer bytes than the header says.
    """
    magic, header = 0x0800 + axes, 4 * (1 + axes)
    if (found := int.from_bytes(content[:4], "big")) != magic:
        raise DataError("file", path, f"an IDX file, magic number {magic:#06x}, not {found:#06x}; get it again")
    shape = np.frombuffer(content[:header].ljust(header, b"\0"), ">u4")[1:].tolist()
    if len(content) != header + prod(shape):
        wanted = f"{header + prod(shape)} bytes as its header says, not {len(content)}; get it again"
        raise DataError("file", path, wanted)
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=header).reshape(shape).copy())
