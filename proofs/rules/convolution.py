"""A convolution on arrays under a motion of the grid that also moves channels: which filter banks commute.

The motion h acts on channel c by channel πc and a sign: (Pf)_{πc} = s_c · (f_c turned by h).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from invariance_proofs.gcnn.layers import convolve, turn
from invariance_proofs.gcnn.motions import FLIP, P4M, TURN, Motion
from invariance_proofs.gcnn.windows import Layer
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.smt import impossible
from invariance_proofs.routes.symbolic import free, same
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.rules import PAPER
from invariance_proofs.rules.vectors import signed
from invariance_proofs.rules.windows import mirrored
from invariance_proofs.statement import (
    Chain,
    Clause,
    Dropped,
    Evidence,
    Grade,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)

Channels = tuple[tuple[int, ...], tuple[int, ...]]
"""Where each channel comes from, and its sign: output place c shows sign[c] · channel source[c]."""
SAME: Channels = (0, 1), (1, 1)
SWAP: Channels = (1, 0), (1, 1)
MINUS: Channels = (0, 1), (1, -1)
Bank = Sequence[Sequence[Matrix]]


def acted(h: Motion, channels: Channels, images: Sequence[Matrix]) -> list[Matrix]:
    source, signs = channels
    return [s * turn(h, images[c]) for c, s in zip(source, signs, strict=True)]


def layer(bank: Bank, images: Sequence[Matrix], window: Layer) -> list[Matrix]:
    return [convolve(images, row, window.s, window.p) for row in bank]


def moved_bank(h: Motion, inside: Channels, outside: Channels, bank: Bank) -> list[list[Matrix]]:
    """The bank ψ′ with P_out conv_ψ = conv_ψ′ P_in: rows from outside, columns from inside, taps turned by h."""
    return [[r * s * turn(h, bank[o][i]) for i, s in zip(*inside, strict=True)] for o, r in zip(*outside, strict=True)]


CENTRED, EVEN = Layer(3, 2, 1), Layer(2, 2, 0)


def generic(n: int = 5, window: Layer = CENTRED) -> Evidence:
    """As polynomials: two channels in and out, swapped and signed, a quarter turn and a flip."""
    entries = unknowns(**{f"f{c}": (n, n) for c in range(2)}, **{f"w{c}": (window.k, window.k) for c in range(4)})
    images, bank = entries[:2], (entries[2:4], entries[4:])
    residuals: list[Any] = []
    for h, inside, outside in ((TURN, SWAP, MINUS), (FLIP, MINUS, SWAP)):
        left = layer(moved_bank(h, inside, outside, bank), acted(h, inside, images), window)
        residuals += [a - b for a, b in zip(left, acted(h, outside, layer(bank, images, window)), strict=True)]
    return vanishes(residuals, what="conv_ψ′(Pf) = P conv_ψ(f)")


def channels_move(filters: bool = True) -> Evidence:
    """Σᵢ over the input channels, which p permutes: ψ′(p⁻¹i) f(p⁻¹i) sums to ψ(i) f(i), for any number of them."""
    p, i = letters("p i")
    f, psi = function("f"), function("ψ")
    back = (~p)(i)
    return reindexed(f(back) * psi(back if filters else i), f(i) * psi(i), "Σ over channels", over=i, acting=[p])


def signs_cancel(signs: Sequence[int] = (1, -1)) -> Evidence:
    """A sign of an input channel meets itself in the moved bank; a sign of an output channel comes out."""
    w, x, r = unknowns(w=1, x=1, r=1)
    return vanishes([r * (s * w) * (s * x) - r * (w * x) for s in signs], what="r(sw)(sx) = r w x")


def difference(moved: str = "(K − K′)P") -> Evidence:
    """With QK = K′P for the moved bank K′: KP − QK = (K − K′)P, which is 0 iff K − K′ is, P being invertible."""
    K, K2, P = free("K K2 P")
    return same(K * P - K2 * P, (K - K2) * P if moved == "(K − K′)P" else P * (K - K2), what="KP − QK")


def one_pixel_shows_one_tap(least: int = 1) -> Evidence:
    """Two taps j ≠ i of one output read different pixels, for d ≥ 1: f = 1 at one pixel brings out one tap."""
    return impossible(
        lambda s, o, d, j, i, p: [d >= least, j != i, s * o + d * j - p == s * o + d * i - p],
        "s o d j i p",
        what="one pixel, one tap",
        met=((1, 0, 1, 0, 1, 0), (2, 3, 2, 2, 0, 1)),
    )


FILTERS = [
    Matrix.of([[0, 1], [2, 3]]),
    Matrix.of([[0, 2], [1, 3]]),
    Matrix.of([[3, 2], [1, 0]]),
    Matrix.of([[1, 1], [1, 1]]),
]


def commutes(h: Motion, inside: Channels, outside: Channels, bank: Bank, window: Layer, n: int) -> bool:
    """For all images: compared on a basis of one-pixel images in each channel."""
    nothing = Matrix.of([0] * n for _ in range(n))
    for c, i, j in product(range(2), range(n), range(n)):
        pixel = Matrix.of([int((a, b) == (i, j)) for b in range(n)] for a in range(n))
        images = [pixel if c == channel else nothing for channel in range(2)]
        if layer(bank, acted(h, inside, images), window) != acted(h, outside, layer(bank, images, window)):
            return False
    return True


def seen(bank: Bank, window: Layer, n: int) -> list[list[list[Any]]]:
    """The bank's taps that read a pixel in some output."""
    along = {j for o in range(window.outputs(n)) for j in range(window.k) if 0 <= window.s * o + j - window.p < n}
    return [[[kernel[i, j] for j in along] for i in along] for kernels in bank for kernel in kernels]


