"""Kept results in two files: a summary that people read, as JSON, and the numbers of each image, packed beside it."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..errors import ResultError
from ..files import write, write_json
from ..reading import read_bytes, read_json
from .kept import parse_kept

__all__ = ["Arrays", "read_packed", "save_packed"]

Arrays = Mapping[str, np.ndarray]
"""Numbers of each image, by the names that the summary calls them by."""

T = TypeVar("T")

_LARGEST = 2**28
"""Bytes, packed and unpacked: some fifty times the largest table of the papers."""


def save_packed(path: str | Path, content: Mapping[str, Any], arrays: Arrays) -> tuple[Path, Path]:
    """`content` as JSON, which names the file of `arrays` beside it and that file's SHA-256.

    The name of that file holds its digest: whatever comes between the two writings, what the JSON names is there. The
    file that the JSON named before is removed. Returned are the names of both.

    Raises:
        OutputError: as `invariance.files.write`.
    """
    path, packed = Path(path), io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **dict(arrays))
    digest = hashlib.sha256(packed.getvalue()).hexdigest()
    name = f"{path.stem}.{digest[:12]}.npz"
    before = [other for other in path.parent.iterdir() if _is_of(path, other.name)]
    write(path.with_name(name), packed.getvalue())
    write_json(path, {**content, "packed": {"file": name, "sha256": digest}})
    for other in before:
        if other.name != name:
            other.unlink(missing_ok=True)
    return path, path.with_name(name)


def read_packed(path: str | Path, parse: Callable[[Any, Arrays], T]) -> T:
    """What `parse` makes of the two files that `save_packed` wrote at `path`.

    Raises:
        ResultError: a file is missing, is not what was written, or holds something else.
    """
    content = read_json("file", path := Path(path), error=ResultError)
    packed = content.get("packed") if isinstance(content, dict) else None
    arrays = _arrays(path, packed) if isinstance(packed, dict) else {}
    return parse_kept(path, lambda plain: parse(plain, arrays), content)


def _arrays(path: Path, packed: Mapping[str, Any]) -> Arrays:
    name = str(packed.get("file"))
    if not _is_of(path, name):
        raise ResultError("packed.file", name, f"the file beside {path.name} that was written with it")
    beside = path.with_name(name)
    made = f"what was written with {path.name}: copy it here, too, or remove {path.name} and make the table again"
    content = read_bytes("file", beside, limit=_LARGEST, error=ResultError)
    if hashlib.sha256(content).hexdigest() != packed.get("sha256"):
        raise ResultError("file", beside, made)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as members:
            if sum(member.file_size for member in members.infolist()) > _LARGEST:
                raise ResultError("file", beside, f"numbers of at most {_LARGEST / 1e6:,.0f} MB")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            found = dict(arrays)
    except (ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise ResultError("file", beside, f"{made} ({error})") from error
    if not all(isinstance(array, np.ndarray) for array in found.values()):  # NumPy gives bytes of what is none
        raise ResultError("file", beside, made)
    return found


def _is_of(path: Path, name: str) -> bool:
    return re.fullmatch(re.escape(path.stem) + r"\.[0-9a-f]{12}\.npz", name) is not None
