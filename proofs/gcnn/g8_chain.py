"""G8.chain: strided layers one after the other, and the All-CNN."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from sympy import symbols

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.g8_stride import one_pixel
from invariance_proofs.gcnn.layers import act, group_layer, lift, turn
from invariance_proofs.gcnn.motions import P4, TURN
from invariance_proofs.gcnn.windows import Layer
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.coq import pinned
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.smt import impossible
from invariance_proofs.routes.symbolic import induction
from invariance_proofs.statement import (
    Clause,
    Dropped,
    Evidence,
    Formula,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    all_of,
    instead,
)

STRIDED = Layer(3, 2, 1)
ALL_CNN = (Layer(3, 1, 1),) * 2 + (STRIDED,) + (Layer(3, 1, 1),) * 2 + (STRIDED, Layer(3, 1, 1), Layer(1), Layer(1))
"""The windows of the nine layers."""


def one_layer_more(mirrored: int = 1) -> Evidence:
    """A window (s, k, p, r) in front of layers with m inputs that miss by D = m − 1 − R − R′ misses by r + sD.

    R is what output o reads there, R′ what its mirror image reads: induction over the number of layers.
    """
    s, k, p, r, m, R, mirror, j, q, o = symbols("s k p r m R mirror j q o")
    n = s * (m - 1) + r + k - 2 * p
    missed = n - 1 - (s * R + j - p) - (s * mirror + mirrored * (k - 1 - j) - p)
    step = (missed, LATER(s, r, m - 1 - R - mirror))
    return induction(
        base=((q + 1) - 1 - o - (q - o), 0 * q), step=step, over="L", what="n − 1 − x − x′ = r₁ + s₁r₂ + …"
    )


LATER = Formula.of(lambda s, r, D: r + s * D)
"""What is missed by one layer and the layers behind it, which miss D."""
MET = ((1, 0, 0), (1, 0, 1), (3, 2, 5))
"""Strides, remainders and offsets of which the claim speaks."""


def no_layer_repairs(least: int = 0) -> Evidence:
    """D ≥ 0 for the layers behind: r + sD is ≥ 0, and 0 only if r = D = 0: induction over their number."""
    given = "s r D"
    return all_of(
        impossible(lambda s, r, D: [s >= 1, r >= least, D >= 0, LATER(s, r, D) < 0], given, f"{LATER} ≥ 0", MET),
        impossible(
            lambda s, r, D: [s >= 1, r >= least, D > 0, LATER(s, r, D) == 0], given, f"{LATER} = 0 ⇒ D = 0", MET[1:]
        ),
    )


def offset(layers: tuple[Layer, ...], n: int) -> int:
    """r₁ + s₁r₂ + s₁s₂r₃ + …"""
    total, scale = 0, 1
    for layer in layers:
        total += scale * layer.remainder(n)
        scale, n = scale * layer.s, layer.outputs(n)
    return total


MODULUS, RESIDUE = 4, 1
BREAKS, KEEPS = 32, 33
"""The sizes of CIFAR-10's images, and one more."""


def all_cnn_sizes(modulus: int = MODULUS, residue: int = RESIDUE) -> Evidence:
    """Up to 200 pixels: the offset of the nine layers is 0 iff n ≡ 1 modulo 4."""
    return for_all(
        range(1, 201),
        lambda n: (offset(ALL_CNN, n) == 0) == (n % modulus == residue % modulus),
        f"n: exact ⇔ n ≡ {residue} mod {modulus}",
    )


def any_size(kernel: int = 3) -> Evidence:
    """n − 1 = 4m + d: the two layers of 3×3 taps, stride 2, padding 1 leave d mod 2 and ⌊d/2⌋, an offset of d."""
    (m,) = unknowns(m=1)
    residuals = []
    for d in range(4):
        free, offset_, scale = 4 * m + d + 3 - kernel, 0, 1  # n + 2p − k of the first layer
        for _ in range(2):
            r = (d + 3 - kernel) // scale % 2
            offset_ += scale * r
            free = (free - r).quo_ground(2)
            scale *= 2
        residuals += [free - m, (offset_ - d) * m]
    return vanishes(residuals, what="q₂ = m and r₁ + 2r₂ = (n − 1) mod 4")


def skeleton(image: Any, lifting: Any, group: Any) -> tuple[Matrix, ...]:
    """The two strided layers; those of stride 1 between them keep every size."""
    return group_layer(P4, [lift(P4, [image], [lifting], STRIDED.s, STRIDED.p)], [group], STRIDED.s, STRIDED.p)


def raw_skeleton(draw: Draw, n: int) -> Any:
    image, lifting, group = draw.matrix(n, n), draw.matrix(3, 3), tuple(draw.matrix(3, 3) for _ in P4)
    still, moved = skeleton(image, lifting, group), skeleton(turn(TURN, image), lifting, group)
    return [a - b for a, b in zip(moved, act(P4, TURN, still), strict=True)]


def raw_sizes(exact: Sequence[int] = (5, 9, 13)) -> Evidence:
    found = {n: schwartz_zippel(partial(raw_skeleton, n=n), what=f"n = {n}") for n in range(2, 14)}
    turned = [n for n, evidence in found.items() if evidence.holds]
    risk = sum((evidence.error_probability for evidence in found.values()), Fraction(0))
    return Evidence(turned == list(exact), f"two strided layers keep turns at {turned} of 2, …, 13", risk)


