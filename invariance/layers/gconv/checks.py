"""What the layers of this package refuse, said in one way."""

from __future__ import annotations

from torch import Tensor

from ...errors import ArgumentError, ArgumentTypeError

__all__ = ["check_shape", "check_whole", "check_window"]


def check_whole(least: int, **numbers: int) -> None:
    """Every number is an int ≥ `least`."""
    for name, value in numbers.items():
        if not isinstance(value, int):
            raise ArgumentTypeError(name, value, "one int, for both axes: the group may exchange them")
        if value < least:
            raise ArgumentError(name, value, f"a whole number ≥ {least}")


def check_shape(features: Tensor, **axes: int | None) -> None:
    """Features are "b *axes h w"; an axis of None may have any length."""
    found = features.shape[1:-2]
    fits = len(found) == len(axes) and all(n is None or n == m for n, m in zip(axes.values(), found, strict=True))
    if features.ndim != len(axes) + 3 or not fits:
        wanted = ", ".join(name if n is None else f"{name} = {n}" for name, n in axes.items())
        raise ArgumentError("features.shape", tuple(features.shape), f"(batch, {wanted}, height, width)")


def check_window(features: Tensor, kernel_size: int, padding: int) -> None:
    """The padded image holds at least one window."""
    if min(features.shape[-2:]) + 2 * padding < kernel_size:
        raise ArgumentError(
            "features.shape",
            tuple(features.shape),
            f"height and width ≥ {kernel_size - 2 * padding}: kernel {kernel_size}, padding {padding}",
        )
