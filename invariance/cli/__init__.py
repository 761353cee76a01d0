"""The command line, a file for each command; its exit statuses are those of `invariance.verdicts`.

Nothing is imported here that takes time, so that an interrupt is heard from the first moment on.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from ..verdicts import BAD_INPUT, INTERRUPTED, OUR_FAULT

__all__ = ["main"]

_BROKEN_PIPE = 128 + 13  # as the shell has it for SIGPIPE: whoever read the output stopped reading

_PATIENCE = 10  # seconds for what is cleaned up: a file that was being written, the processes of a sweep


def main() -> NoReturn:
    """Run a command. Whatever goes wrong is one line on stderr; only a verdict leaves with the status of one."""
    sys.stdout, sys.stderr = (stream or _nowhere() for stream in (sys.stdout, sys.stderr))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may lack σ
    asked: dict[str, bool] = {}
    with _interrupts() as interrupted:
        try:
            status = _run(asked)
            sys.stdout.flush()
        except BaseException as error:
            status, said = (INTERRUPTED, "") if interrupted else _judged(error)
            if asked.get("traceback"):
                import traceback

                traceback.print_exception(error)
            if said:
                print("invariance:", " ".join(said.split()), file=sys.stderr)
        if interrupted:
            exec("")  # Python remembers an interrupt of code from a string, a dataclass's: it would end by the signal
        sys.exit(INTERRUPTED if interrupted else status)


def _nowhere() -> io.TextIOBase:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def _run(asked: dict[str, bool]) -> int:
    from ..memory import limit_memory
    from .commands import cli

    limit_memory()
    return cli(standalone_mode=False, obj=asked) or 0


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """SIGTERM as SIGINT, and both kept in mind: an import or a destructor may swallow the exception that they raise.

    Then the work would go on to its end; so it is ended without a word where that takes longer than to clean up.
    """
    heard: list[int] = []

    def hear(number: int, _: Any) -> NoReturn:
        if heard:
            os._exit(INTERRUPTED)
        heard.append(number)
        signal.signal(signal.SIGALRM, lambda *_: os._exit(INTERRUPTED))
        signal.alarm(_PATIENCE)
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    told = sys.unraisablehook
    sys.unraisablehook = lambda lost: None if heard else told(lost)  # Python would print where it was swallowed
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, hear)
        yield heard
    finally:
        signal.alarm(0)
        sys.unraisablehook = told
        for number, handler in before.items():
            signal.signal(number, handler)


def _judged(error: BaseException) -> tuple[int, str]:
    """The status of an exception, and what is said of it."""
    import click

    from ..errors import ArgumentError, ArgumentTypeError

    if _is_broken_pipe(error):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still in the buffer has nowhere to go
        return _BROKEN_PIPE, ""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return INTERRUPTED, ""
    if isinstance(error, click.ClickException):
        return BAD_INPUT, error.format_message()
    if isinstance(error, ArgumentError | ArgumentTypeError):
        return BAD_INPUT, str(error)
    if isinstance(error, SystemExit):
        return BAD_INPUT, f"the model called sys.exit({error.code!r}), which is no answer; take the call out of it"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return BAD_INPUT, f"nothing more can be written: {error.strerror}"
    if _out_of_memory(error):
        said = f" ({error})" if str(error) else ""
        return BAD_INPUT, f"out of memory; ask for less: a smaller batch, size or width, or fewer images{said}"
    said = f"{type(error).__name__}: {_text(error)}{_place(error)}"
    return OUR_FAULT, f"a fault of invariance, please report what --traceback shows: {said}"


def _is_broken_pipe(error: BaseException) -> bool:
    """Itself, or what rich and click make of it: they leave with status 1, and click wraps the output."""
    if isinstance(error, SystemExit):
        return isinstance(error.__context__, BrokenPipeError) or type(sys.stdout).__module__.startswith("click")
    return isinstance(error, BrokenPipeError)


def _out_of_memory(error: BaseException) -> bool:
    """Python's error, or one of torch's, which on a CPU has no class of its own."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and (type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in _text(error))
    )


def _text(error: BaseException) -> str:
    """What it says; a class of somebody else's may fail to."""
    try:
        return str(error)
    except BaseException as another:
        return f"its message fails with {type(another).__name__}"


def _place(error: BaseException) -> str:
    """The innermost line of this package that the exception came through."""
    from pathlib import Path
    from traceback import extract_tb

    house = Path(__file__).parent.parent
    ours = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(house)]
    return f" ({Path(ours[-1].filename).relative_to(house)}, line {ours[-1].lineno})" if ours else ""
