"""A function in a process of its own, while this one goes on with something else."""

from __future__ import annotations

import multiprocessing
import signal
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

__all__ = ["Aside"]

T = TypeVar("T")


class Aside(AbstractContextManager["Aside[T]"], Generic[T]):
    """Begins `function` at once; `result` waits for what it gives, which is plain data, or raises what it raised.

    Where a system cannot fork, `result` calls it here. Leaving the context ends it.
    """

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._process: Any = None
        if "fork" not in multiprocessing.get_all_start_methods():
            return
        fork = multiprocessing.get_context("fork")
        self._answer, there = fork.Pipe(duplex=False)
        self._process = fork.Process(target=_send, args=(function, there), daemon=True)
        with warnings.catch_warnings():
            # Another thread, as the one that hears signals, holds no lock that the function asks for.
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
            self._process.start()
        there.close()

    def result(self) -> T:
        """What the function gave.

        Raises:
            RuntimeError: its process ended before it answered.
        """
        if self._process is None:
            return self._function()
        try:
            gave, raised = self._answer.recv()
        except EOFError:
            self._process.join()
            status = self._process.exitcode
            raise RuntimeError(f"the process of {self._function.__name__} ended with status {status}") from None
        if raised is not None:
            raise raised
        return gave

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._answer.close()


def _send(function: Callable[[], Any], there: Any) -> None:
    signal.set_wakeup_fd(-1)  # the parent's: it hears of its own signals only
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the whole group; the parent ends this process
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        there.send((function(), None))
    except Exception as error:
        there.send((None, error))
