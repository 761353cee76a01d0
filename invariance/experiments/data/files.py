"""Files of a data set: where they are, whether they are the canonical ones, and what to do if they are not there."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...reading import read_bytes as read_file

__all__ = ["VARIABLE", "data_folder", "find_file", "locate", "md5", "read_bytes", "read_some"]

LARGEST = 2**29
"""Bytes of a file, packed or not: three times those of the archive of CIFAR-10."""

VARIABLE = "INVARIANCE_DATA"
"""Environment variable with the folder of the data, used where no folder is given."""


def data_folder(folder: str | Path | None) -> Path:
    """`folder`, or else the one in the environment.

    Raises:
        DataError: neither is given.
    """
    if folder is None:
        if not os.environ.get(VARIABLE):
            raise DataError("folder", None, f"the folder of the data, or the environment variable {VARIABLE}")
        folder = os.environ[VARIABLE]
    return Path(folder).expanduser()


def locate(folder: Path, subfolder: str, name: str) -> Path | None:
    """`name` or `name`.gz in the folder or its subfolder, if it is there."""
    places = (place / file for place in (folder, folder / subfolder) for file in (name, f"{name}.gz"))
    return next((path for path in places if path.is_file()), None)


def find_file(folder: Path, subfolder: str, name: str) -> Path:
    """As `locate`.

    Raises:
        DataError: it is not there.
    """
    if (path := locate(folder, subfolder, name)) is None:
        wanted = "missing; put it there, or let invariance.experiments.data.load_splits(…, download=True) fetch it"
        raise DataError("file", folder / subfolder / name, wanted)
    return path


def read_bytes(path: Path) -> bytes:
    """The content, unpacked if the name ends in .gz and not in .tar.gz.

    Raises:
        DataError: a file that cannot be read or is not whole.
    """
    content = read_file("file", path, limit=LARGEST, error=DataError)
    if path.suffix != ".gz" or ".tar" in path.suffixes:
        return content
    try:
        with gzip.open(io.BytesIO(content)) as file:
            return read_some(path, file)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError("file", path, f"a file that can be read ({error}); delete it and get it again") from error


def read_some(path: Path, file: Any) -> bytes:
    """All of a packed file, which may not be larger than any of a data set.

    Raises:
        DataError: it is larger.
    """
    content = bytearray()
    while part := file.read(2**20):
        content += part
        if len(content) > LARGEST:
            raise DataError("file", path, f"at most {LARGEST / 1e6:,.0f} MB once it is unpacked; get it again")
    return bytes(content)


def md5(content: bytes) -> str:
    """What the canonical files are published with: against accidents, not against an enemy."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
