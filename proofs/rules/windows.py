"""Chains of windows along one axis: the composed window (K, S, P), and the remainder that decides.

A window (k, s, p, d) reads pixel s·o + d·j − p at tap j of output o; it has q + 1 outputs and leaves r pixels over:
n + 2p − (d(k − 1) + 1) = sq + r. Dilation enters through the extent d(k − 1) + 1 alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

from invariance_proofs.gcnn.g8_chain import ALL_CNN
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.smt import impossible
from invariance_proofs.rules import PAPER
from invariance_proofs.statement import (
    Chain,
    Clause,
    Dropped,
    Evidence,
    Formula,
    Grade,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    all_of,
    instead,
)


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


Windows = Sequence[Window]


def composed(chain: Windows) -> tuple[int, int, int]:
    """(K, S, P): K = 1 + Σ (extent − 1)·S before, P = Σ p·S before, S = Π s."""
    K, S, P = 1, 1, 0
    for w in chain:
        K, P, S = K + (w.extent - 1) * S, P + w.p * S, S * w.s
    return K, S, P


def lengths(chain: Windows, n: int) -> list[int]:
    """The image's length and that of every layer's output."""
    found = [n]
    for w in chain:
        found.append(w.outputs(found[-1]))
    return found


def reads(chain: Windows, n: int, o: int) -> dict[tuple[int, ...], int]:
    """Every choice of taps, from the last layer to the first, along which output o reads a pixel, and that pixel."""
    sizes, found = lengths(chain, n), {(): o}
    for w, size in zip(reversed(chain), sizes[-2::-1], strict=True):
        found = {
            (*taps, j): x for taps, y in found.items() for j in range(w.k) if 0 <= (x := w.s * y + w.d * j - w.p) < size
        }
    return found


def keeps_flips(chain: Windows, n: int) -> bool:
    """Whether mirrored taps of mirrored outputs read mirrored pixels: it commutes for all images and weights."""
    last = lengths(chain, n)[-1]
    for o in range(last):
        mirrored = {
            tuple(w.k - 1 - j for w, j in zip(reversed(chain), taps, strict=True)): n - 1 - x
            for taps, x in reads(chain, n, o).items()
        }
        if mirrored != reads(chain, n, last - 1 - o):
            return False
    return True


def sees(chain: Windows, n: int) -> bool:
    return any(reads(chain, n, o) for o in range(lengths(chain, n)[-1]))


def small_chains(layers: int = 2) -> Iterator[tuple[tuple[Window, ...], int]]:
    """Chains of windows with k ≤ 3, s ≤ 3, p < k (d ≤ 2 for one layer), on at most 9 pixels, all outputs there."""
    windows = [Window(k, s, p) for k, s in product((1, 2, 3), repeat=2) for p in range(k)]
    some = product(windows, repeat=layers) if layers > 1 else [(w._replace(d=d),) for w in windows for d in (1, 2)]
    for chain in some:
        for n in range(1, 10):
            if min(lengths(chain, n)) > 0 and sees(chain, n):
                yield tuple(chain), n


REST = Formula.of(lambda n, P, K, S: (n + 2 * P - K) % S)


def rest(chain: Windows, n: int) -> int:
    K, S, P = composed(chain)
    return REST(n, P, K, S)


whole = Formula(str(REST), rest)


def size_alone(chain: Windows, n: int) -> int:
    """n mod S."""
    return n % composed(chain)[1]


def every_small_chain(rule: Callable[[Windows, int], int] = whole, layers: int = 2) -> Evidence:
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


def bounded(least: int = 0) -> Evidence:
    """0 ≤ R < S and 0 ≤ r < s ⇒ R + Sr < Ss, and R + Sr = 0 only for R = r = 0: no layer repairs another."""

    def sound(S: Any, s: Any, R: Any, r: Any) -> list[Any]:
        return [S >= 1, s >= 1, least <= R, R <= S - 1, r >= least, r <= s - 1]

    return all_of(
        impossible(
            lambda S, s, R, r: [*sound(S, s, R, r), R + S * r > S * s - 1], "S s R r", what="R + Sr < Ss",
            met=((1, 1, 0, 0), (6, 4, 5, 3), (2, 3, 1, 0)),
        ),
        impossible(
            lambda S, s, R, r: [*sound(S, s, R, r), R * R + r * r > 0, R + S * r == 0], "S s R r", what="sum 0 ⇒ all 0",
            met=((2, 2, 1, 0), (6, 4, 5, 3)),
        ),
    )  # fmt: skip


READ = Formula.of(lambda s, d, p, o, j: s * o + d * j - p)
"""The pixel that tap j of output o reads."""
OTHERS = {
    "no stride": {"read": Formula.of(lambda s, d, p, o, j: o + d * j - p)},
    "no dilation": {"read": Formula.of(lambda s, d, p, o, j: s * o + j - p)},
    "no padding": {"read": Formula.of(lambda s, d, p, o, j: s * o + d * j)},
}


def mirrored(pads: int = 0, read: Formula = READ) -> Evidence:
    """Tap j of output o and its mirror image read x, x′: n − 1 − x − x′ = r − (p′ − p), padding p before, p′ behind."""
    k, s, p, e, d, q, r, o, j = unknowns(k=1, s=1, p=1, e=1, d=1, q=1, r=1, o=1, j=1)
    n = s * q + r + d * (k - 1) + 1 - 2 * p - e
    missed = n - 1 - read(s, d, p, o, j) - read(s, d, p, q - o, k - 1 - j)
    return vanishes(missed - (r - (1 - pads) * e), what=f"n − 1 − x − x′ = r − (p′ − p) for x = {read}")


COMPOSED = (27, 4, 13)
"""(K, S, P) of the All-CNN."""


def all_cnn(expected: tuple[int, int, int] = COMPOSED) -> Evidence:
    """The nine layers: (n + 26 − 27) mod 4 = (n − 1) mod 4."""
    chain = [Window(*layer) for layer in ALL_CNN]
    return equal(composed(chain), expected, what="(K, S, P) of the All-CNN")


def decides(chain: Windows, n: int) -> Evidence:
    """Whether the flip is kept exactly if (n + 2P − K) mod S = 0."""
    kept, zero = keeps_flips(chain, n), whole(chain, n) == 0
    return equal(kept, zero, what="the flip is kept ⇔ R = 0", chain=[tuple(w) for w in chain], n=n)


def shared(first: Window, second: Window) -> Evidence:
    """Two branches of one stride: their remainders over one period of sizes."""
    left, right = ([w.remainder(n) for n in range(4, 4 + w.s)] for w in (first, second))
    return equal(left, right, what="the same remainder at every size", first=tuple(first), second=tuple(second))


ONE_LESS = Formula.of(lambda n: n - 1)
SIZE = Formula.of(lambda n: n)


def same_room(first: tuple[int, int] = (1, 0), second: tuple[int, int] = (3, 1), room: Formula = ONE_LESS) -> Evidence:
    """n + 2p − k of two windows (k, p)."""
    (n,) = unknowns(n=1)
    rooms = [n + 2 * p - k for k, p in (first, second)]
    return vanishes(rooms[0] - rooms[1], rooms[0] - room(n), what=f"n + 2p − k = {room} for both")


def differ(sign: int = -1) -> Evidence:
    """(n + 2p − k) − (n + 2q − h) = (2p − k) − (2q − h): congruent modulo s at one n, congruent at all."""
    n, p, k, q, h = unknowns(n=1, p=1, k=1, q=1, h=1)
    rooms = (n + 2 * p - k) + sign * (n + 2 * q - h)
    return vanishes(rooms - ((2 * p - k) - (2 * q - h)), what="the difference of n + 2p − k and n + 2q − h")


def every_pair(modulo: int = 0) -> Evidence:
    """The remainders of two windows of one stride, n ≤ 12."""
    sizes = range(1, 13)
    some = [Window(k, s, p) for k, s, p in product((1, 2, 3), (1, 2, 3), (0, 1, 2))]
    pairs = [(a, b) for a, b in product(some, repeat=2) if a.s == b.s]

    def right(pair: tuple[Window, Window]) -> bool:
        a, b = pair
        agrees = (2 * a.p - a.k - 2 * b.p + b.k) % (modulo or a.s) == 0
        return all(a.remainder(n) == b.remainder(n) for n in sizes) == agrees

    return for_all(
        pairs,
        right,
        "(window, window): one remainder at every size ⇔ 2p − k agrees modulo s",
        sizes=lambda pair: {"k": pair[0].k, "s": pair[0].s, "p": pair[0].p, "n": max(sizes)},
    )


SYMMETRIC = Hypothesis("as much padding behind as in front", lambda chain: all(w[4] == 0 for w in chain))
SEES = Hypothesis(
    "some chain of taps reads a pixel (so every layer has an output)",
    lambda chain, n: sees([Window(*w) for w in chain], n),
)
STEP = Route("one layer more", Method.RING, one_more, {}, instead("of_the_scale", 2), "K S P R k s p r q")
MIRRORED = Route(
    "mirrored taps of mirrored outputs", Method.RING, mirrored, {}, instead("pads", 1) | OTHERS, "k s p d q r o j"
)
BOUNDED = Route(
    "R + Sr < Ss, and 0 only if R = r = 0", Method.SMT, bounded, {}, instead("least", -1), "S s R r", cases=2
)

windows = Statement(
    id="windows",
    paper=PAPER,
    name="a chain of windows is one window",
    source="receptive field arithmetic (Araujo et al., Distill 2019); Cohen & Welling, section 8.2, at 32×32",
    summary="L windows compose to (K, S, P); the chain keeps turns for all weights ⇔ {rule} = 0",
    claim=(
        "With {let:K = 1 + Σ(kᵢ − 1)Sᵢ, P = Σ pᵢSᵢ, Sᵢ = s₁…sᵢ₋₁ and S = Πsᵢ}: {let:n + 2P − K = SQ + R, Q + 1 "
        "outputs}, where {let:R = Σ rᵢSᵢ} is the mixed-radix number of the layers' remainders, {least} ≤ R < S. So "
        "the chain keeps flips and quarter turns for all weights exactly if {rule} = 0: input sizes follow from "
        "receptive-field numbers alone. The All-CNN is {expected}: {let:n ≡ 1 mod 4}. {let:Dilation d makes k an "
        "extent d(k − 1) + 1}, and nothing else."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={"symmetric padding": SYMMETRIC, "the windows meet the image": SEES},
    clauses=(
        Clause(
            "n + 2P − K = SQ + R with R = Σ rᵢSᵢ < S, by induction over the layers",
            Chain("induction", STEP, BOUNDED),
            over="K S P k s p",
        ),
        Clause(
            "the chain keeps flips for all weights ⇔ R = 0",
            Chain(
                "a layer misses by its remainder, remainders add up, none cancels",
                MIRRORED,
                STEP,
                BOUNDED,
            ),
            Route(
                "what every chain of taps reads, two layers, n ≤ 9",
                Method.EXHAUSTIVE,
                every_small_chain,
                {},
                {"n mod S": {"rule": size_alone}},
                cases=2481,
            ),
            Route(
                "single layers, dilated too",
                Method.EXHAUSTIVE,
                every_small_chain,
                {"layers": 1},
                {"n mod S": {"rule": size_alone}},
                cases=288,
            ),
            over="k s p d",
        ),
        Clause(
            "the All-CNN is {expected}",
            Route("its nine layers", Method.EXACT, all_cnn, {}, {"P = 12": {"expected": (27, 4, 12)}}),
            finite=True,
        ),
    ),
    controls=(
        Dropped("symmetric padding", decides, {"chain": (Window(3, extra=1),), "n": 5}),
        Dropped("the windows meet the image", decides, {"chain": (Window(1, 3, 1),), "n": 1}),
        Witness("3×3, stride 2, padding 1 twice, at 5", decides, {"chain": (Window(3, 2, 1),) * 2, "n": 5}),
    ),
)

shortcut = Statement(
    id="shortcut",
    paper=PAPER,
    name="strided shortcuts",
    source="He et al. (residual blocks with projection); ResNet44 of Cohen & Welling, section 8.2",
    summary=(
        "a {first[0]}×{first[0]} shortcut and a {second[0]}×{second[0]} branch with padding {second[1]} leave one "
        "remainder, of {room} by the stride, at every size"
    ),
    claim=(
        "Two windows of one stride s leave the same remainder at every n exactly if 2p − extent agrees modulo s. For "
        "{first[0]}×{first[0]} and {second[0]}×{second[0]} with padding {second[1]} both are of {room}: a residual "
        "block asks for nothing that its branch does not ask for. A 2×2 pool on the shortcut would want n even where "
        "the branch wants n odd: no size keeps turns."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={
        "2p − extent agrees modulo s": Hypothesis(
            "2p − extent is the same modulo s for both",
            lambda first, second: (
                (2 * first[2] - Window(*first).extent - 2 * second[2] + Window(*second).extent) % first[1] == 0
            ),
        )
    },
    clauses=(
        Clause(
            "n + 2p − k = {room} for {first} and {second}",
            Route(
                "numerators",
                Method.RING,
                same_room,
                {},
                {"2×2 on the shortcut": {"first": (2, 0)}, "no padding": {"second": (3, 0)}} | instead("room", SIZE),
                "n",
                cases=2,
            ),
            over="n",
        ),
        Clause(
            "one remainder modulo s at every n ⇔ 2p − extent agrees modulo s",
            Route("the difference does not depend on n", Method.RING, differ, {}, instead("sign", 1), "n p k q h"),
            Route(
                "all pairs with k ≤ 3, s ≤ 3, p ≤ 2, n ≤ 12",
                Method.EXHAUSTIVE,
                every_pair,
                {},
                instead("modulo", 1),
                cases=243,
            ),
            over="n p k q h",
        ),
    ),
    controls=(
        Dropped("2p − extent agrees modulo s", shared, {"first": Window(2, 2), "second": Window(3, 2, 1)}),
        Witness("1×1 and 3×3", shared, {"first": Window(1, 2), "second": Window(3, 2, 1)}),
    ),
)
