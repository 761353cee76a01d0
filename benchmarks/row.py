"""A row of `docs/performance.md`: what is compared with what, and what was wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .timing import Pairs, paired

__all__ = ["Row", "counted", "timed"]


@dataclass(frozen=True)
class Row:
    """One ratio.

    Attributes:
        what, beside: of which the ratio is.
        goal: the largest ratio that was wanted; none where there is nothing to reach.
        unit: of `ours` and `other`.
        quartiles: first, second and third, of the ratios of single rounds; equal where it was counted.
    """

    section: str
    what: str
    beside: str
    ours: float
    other: float
    quartiles: tuple[float, float, float]
    goal: float | None = None
    unit: str = "ms"

    @property
    def key(self) -> str:
        """What a row of another run is found by."""
        return f"{self.section}: {self.what} / {self.beside}"

    @property
    def ratio(self) -> float:
        return self.quartiles[1]

    def to_dict(self) -> dict[str, Any]:
        return {"key": self.key, "ratio": self.ratio, "quartiles": list(self.quartiles)}

    def markdown(self) -> str:
        low, median, high = self.quartiles
        spread = f"{median:.2f}" if low == high else f"{median:.2f} ({low:.2f} to {high:.2f})"
        goal = "–" if self.goal is None else f"{self.goal:g}{'' if median <= self.goal else ', not reached'}"
        sides = f"{_number(self.ours)} {self.unit} | {_number(self.other)} {self.unit}"
        return f"| {self.what} | {self.beside} | {sides} | {spread} | {goal} |"


def timed(
    section: str,
    what: str,
    beside: str,
    ours: Callable[[], object],
    other: Callable[[], object],
    goal: float | None = None,
    rounds: int = 7,
) -> Row:
    """A row of seconds of the processor."""
    pairs: Pairs = paired(ours, other, rounds)
    middle = [1e3 * sorted(side)[len(side) // 2] for side in (pairs.ours, pairs.other)]
    return Row(section, what, beside, middle[0], middle[1], pairs.ratios, goal)


def counted(section: str, what: str, beside: str, ours: float, other: float, goal: float | None, unit: str) -> Row:
    """A row of something that is the same in every run."""
    ratio = ours / other
    return Row(section, what, beside, ours, other, (ratio, ratio, ratio), goal, unit)


Rows = Iterator[Row]


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
