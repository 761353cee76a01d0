"""What the networks refuse, said in one way."""

from __future__ import annotations

from ..errors import ArgumentError, ArgumentTypeError

__all__ = ["check_dropout", "check_whole"]


def check_whole(least: int = 1, **numbers: int) -> None:
    """Every number is an int ≥ `least`."""
    for name, value in numbers.items():
        if not isinstance(value, int):
            raise ArgumentTypeError(name, repr(value), "a whole number")
        if value < least:
            raise ArgumentError(name, value, f"a whole number ≥ {least}")


def check_dropout(*probabilities: float) -> None:
    """Every probability is a number in [0, 1)."""
    for p in probabilities:
        if not isinstance(p, int | float):
            raise ArgumentTypeError("dropout", repr(p), "a probability in [0, 1)")
        if not 0 <= p < 1:
            raise ArgumentError("dropout", p, "a probability in [0, 1)")
