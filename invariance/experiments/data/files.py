"""Files of a data set: where they are, whether they are the canonical ones, and what to do if they are not there."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from pathlib import Path

from ...errors import DataError

__all__ = ["VARIABLE", "data_folder", "find_file", "md5", "read_bytes"]

VARIABLE = "INVARIANCE_DATA"
"""Environment variable with the folder of the data, used where no folder is given."""


def data_folder(folder: Path | None) -> Path:
    """`folder`, or else the one in the environment.

    Raises:
        DataError: neither is given.
    """
    if folder is None:
        if not os.environ.get(VARIABLE):
            raise DataError("folder", None, f"the folder of the data, or the environment variable {VARIABLE}")
        folder = Path(os.environ[VARIABLE])
    return folder.expanduser()


def find_file(folder: Path, subfolder: str, name: str) -> Path:
    """`name` or `name`.gz, in the folder or its subfolder.

    Raises:
        DataError: it is in neither.
    """
    for place in (folder, folder / subfolder):
        for path in (place / name, place / f"{name}.gz"):
            if path.is_file():
                return path
    raise DataError("file", folder / subfolder / name, "missing; put it there, or let it be downloaded (download=True)")


def read_bytes(path: Path) -> bytes:
    """The content, unpacked if it is a .gz.

    Raises:
        DataError: a file that cannot be read or is not whole.
    """
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError("file", path, f"a readable file ({error}); delete it and get it again") from error


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
