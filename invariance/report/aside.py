"""A function in a process of its own, while this one goes on with something else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import wait
from typing import Any, Generic, TypeVar

from invariance_proofs.parallel import can_fork, forked

__all__ = ["Aside", "dealt"]

T = TypeVar("T")


class Aside(AbstractContextManager["Aside[T]"], Generic[T]):
    """Begins `function` at once; `result` waits for what it gives, which is plain data, or raises what it raised.

    Where a system cannot fork, `result` calls it here. Leaving the context ends it.
    """

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._process: Any = None
        if can_fork():
            self._process, self._answer = forked(_send, function)

    def wait(self) -> None:
        """Until it has answered or ended. Another process, forked from this one, may wait too: the answer stays."""
        if self._process is not None:
            wait([self._answer])

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


@contextmanager
def dealt(items: Sequence[T]) -> Iterator[Iterator[T]]:
    """The items, at most 256, each once and in order to whichever process asks next: this one, or one forked from it.

    Their numbers wait in a pipe, from which one process reads a byte at a time; one that ends keeps none waiting.
    """
    numbers, given = os.pipe()
    os.write(given, bytes(range(len(items))))
    os.close(given)
    try:
        yield (items[number[0]] for number in iter(lambda: os.read(numbers, 1), b""))
    finally:
        os.close(numbers)


def _send(function: Callable[[], Any], there: Any) -> None:
    try:
        there.send((function(), None))
    except Exception as error:
        there.send((None, error))
