"""How an error should grow with the size of a transformation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["FIRST", "HALF", "POLES", "Order"]


@dataclass(frozen=True)
class Order:
    """How E should grow with σ, as TeX, and its exponent d log E / d log σ at a σ."""

    tex: str
    exponent: Callable[[float], float]


FIRST = Order(r"\sigma", lambda sigma: 1.0)
"""A smooth output."""

HALF = Order(r"\sigma^{1/2}", lambda sigma: 0.5)
"""A sign layer that is alive: it flips on a part of the image of order σ, and there the output is another one."""

POLES = Order(r"\sigma\sqrt{\log 1/\sigma}", lambda sigma: 1 - 0.5 / math.log(1 / sigma))
"""log det, which has poles: two equations, det V = |d₁ × d₂|² = 0, leave points of the plane, about which the change is
σ/r, and the integral of (σ/r)² over the plane outside of r = σ is of order σ² log 1/σ."""