def pooled(keeps: int = KEEPS, breaks: int = BREAKS) -> Evidence:
    """f = 1 in a corner, each filter 1 at its centre (and at h = 1): the sum of all outputs before and after a turn."""
    (before, after), (other, turned) = map(sums, (keeps, breaks))
    return all_of(
        equal(after, before, what=f"the pooled output is invariant at {keeps}", n=keeps, f_is_1_at=(0, 0)),
        check(other != turned, f"it is not at {breaks}", m=breaks),
    )


def sums(n: int) -> tuple[Any, ...]:
    """Of all outputs for the image with n×n pixels, and for it turned."""
    centre, nothing = (Matrix.of([[0, 0, 0], [0, x, 0], [0, 0, 0]]) for x in (1, 0))
    image = Matrix.of([int(i == j == 0) for j in range(n)] for i in range(n))
    group = (centre, nothing, nothing, nothing)
    return tuple(sum(x for output in skeleton(f, centre, group) for x in output) for f in (image, turn(TURN, image)))


MISSES = (
    "forall (L : list layer) (taps : list Z) (q o : Z), length taps = length L -> "
    "size q L - 1 - read L taps o - read L (mirrored L taps) (q - o) = offset L"
)
OFFSET = "fix f l := match l with [] => 0 | a :: m => remainder a + stride a * f m end"
DEFINED = {
    "size": "fix f q l := match l with [] => q + 1 "
    "| a :: m => stride a * (f q m - 1) + remainder a + kernel a - 2 * padding a end",
    "read": "fix f l taps o := match l, taps with "
    "a :: m, j :: js => stride a * f m js o + j - padding a | _, _ => o end",
    "mirrored": "fix f l taps := match l, taps with a :: m, j :: js => (kernel a - 1 - j) :: f m js | _, _ => [] end",
    "offset": OFFSET,
}
VANISHES = (
    "forall (l : list layer), (forall a, In a l -> 0 < stride a /\\ 0 <= remainder a) -> "
    "(offset l = 0 <-> forall a, In a l -> remainder a = 0)"
)

G8_chain = Statement(
    id="G8.chain",
    paper=PAPER,
    name="chains of strides and the All-CNN",
    source="Cohen & Welling, section 8.2 (CIFAR-10, All-CNN at 32×32)",
    summary=(
        "a chain is exact ⇔ each layer is; the p4 All-CNN is at n ≡ {residue} mod {modulus}: not at {breaks}, but at "
        "{keeps}"
    ),
    claim=(
        "L layers one after the other miss the mirror image by r₁ + s₁r₂ + s₁s₂r₃ + … pixels; all terms are ≥ "
        "{least}, so no layer repairs another: a chain keeps turns for all weights exactly if each remainder "
        "vanishes. The All-CNN's two layers with {kernel}×{kernel} taps, {let:stride 2 and padding 1} want {let:n "
        "odd and (n + 1)/2 odd}: n ≡ {residue} mod {modulus}. It is not exactly p4-invariant on the "
        "{breaks}×{breaks} images of CIFAR-10, and is at {keeps}."
    ),
    verdict=Verdict.PROVED,
    hypotheses={
        "the chain meets the image": Hypothesis(
            "some chain of taps reads a pixel; p < k in every layer is enough",
            lambda layer, n: any(x is not None for x in layer.reads(n).values()),
        )
    },
    clauses=(
        Clause(
            "a chain of L layers misses the mirror image by r₁ + s₁r₂ + s₁s₂r₃ + …",
            Route("one layer more", Method.SYMBOLIC, one_layer_more, mutants=instead("mirrored", 2), over="L", cases=2),
            Route(
                "lists of layers",
                Method.COQ,
                pinned,
                {"theory": "G8_chain", "said": {"chain_misses_by_offset": MISSES}, "defined": DEFINED},
                {
                    "taps left out": {
                        "said": {"chain_misses_by_offset": MISSES.replace("length taps = length L -> ", "")}
                    }
                },
                over="L",
            ),
            over="L",
        ),
        Clause(
            "which is 0 iff each remainder is",
            Route("one layer more", Method.SMT, no_layer_repairs, mutants=instead("least", -1), over="s r D", cases=2),
            Route(
                "lists of layers",
                Method.COQ,
                pinned,
                {"theory": "G8_chain", "said": {"offset_vanishes": VANISHES}, "defined": {"offset": OFFSET}},
                {
                    "remainders of any sign": {
                        "said": {"offset_vanishes": VANISHES.replace(" /\\ 0 <= remainder a", "")}
                    }
                },
                over="l",
            ),
        ),
        Clause(
            "the All-CNN keeps turns ⇔ n ≡ {residue} mod {modulus}",
            Route("the division of n − 1", Method.RING, any_size, mutants=instead("kernel", 2), over="m", cases=8),
            Route(
                "the nine layers up to 200 pixels",
                Method.EXHAUSTIVE,
                all_cnn_sizes,
                mutants=instead("modulus", 2) | instead("residue", 0),
                cases=200,
            ),
            Route("the raw skeleton, n ≤ 13", Method.RANDOM, raw_sizes, mutants={"also 3": {"exact": (3, 5, 9, 13)}}),
            over="m",
        ),
        Clause(
            "invariant at {keeps}, not at {breaks}",
            Route(
                "one image", Method.EXACT, pooled, mutants=instead("keeps", BREAKS) | instead("breaks", KEEPS), cases=2
            ),
            finite=True,
        ),
    ),
    controls=(
        Dropped("the chain meets the image", one_pixel),
        Witness("one pixel that is seen", one_pixel, {"s": 2, "p": 0}),
        Witness(f"invariant at {KEEPS}, the same weights", pooled),
    ),
)
