"""The archive of a saved program: what `torch.export.save` writes and nothing else, packed anew for torch to read.

torch's reader does not look for names as Python's does: it takes `MODEL.JSON` for `model.json`, and of two files of one
name the one that Python does not. So it gets to see only an archive that was made here, of the files that were read.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import ArgumentError
from ..reading import read_bytes

__all__ = ["CONFIGS", "GRAPH", "packed", "records"]

GRAPH = "models/model.json"
CONFIGS = {
    "weights": "data/weights/model_weights_config.json",
    "constants": "data/constants/model_constants_config.json",
}

_LARGEST = 2**33  # bytes
_SAMPLES = "data/sample_inputs/model.pt"
_NAMES = {"archive_format", "archive_version", "byteorder", ".data/version", GRAPH, *CONFIGS.values()}
_TENSORS = re.compile(r"data/(weights/weight|constants/tensor)_\d{1,6}")
_PASSED_OVER = re.compile(r"\.data/serialization_id|\.format_version|data/sample_inputs/model\.pt|extra/[\w.-]+")


def records(path: Path) -> dict[str, bytes]:
    """What a program is made of, by name below the folder that the archive has at its top.

    Raises:
        ArgumentError: no archive of a program, or one with anything else in it.
    """
    content = read_bytes("TARGET", path, limit=_LARGEST)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if (problem := next(_problems(entries, len(content)), None)) is not None:
                raise ArgumentError("TARGET", path, f"a program as torch.export.save writes it; it has {problem}")
            found = {_below_top(entry): archive.read(entry) for entry in entries if _is_kept(_below_top(entry))}
    except ArgumentError:
        raise
    except (
        zipfile.BadZipFile,
        OSError,
        EOFError,
        RuntimeError,
        ValueError,
        OverflowError,
    ) as error:
        raise ArgumentError("TARGET", path, f"a program saved by torch.export.save ({error})") from error
    if missing := sorted({GRAPH, *CONFIGS.values()} - found.keys()):
        raise ArgumentError("TARGET", path, f"a program saved by torch.export.save; it has no {missing[0]}")
    return found


def packed(files: dict[str, bytes]) -> io.BytesIO:
    """An archive of these files, and of no inputs to try the program on: those would be a pickle."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as writer:
        for name, content in (files | {_SAMPLES: b""}).items():
            writer.writestr(f"program/{name}", content)
    archive.seek(0)
    return archive


def _problems(entries: list[zipfile.ZipInfo], size: int) -> Iterator[str]:
    tops = {entry.filename.partition("/")[0] for entry in entries}
    if len(tops) != 1:
        yield f"{len(tops)} folders at its top"
    if len({entry.filename.casefold() for entry in entries}) != len(entries):
        yield "two files whose names differ in nothing, or in capitals alone"
    for entry in entries:
        if entry.filename != entry.orig_filename or not _is_known(_below_top(entry)):
            yield repr(entry.orig_filename)
        elif stat.S_ISLNK(entry.external_attr >> 16) or entry.flag_bits & 1 or entry.compress_type:
            yield f"{entry.filename!r} as a link, encrypted or compressed"
    if sum(entry.file_size for entry in entries) > size:
        yield "files that overlap, or that are larger than the archive"


def _below_top(entry: zipfile.ZipInfo) -> str:
    return entry.filename.partition("/")[2]


def _is_kept(name: str) -> bool:
    return name in _NAMES or bool(_TENSORS.fullmatch(name))


def _is_known(name: str) -> bool:
    return _is_kept(name) or bool(_PASSED_OVER.fullmatch(name))
