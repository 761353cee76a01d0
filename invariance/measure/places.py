"""Where in a user's code a tensor operation stands: the call of a module, and the lines that are being executed."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from torch import nn

__all__ = ["Call", "Site", "site"]

_HIDDEN = {"torch", "jaxtyping", "beartype", "einops", "functools", "contextlib"}
"""Packages whose frames stand between the user's line and the operation."""


@dataclass(frozen=True)
class Site:
    """Lines `first` to `last` of a function in a file."""

    file: str
    function: str
    first: int
    last: int

    def to(self, other: Site) -> Site:
        """From the first line of both to the last, where they are in one function."""
        if (self.file, self.function) != (other.file, other.function):
            return self
        return Site(self.file, self.function, min(self.first, other.first), max(self.last, other.last))

    @property
    def source(self) -> str:
        """The lines as they are written, on one line."""
        lines = (linecache.getline(self.file, number).strip() for number in range(self.first, self.last + 1))
        return " ".join(filter(None, lines))

    def __str__(self) -> str:
        lines = f"line {self.first}" if self.first == self.last else f"lines {self.first}–{self.last}"
        return f"{Path(self.file).name}, {lines}"


@dataclass(eq=False)
class Call:
    """One call of one module.

    Attributes:
        name, number: dotted name in the model, "" for the model itself; how often it had been called, counted from 1.
        parent, children: the call it is part of, the calls it makes.
        site: the line of the parent that calls it.
        start, end: numbers of the operations before it and after it.
        input_shape: shape of the first argument, where that is a tensor.
        given: what is known of the arguments that depend on the input.
        fingerprint: the same for tensors of the same entries in any order, up to signs.
    """

    name: str
    number: int
    module: nn.Module
    parent: Call | None
    site: Site | None
    start: int
    input_shape: tuple[int, ...] | None
    given: tuple[Any, ...] = ()
    fingerprint: tuple[float, ...] | None = None
    end: int = sys.maxsize
    children: list[Call] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return type(getattr(self.module, "hidden", self.module)).__name__

    @property
    def label(self) -> str:
        """The name, with the number from the second call on."""
        return self.name if self.number == 1 else f"{self.name or self.kind} [call {self.number}]"

    @property
    def is_layer(self) -> bool:
        """Whether the module is one thing to its user: it is torch's own, or calls no others."""
        return type(self.module).__module__.startswith("torch.") or not self.children

    def neighbours(self, operation: int) -> tuple[Call | None, Call | None]:
        """The children called last before an operation of this call's own code, and first after it."""
        before = [child for child in self.children if child.end <= operation]
        after = [child for child in self.children if child.start > operation]
        return (before[-1] if before else None), (after[0] if after else None)


def site() -> Site | None:
    """Where the code is that called torch: the innermost frame that is neither torch's nor this package's."""
    frame = sys._getframe(1)
    while frame is not None and _is_hidden(frame):
        if frame.f_code.co_name == "run_beside":
            return None
        frame = frame.f_back
    return None if frame is None else _site(frame.f_code, frame.f_lasti)


def _is_hidden(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__", "")
    package = name.partition(".")[0]
    return package in _HIDDEN or name.startswith(__name__.rpartition(".")[0]) or "@beartype" in frame.f_code.co_filename


@lru_cache(maxsize=4096)
def _site(code: CodeType, instruction: int) -> Site:
    first, last, *_ = next(_from(code, instruction // 2), (None, None))
    first = first or code.co_firstlineno
    return Site(code.co_filename, code.co_qualname.partition(".<locals>")[0], first, last or first)


def _from(code: CodeType, index: int) -> Iterator[tuple[int | None, ...]]:
    return islice(code.co_positions(), index, None)
