"""The numbers that warps are made of: short to read, and climbed step by step."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from ...errors import ArgumentError

__all__ = ["bounded", "number", "numbers"]


def number(size: float) -> st.SearchStrategy[float]:
    """Thousandths of `size` between −`size` and `size`: `hypothesis.target` climbs integers more surely than floats."""
    return st.integers(-1000, 1000).map(lambda k: size * k / 1000)


def numbers(count: int, size: float) -> st.SearchStrategy[list[float]]:
    return st.lists(number(size), min_size=count, max_size=count)


def bounded(name: str, value: float, top: float = math.inf) -> float:
    """Itself. Raises ArgumentError unless it is finite, between 0 and `top`."""
    if not (0 <= value <= top and value < math.inf):
        raise ArgumentError(name, value, f"a number from 0 to {top:g}")
    return value
