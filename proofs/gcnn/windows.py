"""Sliding windows on finite images: which pixel every tap of every output reads.

n pixels, k taps, stride s, padding p; n + 2p − k = sq + r with the remainder r, q + 1 outputs; tap j of output o reads
pixel so + j − p. Rows and columns have remainders r₁ and r₂ of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from invariance_proofs.gcnn.motions import P4, Motion

__all__ = ["Layer", "commutes", "keeps_turns", "sizes"]


class Layer(NamedTuple):
    """A window of k taps with stride s and padding p."""

    k: int
    s: int = 1
    p: int = 0

    def outputs(self, n: int) -> int:
        return (n + 2 * self.p - self.k) // self.s + 1

    def remainder(self, n: int) -> int:
        return (n + 2 * self.p - self.k) % self.s

    def reads(self, n: int) -> dict[tuple[int, int], int | None]:
        """(output, tap) ↦ pixel, None for padding, all in doubled coordinates about their own centres."""
        m = self.outputs(n)
        places = ((o, j, self.s * o + j - self.p) for o, j in product(range(m), range(self.k)))
        return {(2 * o - m + 1, 2 * j - self.k + 1): 2 * x - n + 1 if 0 <= x < n else None for o, j, x in places}


def commutes(h: Motion, layer: Layer, shape: tuple[int, int]) -> bool:
    """Whether turned taps of turned outputs read turned pixels: it commutes with h for all images and filters."""
    wide = shape if h.a else shape[::-1]
    (rows, columns), (rows2, columns2) = (tuple(map(layer.reads, size)) for size in (shape, wide))
    a, b, c, d, *_ = h
    for ((i, k), x), ((j, m), y) in product(rows.items(), columns.items()):  # taps (k, m) of outputs (i, j)
        read = rows2[a * i + b * j, a * k + b * m], columns2[c * i + d * j, c * k + d * m]
        want = None if x is None or y is None else (a * x + b * y, c * x + d * y)
        if (None if None in read else read) != want:
            return False
    return True


def keeps_turns(layer: Layer, shape: tuple[int, int]) -> bool:
    return all(commutes(h, layer, shape) for h in P4)


def sizes(every_padding: bool = False, square: bool = False) -> Iterator[tuple[Layer, tuple[int, int]]]:
    """Layers with k ≤ 3, s ≤ 3 and p < k (or p ≤ 2) on images of up to 5×5 pixels that hold a window."""
    for k, s, p in product(range(1, 4), range(1, 4), range(3)):
        layer = Layer(k, s, p)
        for shape in product(range(1, 6), range(1, 6)):
            if min(shape) + 2 * p >= k and (every_padding or p < k) and (not square or shape[0] == shape[1]):
                yield layer, shape
