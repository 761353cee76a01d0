"""Padding: which frames of an image turn with it. Along one axis: places −a, …, n + b − 1 and the pixel each shows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.evidence import Evidence, all_of

MODES = ("zeros", "replicate", "reflect", "circular")


def shown(mode: str, i: int, n: int) -> int | None:
    """The pixel that place i shows; None for a constant."""
    if 0 <= i < n:
        return i
    if mode == "reflect":
        return -i if i < 0 else 2 * (n - 1) - i
    return {"zeros": None, "replicate": min(max(i, 0), n - 1), "circular": i % n}[mode]


def padded(mode: str, n: int, a: int, b: int) -> list[int | None]:
    return [shown(mode, i, n) for i in range(-a, n + b)]


def mirrors(mode: str, n: int, a: int, b: int) -> bool:
    """pad(flip x) = flip(pad x) for every x."""
    frame = padded(mode, n, a, b)
    return [None if j is None else n - 1 - j for j in frame] == frame[::-1]


def sizes(mode: str) -> Iterator[tuple[int, int, int]]:
    """n ≤ 6, a and b up to what the mode allows (reflect n − 1, circular n)."""
    for n in range(1, 7):
        most = {"reflect": n - 1, "circular": n}.get(mode, 4)
        yield from ((n, a, b) for a, b in product(range(most + 1), repeat=2))


def every_small_size(mode: str, slack: int = 0) -> Evidence:
    """Mirrored exactly for equal extents; circular ones need agree modulo n only, and one repeated pixel has no sides."""

    def right(size: tuple[int, int, int]) -> bool:
        n, a, b = size
        even = abs(a - b) <= slack or (mode == "circular" and (a - b) % n == 0) or (mode == "replicate" and n == 1)
        return mirrors(mode, *size) == even

    return for_all(sizes(mode), right, f"(n, a, b): {mode} padding commutes with the flip ⇔ a = b")


def any_size(outside: int = 0) -> Evidence:
    """Place −i is mirrored to n − 1 + i; what is shown there is mirrored too, for each mode's two formulas."""
    n, i = unknowns(n=1, i=1)
    pieces = {
        "reflect": (i, 2 * (n - 1) - (n - 1 + i)),
        "replicate": (0 * i, n - 1),
        "circular": (n - i, (n - 1 + i) - n),
        "inside": (i, n - 1 - i),
    }
    return all_of(
        *(vanishes(n - 1 + outside - low - high, what=f"{mode}: n − 1 − shown(−i) = shown(n − 1 + i)") for mode, (low, high) in pieces.items())
    )


def one_row(mode: str, a: int, b: int) -> Evidence:
    """x = (1, 2, 3)."""
    x = (1, 2, 3)

    def pad(row: tuple[int, ...]) -> list[int]:
        return [0 if j is None else row[j] for j in padded(mode, 3, a, b)]

    return equal(pad(x[::-1]), pad(x)[::-1], what="pad(flip x) = flip(pad x)", x=x, mode=mode, left=a, right=b)
