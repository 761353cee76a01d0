"""Reading files that somebody else may have made: regular files alone, of bounded size and depth."""

from __future__ import annotations

import json
import math
import os
import stat
from pathlib import Path
from typing import Any, NoReturn

from .errors import ArgumentError

__all__ = ["parse_json", "read_bytes", "read_json"]

_LARGEST_JSON = 2**28
"""Bytes: some twenty times the largest table of the papers, every answer to every image in it."""


def read_bytes(argument: str, path: Path, *, limit: int, error: type[ArgumentError] = ArgumentError) -> bytes:
    """The content of a file of at most `limit` bytes.

    Raises:
        error: no such file, no permission, a folder, a device or a pipe, more bytes.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # of a pipe that nobody writes to, at once
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise error(argument, path, "a file: this is a folder, a device or a pipe")
            if about.st_size > limit:
                raise error(argument, path, f"a file of at most {limit / 1e6:,.1f} MB")
            return file.read(about.st_size)
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
