"""G8.chain: strided layers one after the other, and the All-CNN."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.g8_stride import blind
from invariance_proofs.gcnn.layers import act, group_layer, lift, turn
from invariance_proofs.gcnn.motions import P4, TURN
from invariance_proofs.gcnn.windows import Layer
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.smt import impossible
from invariance_proofs.statement import (
    Clause,
    Dropped,
    Evidence,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)

STRIDED = Layer(3, 2, 1)
ALL_CNN = (Layer(3, 1, 1),) * 2 + (STRIDED,) + (Layer(3, 1, 1),) * 2 + (STRIDED, Layer(3, 1, 1), Layer(1), Layer(1))
"""The windows of the nine layers."""


def composed_reads(sign: int = 1) -> Evidence:
    """Tap j₂ of output o reads an output of the first layer, whose tap j₁ reads pixel x; the mirrored taps of the
    mirrored output read n − 1 − x − (r₁ + s₁r₂), for all sizes."""
    names = [f"{letter}{i}" for i in (1, 2) for letter in "skprj"]
    *numbers, q, o = unknowns(**dict.fromkeys([*names, "q", "o"], 1))
    (s1, k1, p1, r1, j1), (s2, k2, p2, r2, j2) = numbers[:5], numbers[5:]
    q1 = s2 * q + r2 + k2 - 2 * p2 - 1  # the first layer has q1 + 1 outputs, the second q + 1
    n = s1 * q1 + r1 + k1 - 2 * p1

    def read(output: Any, first: Any, second: Any) -> Any:
        return s1 * (s2 * output + second - p2) + first - p1

    missed = n - 1 - read(o, j1, j2) - read(q - o, k1 - 1 - j1, k2 - 1 - j2)
    return vanishes(missed - (r1 + sign * s1 * r2), what=f"n − 1 − x − x′ = r₁ {'+' if sign > 0 else '−'} s₁r₂")


def no_repair(least: int = 0) -> Evidence:
    """Two offsets cannot cancel."""
    return impossible(
        lambda s1, r1, r2: [s1 >= 1, r1 >= least, r2 >= 0, r1 + s1 * r2 == 0, r2 > 0],
        "s1 r1 r2",
        what="r₁ + s₁r₂ = 0 ⇒ r₁ = r₂ = 0",
    )


def offset(layers: tuple[Layer, ...], n: int) -> int:
    """r₁ + s₁r₂ + s₁s₂r₃ + …"""
    total, scale = 0, 1
    for layer in layers:
        total += scale * layer.remainder(n)
        scale, n = scale * layer.s, layer.outputs(n)
    return total


def all_cnn_sizes(modulus: int = 4) -> Evidence:
    """Up to 200 pixels: the offset of the nine layers is 0 iff n ≡ 1 modulo 4."""
    return for_all(
        range(1, 201),
        lambda n: (offset(ALL_CNN, n) == 0) == (n % modulus == 1 % modulus),
        f"n: exact ⇔ n ≡ 1 mod {modulus}",
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


def pooled(n: int = 33) -> Evidence:
    """f = 1 in a corner, each filter 1 at its centre (and at h = 1): the sum of all outputs before and after a turn."""
    centre, nothing = (Matrix.of([[0, 0, 0], [0, x, 0], [0, 0, 0]]) for x in (1, 0))
    image = Matrix.of([int(i == j == 0) for j in range(n)] for i in range(n))
    group = (centre, nothing, nothing, nothing)
    before, after = (
        sum(x for output in skeleton(f, centre, group) for x in output) for f in (image, turn(TURN, image))
    )
    return equal(after, before, what="the pooled output is invariant", n=n, f_is_1_at=(0, 0), psi=centre)


G8_chain = Statement(
    id="G8.chain",
    paper=PAPER,
    name="chains of strides and the All-CNN",
    source="Cohen & Welling, section 8.2 (CIFAR-10, All-CNN at 32×32)",
    summary="a chain is exact ⇔ each layer is; the p4 All-CNN is at n ≡ 1 mod 4: not at 32, at 33",
    claim=(
        "Two layers one after the other miss the mirror image by r₁ + s₁r₂ pixels; both terms are ≥ 0, so no layer "
        "repairs another: a chain keeps turns for all weights exactly if each remainder is 0. The All-CNN's two layers "
        "with 3×3 taps, stride 2 and padding 1 want n odd and (n + 1)/2 odd: n ≡ 1 mod 4. It is not exactly "
        "p4-invariant on the 32×32 images of CIFAR-10, and is at 33."
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
            "two layers miss the mirror image by r₁ + s₁r₂",
            Route(
                "all sizes symbolic", Method.RING, composed_reads, mutants=instead("sign", -1), over="s1 s2 k1 k2 p1 p2"
            ),
            over="s1 s2 k1 k2 p1 p2",
            at="two layers",
        ),
        Clause(
            "offsets cannot cancel",
            Route("over the reals", Method.SMT, no_repair, mutants=instead("least", -1), over="s1 r1 r2"),
            over="s1 r1 r2",
            at="two layers",
        ),
        Clause(
            "the All-CNN keeps turns ⇔ n ≡ 1 mod 4",
            Route("the division of n − 1", Method.RING, any_size, mutants=instead("kernel", 2), over="m"),
            Route("the nine layers up to 200 pixels", Method.EXHAUSTIVE, all_cnn_sizes, mutants=instead("modulus", 2)),
            Route("the raw skeleton, n ≤ 13", Method.RANDOM, raw_sizes, mutants={"also 3": {"exact": (3, 5, 9, 13)}}),
            over="m",
        ),
        Clause(
            "invariant at 33, not at 32",
            Route("one image", Method.EXACT, pooled, mutants=instead("n", 32)),
            finite=True,
        ),
    ),
    controls=(Dropped("the chain meets the image", blind), Witness("invariant at 33, the same weights", pooled)),
)
