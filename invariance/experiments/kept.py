"""Reading kept results: what is not of the wanted format, or not whole, is said with the file's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from ..errors import ResultError
from ..reading import read_json
from ..records import check_record

__all__ = ["parse_kept", "parsing", "read_kept"]

T = TypeVar("T")


@contextmanager
def parsing(content: Any, wanted: str) -> Iterator[None]:
    """Check that `content` is a dictionary of format `wanted`; what then fails in the block is a ResultError.

    >>> with parsing({"format": "invariance table 1"}, "invariance pictures 1"):
    ...     pass
    Traceback (most recent call last):
        ...
    invariance.errors.ResultError: format = invariance table 1: "invariance pictures 1"
    """
    found = content.get("format") if isinstance(content, dict) else type(content).__name__
    if found != wanted:
        raise ResultError("format", found, f'"{wanted}"')
    try:
        check_record(content, wanted.split()[1])
    except ValueError as error:
        raise ResultError("content", wanted, f"the parts that belong to it: {error}") from error
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError) as error:
        raise ResultError("content", f"{type(error).__name__} {error}", f'the parts of "{wanted}" as saved') from error


def read_kept(path: str | Path, parse: Callable[[Any], T]) -> T:
    """What `parse` makes of a JSON file.

    Raises:
        ResultError: the file is missing, is not JSON, or holds something else.
    """
    return parse_kept(path := Path(path), parse, read_json("file", path, error=ResultError))


def parse_kept(path: Path, parse: Callable[[Any], T], content: Any) -> T:
    """What `parse` makes of `content`, which was read from `path`.

    Raises:
        ResultError: it holds something else; named with its file.
    """
    try:
        return parse(content)
    except ValueError as error:
        raise ResultError("file", path, f"a file of kept results ({error})") from error
