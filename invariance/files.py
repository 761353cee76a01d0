"""The one writer of files: each is replaced whole or not at all, and tried before the work that it is to keep."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import ArgumentError, OutputError

__all__ = ["abandon", "held_folder", "require_folder", "require_writable", "write", "write_json"]


_HELD: set[Path] = set()
"""Files that are there only while this process holds them."""


def abandon() -> None:
    """Remove what is half written and what is locked, before a process ends at once."""
    for path in tuple(_HELD):
        with contextlib.suppress(OSError):
            path.unlink()


def write(path: str | Path, data: bytes | str) -> None:
    """Write beside `path`, flush to disk, rename over it: a reader or a crash sees the old file or the new one.

    Of a symbolic link the file that it points to is replaced. Two processes that write one file take turns.

    Raises:
        OutputError: with the file's name, such as a full disk; the old file is as it was.
    """
    # Names of files that are no UTF-8 reach Python as lone surrogates; JSON, too, writes them as \\udcXX.
    content = data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data
    try:
        target = _target(path := Path(path))
        with _beside(target) as (descriptor, beside):
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            if target.exists():
                os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
            beside.replace(target)
        _flush_names(target.parent)
    except OSError as error:
        raise OutputError("file", path, f"a file that can be written ({error.strerror}); nothing is lost") from error


def write_json(path: str | Path, content: Any) -> None:
    """Indented JSON, a list of numbers or words on one line, for people and programs.

    It is put together piece by piece: as one string that is then shortened, 10,000 images of a curve took 60 MB more.

    Raises:
        OutputError: as `write`.
        ValueError: a number that JSON does not have.
    """
    write(path, b"".join(piece.encode("utf-8", "backslashreplace") for piece in (*_pieces(content, "\n"), "\n")))


def _pieces(content: Any, line: str) -> Iterator[str]:
    """As `json.dumps` with an indent of 1, but for lists of numbers or words; `line` begins each."""
    within = f"{line} "
    if isinstance(content, dict) and content:
        for i, (key, value) in enumerate(content.items()):
            yield f"{',' if i else '{'}{within}{json.dumps(str(key), ensure_ascii=False)}: "
            yield from _pieces(value, within)
        yield f"{line}}}"
    elif isinstance(content, list | tuple) and any(isinstance(each, dict | list | tuple) for each in content):
        for i, value in enumerate(content):
            yield f"{',' if i else '['}{within}"
            yield from _pieces(value, within)
        yield f"{line}]"
    else:
        text = json.dumps(content, allow_nan=False, ensure_ascii=False)
        yield f"[ {text[1:-1]} ]" if isinstance(content, list | tuple) and content else text


def require_writable(option: str, path: Path, *, replaces: bytes = b"") -> None:
    """Try, before the work, whether `write` can write `path` after it: nothing is left there, and nothing changed.

    Args:
        option: as the user typed it.
        replaces: a pattern that is found in the ends of the files that may be replaced; an empty file may.

    Raises:
        ArgumentError: an empty name, a folder that does not exist or cannot be written to, a folder or a device of this
            name, a file that is none of those that may be replaced.
    """
    if not path.name:
        raise ArgumentError(option, f"'{'' if path == Path() else path}'", "the name of a file")
    if not path.parent.is_dir():
        raise ArgumentError(option, path, f"a file in an existing folder: there is no {path.parent}")
    try:
        target = _target(path)
        if replaces and target.exists() and not re.search(rb"\A\Z|" + replaces, _ends(target), re.DOTALL):
            wanted = f"another name: {target.name} is there, was not written by this command, and would be lost"
            raise ArgumentError(option, path, wanted)
        with _beside(target) as (_, beside):
            beside.unlink()
    except OSError as error:
        wanted = f"a file that can be written ({error.strerror})"
        raise ArgumentError(option, path, wanted) from error


def require_folder(option: str, path: Path) -> None:
    """Try, before the work, whether files can be written to the folder `path`, which is made later if it is not there.

    Raises:
        ArgumentError: a file of this name; a folder that cannot be made or written to.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:  # such as a name of 300 letters
        raise ArgumentError(option, path, f"a folder that can be written to ({error.strerror})") from error
    there = path.absolute()
    while not os.path.lexists(there):
        there = there.parent
    if not there.is_dir():
        raise ArgumentError(option, path, f"a folder: {there} is none")
    try:
        with _beside(there / "try") as (_, beside):
            beside.unlink()
    except OSError as error:
        raise ArgumentError(option, path, f"a folder that can be written to ({error.strerror})") from error


def _target(path: Path) -> Path:
    """The file that is to be replaced, behind symbolic links.

    Raises:
        OSError: a folder, a device or a pipe, which a rename would replace; links in a circle.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(None, "it is a folder")
    if os.path.lexists(target) and not target.is_file():
        raise OSError(None, "it is no regular file")
    return target


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[tuple[int, Path]]:
    """An empty file beside `target` and its descriptor, held by this process alone, and gone afterwards.

    A lock, and not a name for each process: what a killed process leaves is taken over by the next.
    """
    beside = target.with_name(f".{target.name}.partial")
    descriptor = _held(beside, fcntl.LOCK_EX)
    try:
        os.ftruncate(descriptor, 0)
        yield descriptor, beside
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    finally:
        _release(descriptor, beside)


def _held(path: Path, lock: int) -> int:
    """A descriptor of the file `path`, made if need be, that holds the lock.

    Raises:
        BlockingIOError: another process holds it, and `lock` says not to wait.
        OSError: it cannot be made.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, lock)
            if os.path.samestat(os.fstat(descriptor), path.lstat()):
                _HELD.add(path)
                return descriptor
        except FileNotFoundError:
            pass
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)  # another process had it, and renamed or removed it


@contextlib.contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """The folder, made if need be, for this process alone; it is removed again where nothing was written to it.

    The lock is a file in it. It and the folder are removed by who holds the lock, and by nobody else.

    Raises:
        BlockingIOError: another process holds it.
        OSError: it cannot be made.
    """
    lock = folder / ".lock"
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # its holder found nothing in it, and removed it
            descriptor = _held(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()
        _release(descriptor, lock)


def _release(descriptor: int, path: Path) -> None:
    _HELD.discard(path)
    os.close(descriptor)


def _flush_names(folder: Path) -> None:
    """A rename outlives a power cut only when the folder is on disk, too; some file systems do not offer it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _ends(path: Path) -> bytes:
    """The first lines of a file and, where a PDF says who made it, the last ones."""
    with path.open("rb") as file:
        first = file.read(4096)
        file.seek(max(file.tell(), path.stat().st_size - 8192))
        return first + file.read()
