"""The command line, a file for each command; its exit statuses are those of `invariance.verdicts`.

Nothing is imported here that takes time, so that an interrupt is heard from the first moment on.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn

from ..verdicts import BAD_INPUT, INTERRUPTED, OUR_FAULT
from .ending import end_in_time, own_end
from .interrupts import interrupts

__all__ = ["main"]

_BROKEN_PIPE = 128 + 13  # as the shell has it for SIGPIPE: whoever read the output stopped reading


def main() -> NoReturn:
    """Run a command. Whatever goes wrong is one line on stderr; only a verdict leaves with the status of one."""
    sys.stdout, sys.stderr = (stream or _nowhere() for stream in (sys.stdout, sys.stderr))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may lack σ
    os.environ["MPLBACKEND"] = "agg"  # no window is opened, and matplotlib does not import with a name it lacks
    threads = threading.enumerate()
    asked: dict[str, bool] = {}
    with interrupts() as interrupted, own_end():
        try:
            status = _run(asked)
            sys.stdout.flush()
        except BaseException as error:
            status, said = (INTERRUPTED, "") if interrupted else _judged(error)
            with suppress(OSError, ValueError):  # stderr, too, may be a full disk, or a pipe that nobody reads
                _tell(error if asked.get("traceback") else None, said)
        if interrupted:
            exec("")  # Python remembers an interrupt of code from a string, a dataclass's: it would end by the signal
            status = INTERRUPTED
    end_in_time(status, threads)
    sys.exit(status)


def _tell(error: BaseException | None, said: str) -> None:
    if error:
        import traceback

        traceback.print_exception(error)
    if said:
        print("invariance:", " ".join(said.split()), file=sys.stderr)
    sys.stderr.flush()


def _nowhere() -> io.TextIOBase:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def _run(asked: dict[str, bool]) -> int:
    from ..memory import limit_memory
    from .commands import cli

    limit_memory()
    return cli(standalone_mode=False, obj=asked) or 0


def _judged(error: BaseException) -> tuple[int, str]:
    """The status of an exception, and what is said of it."""
    import click

    from ..errors import ArgumentError, ArgumentTypeError, reason_of
    from ..memory import is_out_of_memory

    if _is_broken_pipe(error):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still in the buffer has nowhere to go
        return _BROKEN_PIPE, ""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return INTERRUPTED, ""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        quoted = "; words with spaces in them are put in quotes" if "extra argument" in error.message else ""
        return BAD_INPUT, f"{error.format_message().rstrip('.')}{quoted}; see `{error.ctx.command_path} --help`"
    if isinstance(error, click.ClickException):
        return BAD_INPUT, error.format_message()
    if isinstance(error, ArgumentError | ArgumentTypeError):
        return BAD_INPUT, str(error)
    if isinstance(error, SystemExit):
        called = f"the model called sys.exit, os._exit or os.exec ({error.code!r})"
        return BAD_INPUT, f"{called}, which is no answer; take the call out of it"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return BAD_INPUT, f"nothing more can be written: {error.strerror}"
    if is_out_of_memory(error):
        said = f" ({reason_of(error)})" if reason_of(error) else ""
        return BAD_INPUT, f"out of memory; ask for less: a smaller batch, size or width, or fewer images{said}"
    said, (place, ours) = f"{type(error).__name__}: {reason_of(error, 1000)}", _place(error)
    if not ours:
        return BAD_INPUT, f"the code in {place} fails: {said}"
    return OUR_FAULT, f"a fault of invariance, please report what --traceback shows: {said} ({place})"


def _is_broken_pipe(error: BaseException) -> bool:
    """Itself, or what rich and click make of it: they leave with status 1, and click wraps the output."""
    if isinstance(error, SystemExit):
        return isinstance(error.__context__, BrokenPipeError) or type(sys.stdout).__module__.startswith("click")
    return isinstance(error, BrokenPipeError)


def _place(error: BaseException) -> tuple[str, bool]:
    """The innermost line of this package or of a user's file that the exception came through; whether it is ours."""
    import sysconfig
    from pathlib import Path
    from traceback import extract_tb

    house = Path(__file__).parents[1]
    ours = {house, *(Path(m.__file__).parent for m in [sys.modules.get("invariance_proofs")] if m and m.__file__)}
    installed = {Path(sysconfig.get_path(kind)) for kind in ("stdlib", "purelib", "platlib")}
    for frame in reversed(extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if any(file.is_relative_to(folder) for folder in ours):
            return f"{file.relative_to(house) if file.is_relative_to(house) else file.name}, line {frame.lineno}", True
        if file.is_file() and not any(file.is_relative_to(folder) for folder in installed):
            return f"{file.name}, line {frame.lineno}", False
    return "nowhere", True
