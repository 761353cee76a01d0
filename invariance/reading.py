"""Reading files that somebody else may have made: regular files alone, of bounded size and depth."""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from .errors import ArgumentError

__all__ = ["is_file", "is_folder", "parse_json", "read_bytes", "read_json"]

_LARGEST_JSON = 2**28
"""Bytes: some twenty times the largest table of the papers, every answer to every image in it."""


def is_folder(argument: str, path: Path) -> bool:
    """Whether a folder is there.

    Raises:
        ArgumentError: no file can have this name, such as one of 300 letters; or what is there may not be looked at.
    """
    return _is(stat.S_ISDIR, argument, path)


def is_file(argument: str, path: Path) -> bool:
    """Whether a regular file is there.

    Raises:
        ArgumentError: as `is_folder`.
    """
    return _is(stat.S_ISREG, argument, path)


def _is(kind: Callable[[int], bool], argument: str, path: Path) -> bool:
    try:
        return kind(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else failure
        raise ArgumentError(argument, path, f"a name under which something can be read ({reason})") from failure


def read_bytes(argument: str, path: Path, *, limit: int, error: type[ArgumentError] = ArgumentError) -> bytes:
    """The content of a file of at most `limit` bytes.

    Raises:
        error: no such file, no permission, a folder, a device or a pipe, more bytes.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # of a pipe that nobody writes to, at once
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise error(argument, path, "a file: this is a folder, a device or a pipe")
            if about.st_size > limit:
                raise error(argument, path, f"a file of at most {limit / 1e6:,.1f} MB")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read(about.st_size)
        finally:
            os.close(descriptor)
    except FileNotFoundError as failure:
        raise error(argument, path, f"an existing file: there is no {path}") from failure
    except (OSError, ValueError) as failure:
        if isinstance(failure, error):
            raise
        reason = failure.strerror if isinstance(failure, OSError) else failure
        raise error(argument, path, f"a file that can be read ({reason})") from failure


def read_json(
    argument: str, path: Path, *, limit: int = _LARGEST_JSON, error: type[ArgumentError] = ArgumentError
) -> Any:
    """What a file of JSON holds, with finite numbers alone.

    Raises:
        error: as `read_bytes`; not JSON, or nested too deeply to be read.
    """
    return parse_json(argument, path, read_bytes(argument, path, limit=limit, error=error), error=error)


def parse_json(argument: str, path: Path, content: bytes, *, error: type[ArgumentError] = ArgumentError) -> Any:
    """As `read_json`, of what was read from `path`.

    Raises:
        error: as `read_json`.
    """
    try:
        return json.loads(content, parse_constant=_refuse, parse_float=_finite)
    except ValueError as failure:
        raise error(argument, path, f"a file of JSON ({failure})") from failure
    except RecursionError as failure:
        raise error(argument, path, "a file of JSON that is not nested as deeply as this one") from failure


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse(text)
    return number
