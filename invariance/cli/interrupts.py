"""SIGTERM as SIGINT, and both heard whatever the program is at."""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import _exit
from typing import Any

from ..verdicts import INTERRUPTED
from . import ending

__all__ = ["interrupts"]

_NUMBERS = (signal.SIGINT, signal.SIGTERM)
_before: dict[int, Any] = {}


@contextmanager
def interrupts() -> Iterator[list[int]]:
    """Both raise KeyboardInterrupt, and are kept in mind: an import or a destructor may swallow it.

    Python raises it between two steps of its own: not during one long call of torch, and not again once it was
    swallowed. So a thread hears them as well, and ends the process without a word where that takes longer than to clean
    up, or where one is sent again. Only a call that holds Python's lock, which torch's give back, has to end first.
    """
    heard: list[int] = []

    def hear(number: int, _: Any) -> None:
        if not heard:
            heard.append(number)
            raise KeyboardInterrupt

    told = sys.unraisablehook
    sys.unraisablehook = lambda lost: None if heard else told(lost)  # Python would print where it was swallowed
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    woken = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_end_late, args=(reader,), daemon=True).start()
    _before.update({number: signal.getsignal(number) for number in _NUMBERS})
    try:
        for number, handler in _before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, hear)
        yield heard
    finally:
        _as_before(woken)
        sys.unraisablehook = told
        os.close(writer)


def _as_before(woken: int = -1) -> None:
    if _before:
        signal.set_wakeup_fd(woken)
        for number, handler in _before.items():
            signal.signal(number, handler)
        _before.clear()


def _deaf() -> None:
    for number in _NUMBERS:
        signal.signal(number, signal.SIG_IGN)


atexit.register(_deaf)  # the answer is given: what is sent while torch is taken down does not change its status
os.register_at_fork(after_in_child=_as_before)  # what a worker is sent, such as its end, is not sent to this process


def _end_late(reader: int) -> None:
    """Wait for a signal, then for another one; the end of the work closes the pipe."""
    first = _signal(reader, None)
    if first and _signal(reader, time.monotonic() + ending.PATIENCE) is not None:
        if files := sys.modules.get("invariance.files"):  # an import could wait for one that is under way
            files.abandon()
        _exit(INTERRUPTED)
    os.close(reader)


def _signal(reader: int, until: float | None) -> int | None:
    """The next interrupt; 0 where none came until then, None where the pipe was closed."""
    while select.select([reader], [], [], until and max(0, until - time.monotonic()))[0]:
        number = os.read(reader, 1)
        if not number:
            return None
        if number[0] in _NUMBERS:
            return number[0]
    return 0