WIDE = [Matrix.of([[a, 1, 0], [0, c, 1], [1, 0, a]]) for a, c in ((1, 2), (3, 2), (0, 2), (1, 1))]
"""3×3 filters, some of one middle tap: all that a window on one pixel reads."""


def every_bank(filters: Sequence[Matrix], window: Layer, n: int, turned: bool = True, whole: bool = False) -> Evidence:
    """Banks, two motions, signed permutations of two channels: it commutes ⇔ ψ′ = ψ on the taps that read."""
    banks = [
        [[filters[a], filters[b]], [filters[b], c * filters[a]]]
        for a, b in product(range(4), repeat=2)
        for c in (1, -1)
    ]
    actions = [(by, signs) for by, signs in signed(2)]
    cases = [
        (h, bank, inside, outside)
        for h in (TURN, FLIP)
        for bank in banks[::3]
        for inside in actions[:4]
        for outside in actions[::3]
    ]

    def right(case: tuple[Motion, Any, Channels, Channels]) -> bool:
        h, bank, inside, outside = case
        other = moved_bank(h if turned else P4M[0], inside, outside, bank)
        want = other == bank if whole else seen(other, window, n) == seen(bank, window, n)
        return commutes(h, inside, outside, bank, window, n) == want

    return for_all(cases, right, "(h, bank, in, out): the layer commutes ⇔ the moved bank is the bank")


def one_bank(n: int, window: Layer = EVEN) -> Evidence:
    """A bank of ones, which every turn leaves as it is."""
    bank = [[FILTERS[3], FILTERS[3]]] * 2
    return check(
        commutes(TURN, SAME, SAME, bank, window, n), "ψ′ = ψ ⇒ it commutes", psi=bank, n=n, window=tuple(window)
    )


convolution = Statement(
    id="convolution",
    paper=PAPER,
    name="convolutions on arrays under motions that move channels too",
    source="Cohen & Welling, sections 5 and 7, on arrays; the rule by which a prover passes a convolution",
    summary=(
        "where {centred windows}, conv_ψ commutes with (motion, channel permutation, signs) ⇔ the moved filter bank "
        "is the bank, on the taps that read a pixel"
    ),
    claim=(
        "Let h turn or flip the array and send channels to channels with signs, in and out. If the windows are "
        "centred, {centred windows} (gcnn:G8.stride), then {let:conv_ψ′(Pf) = P conv_ψ(f)}, where ψ′ is ψ with rows "
        "and columns moved and taps turned by h. So the layer commutes for all images exactly if ψ′ is ψ on the taps "
        "that read a pixel, bias included: rows are matched, nothing is computed, and equality is bit for bit."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={
        "centred windows": Hypothesis("(n + 2p − k) mod s = 0", lambda n, window: Layer(*window).remainder(n) == 0)
    },
    clauses=(
        Clause(
            "conv_ψ′(Pf) = P conv_ψ(f)",
            Chain(
                "taps, channels, signs",
                Route(
                    "mirrored taps read mirror images if r = 0",
                    Method.RING,
                    mirrored,
                    {},
                    instead("pads", 1),
                    "k s p d",
                ),
                Route("channels", Method.SYMBOLIC, channels_move, {}, instead("filters", False), "groups"),
                Route("signs", Method.RING, signs_cancel, {}, {"a factor 2": {"signs": (1, 2)}}, "w x r", cases=2),
            ),
            Route(
                "generic image and bank",
                Method.RING,
                generic,
                {},
                {"n = 4, where r = 1": {"n": 4}},
                at="5×5 pixels, 3×3 taps, s = 2, p = 1, two channels",
                cases=36,
            ),
            over="k s p d groups",
        ),
        Clause(
            "it commutes ⇔ ψ′ = ψ on the taps that read a pixel",
            Chain(
                "what is left is a convolution with ψ − ψ′",
                Route(
                    "KP − QK = (K − K′)P",
                    Method.SYMBOLIC,
                    difference,
                    {},
                    {"P in front": {"moved": "P(K − K′)"}},
                    "K P",
                ),
                Route(
                    "one pixel shows one tap", Method.SMT, one_pixel_shows_one_tap, {}, instead("least", 0), "s o d p"
                ),
            ),
            Route(
                "four filters in banks of four",
                Method.EXHAUSTIVE,
                every_bank,
                {"filters": FILTERS, "window": EVEN, "n": 4},
                instead("turned", False),
                at="4×4 pixels, 2×2 taps, s = 2, two channels",
                cases=264,
            ),
            Route(
                "where the middle tap alone reads",
                Method.EXHAUSTIVE,
                every_bank,
                {"filters": WIDE, "window": Layer(3, 1, 1), "n": 1},
                {"all taps count": {"whole": True}},
                at="1×1 pixel, 3×3 taps, two channels",
                cases=264,
            ),
            over="s d p",
        ),
    ),
    controls=(
        Dropped("centred windows", one_bank, {"n": 5}),
        Witness("four pixels", one_bank, {"n": 4}),
    ),
)
