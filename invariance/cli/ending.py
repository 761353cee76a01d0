"""The program ends by itself: a model neither ends it, with a status that would be a verdict, nor keeps it from it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from os import _exit
from typing import Any, NoReturn

__all__ = ["PATIENCE", "end_in_time", "own_end"]

PATIENCE = 10  # seconds for what is cleaned up: a file that was being written, the processes of a sweep

_ENDS = ("_exit", "execv", "execve")
"""All of `os` that ends a process or puts another program in its place: `execl` and its kin call these."""


@contextmanager
def own_end() -> Iterator[None]:
    """`os._exit` and `os.exec…` raise SystemExit, as `sys.exit` does; in processes that are forked they are as before.

    Not seen is code in C that calls `exit`. A signal that a model sends to its own process ends it, and is its status.
    """
    before = {name: getattr(os, name) for name in _ENDS}
    for name, end in before.items():
        setattr(os, name, _raising(end, os.getpid()))
    try:
        yield
    finally:
        for name, end in before.items():
            setattr(os, name, end)


def _raising(end: Callable[..., NoReturn], owner: int) -> Callable[..., NoReturn]:
    def refuse(*words: Any) -> NoReturn:
        if os.getpid() != owner:
            end(*words)
        raise SystemExit(words[0] if words else None)

    return refuse


def end_in_time(status: int, known: Collection[threading.Thread]) -> None:
    """Leave with `status` after `PATIENCE` where threads that a model has begun do not end: Python waits for them.

    `known` are those that were there before.
    """
    others = set(threading.enumerate()) - {threading.current_thread(), *known}
    if any(not thread.daemon for thread in others):
        threading.Thread(target=_leave, args=(status,), daemon=True).start()


def _leave(status: int) -> None:
    time.sleep(PATIENCE)
    _exit(status)
