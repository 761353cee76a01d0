"""Chains of windows along one axis: the composed window (K, S, P), and the remainder that decides.

A window (k, s, p, d) reads pixel s·o + d·j − p at tap j of output o; it has q + 1 outputs and leaves r pixels over:
n + 2p − (d(k − 1) + 1) = sq + r. Dilation enters through the extent d(k − 1) + 1 alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

from invariance_proofs.gcnn.g8_chain import ALL_CNN
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.smt import impossible
from invariance_proofs.evidence import Evidence, all_of


class Window(NamedTuple):
    """k taps, stride s, padding p in front and p + extra behind, dilation d; `ceil` rounds the outputs up."""

    k: int
    s: int = 1
    p: int = 0
    d: int = 1
    extra: int = 0
    ceil: bool = False

    @property
    def extent(self) -> int:
        return self.d * (self.k - 1) + 1

    def outputs(self, n: int) -> int:
        room = n + 2 * self.p + self.extra - self.extent
        more = -(-room // self.s) if self.ceil else room // self.s
        if self.ceil and more * self.s >= n + self.p:  # a window must start inside the image or the padding before it
            more -= 1
        return more + 1

    def remainder(self, n: int) -> int:
        return (n + 2 * self.p - self.extent) % self.s


Chain = Sequence[Window]


def composed(chain: Chain) -> tuple[int, int, int]:
    """(K, S, P): K = 1 + Σ (extent − 1)·S before, P = Σ p·S before, S = Π s."""
    K, S, P = 1, 1, 0
    for w in chain:
        K, P, S = K + (w.extent - 1) * S, P + w.p * S, S * w.s
    return K, S, P


def lengths(chain: Chain, n: int) -> list[int]:
    """The image's length and that of every layer's output."""
    found = [n]
    for w in chain:
        found.append(w.outputs(found[-1]))
    return found


def reads(chain: Chain, n: int, o: int) -> dict[tuple[int, ...], int]:
    """Every choice of taps, from the last layer to the first, along which output o reads a pixel, and that pixel."""
    sizes, found = lengths(chain, n), {(): o}
    for w, size in zip(reversed(chain), sizes[-2::-1], strict=True):
        found = {
            (*taps, j): x
            for taps, y in found.items()
            for j in range(w.k)
            if 0 <= (x := w.s * y + w.d * j - w.p) < size
        }
    return found


def keeps_flips(chain: Chain, n: int) -> bool:
    """Whether mirrored taps of mirrored outputs read mirrored pixels: it commutes for all images and weights."""
    last = lengths(chain, n)[-1]
    for o in range(last):
        mirrored = {tuple(w.k - 1 - j for w, j in zip(reversed(chain), taps, strict=True)): n - 1 - x for taps, x in reads(chain, n, o).items()}
        if mirrored != reads(chain, n, last - 1 - o):
            return False
    return True


def sees(chain: Chain, n: int) -> bool:
    return any(reads(chain, n, o) for o in range(lengths(chain, n)[-1]))


def small_chains(layers: int = 2) -> Iterator[tuple[tuple[Window, ...], int]]:
    """Chains of windows with k ≤ 3, s ≤ 3, p < k (d ≤ 2 for one layer), on at most 9 pixels, all outputs there."""
    windows = [Window(k, s, p) for k, s in product((1, 2, 3), repeat=2) for p in range(k)]
    some = product(windows, repeat=layers) if layers > 1 else [(w._replace(d=d),) for w in windows for d in (1, 2)]
    for chain in some:
        for n in range(1, 10):
            if min(lengths(chain, n)) > 0 and sees(chain, n):
                yield tuple(chain), n


def whole(chain: Chain, n: int) -> int:
    """(n + 2P − K) mod S."""
    K, S, P = composed(chain)
    return (n + 2 * P - K) % S


def every_small_chain(rule: Callable[[Chain, int], int] = whole, layers: int = 2) -> Evidence:
    return for_all(
        small_chains(layers),
        lambda c: keeps_flips(*c) == (rule(*c) == 0),
        "(chain, n): the flip is kept ⇔ the rule gives 0",
    )


def one_more(of_the_scale: int = 1) -> Evidence:
    """From n + 2P − K = SQ + R and (Q + 1) + 2p − k = sq + r: the longer chain has n + 2P′ − K′ = S′q + (R + Sr)."""
    K, S, P, R, k, s, p, r, q = unknowns(K=1, S=1, P=1, R=1, k=1, s=1, p=1, r=1, q=1)
    Q = s * q + r + k - 2 * p - 1
    n = S * Q + R + K - 2 * P
    longer = n + 2 * (P + S * p) - (K + S * (k - 1))
    return vanishes(longer - S * s * q - (R + of_the_scale * S * r), what="n + 2P′ − K′ = S s q + (R + S r)")


def bounded() -> Evidence:
    """0 ≤ R ≤ S − 1 and 0 ≤ r ≤ s − 1 ⇒ R + Sr ≤ Ss − 1, and R + Sr = 0 only for R = r = 0: no layer repairs another."""
    sound = lambda S, s, R, r: [S >= 1, s >= 1, R >= 0, R <= S - 1, r >= 0, r <= s - 1]  # noqa: E731
    return all_of(
        impossible(lambda S, s, R, r: [*sound(S, s, R, r), R + S * r > S * s - 1], "S s R r", what="R + Sr < Ss"),
        impossible(lambda S, s, R, r: [*sound(S, s, R, r), R + S * r == 0, R + r > 0], "S s R r", what="sum 0 ⇒ all 0"),
    )


def mirrored(pads: int = 0) -> Evidence:
    """Tap j of output o and their mirror images read x, x′ with n − 1 − x − x′ = r − (p′ − p), padding p before, p′ behind."""
    k, s, p, e, d, q, r, o, j = unknowns(k=1, s=1, p=1, e=1, d=1, q=1, r=1, o=1, j=1)
    n = s * q + r + d * (k - 1) + 1 - 2 * p - e
    read = lambda output, tap: s * output + d * tap - p  # noqa: E731
    missed = n - 1 - read(o, j) - read(q - o, k - 1 - j)
    return vanishes(missed - (r - (1 - pads) * e), what="n − 1 − x − x′ = r − (p′ − p)")


def all_cnn(expected: tuple[int, int, int] = (27, 4, 13)) -> Evidence:
    """The nine layers: (n + 26 − 27) mod 4 = (n − 1) mod 4."""
    chain = [Window(*layer) for layer in ALL_CNN]
    return equal(composed(chain), expected, what="(K, S, P) of the All-CNN")


def rounding_up() -> Evidence:
    """ceil_mode: with e = s − r pixels too many instead of r too few, the same sizes are exact. n ≤ 12, k, s ≤ 3."""
    cases = [
        (Window(k, s, p, d, ceil=True), n)
        for k, s, d, n in product((1, 2, 3), (1, 2, 3), (1, 2), range(1, 13))
        for p in range(k // 2 + 1)
        if n + 2 * p >= d * (k - 1) + 1
    ]
    return for_all(
        cases, lambda c: not sees([c[0]], c[1]) or keeps_flips([c[0]], c[1]) == (c[0].remainder(c[1]) == 0),
        "(window, n): with ceil_mode the flip is kept ⇔ (n + 2p − k) mod s = 0",
    )


def one_row(chain: Chain, n: int) -> Evidence:
    """The pixels that output 0 and the last output read, of which one should be the mirror image of the other."""
    last = lengths(chain, n)[-1] - 1
    left = sorted(n - 1 - x for x in reads(chain, n, 0).values())
    return equal(left, sorted(reads(chain, n, last).values()), what="mirrored outputs read mirrored pixels", n=n, chain=[tuple(w) for w in chain])


def shared(first: Window, second: Window) -> Evidence:
    """Two branches of one stride have one remainder at every size ⇔ 2p − extent agrees modulo s."""
    return check(
        all(first.remainder(n) == second.remainder(n) for n in range(1, 4 * first.s + 1)),
        "both branches leave the same remainder at every size",
        first=tuple(first), second=tuple(second),
    )  # fmt: skip
