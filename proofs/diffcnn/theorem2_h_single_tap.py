"""T2.h: with one tap the network moves with the image, under every diffeomorphism."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sympy import QQ
from sympy.polys.rings import ring

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.corollary3_a_sign import BY_RING
from invariance_proofs.diffcnn.corollary4_a_invariance import EVERY_SIZE, same_output
from invariance_proofs.diffcnn.images import Map, compose, features, jacobian, written
from invariance_proofs.diffcnn.layers import BRANCHES, gram_determinants, on_branches, unequal_invariants
from invariance_proofs.diffcnn.theorem2_a_windows import ADDING_A_TAP
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.statement import (
    Chain,
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

Kernels = Sequence[dict[tuple[int, int], Matrix]]


MOVED = Formula.of(lambda x, phi: phi, phi="φ(x)")
STILL = Formula.of(lambda x, phi: x)


def quadratic(c: Sequence[Any], x: Any, y: Any) -> Any:
    return c[0] + c[1] * x + c[2] * y + c[3] * x * x + c[4] * x * y + c[5] * y * y


def chain_rule(at: Formula = MOVED) -> Evidence:
    """∇(I∘φ) = ∇I(φ) dφ for a generic quadratic colour and a generic quadratic warp, by the ring's own derivative."""
    c, p, q, x, y = unknowns(c=6, p=6, q=6, x=1, y=1)
    phi = quadratic(p, x, y), quadratic(q, x, y)
    dphi = Matrix.of([component.diff(x), component.diff(y)] for component in phi)
    colour = quadratic(c, x, y)
    gradient = Matrix.of([[colour.diff(z) for z in (x, y)]])
    moved = Matrix.of([[quadratic(c, *phi).diff(z) for z in (x, y)]])
    here = Matrix.of([[g.compose(list(zip((x, y), at((x, y), phi), strict=True))) for g in gradient]])
    return vanishes(moved - here @ dphi, what=f"d(I∘φ)(x) = dI({at}) dφ(x)", of=(moved, here))


CHAIN_RULE = Route("chain rule, quadratic maps", Method.RING, chain_rule, mutants=instead("at", STILL), cases=2)
LAYER_BY_LAYER = Chain(
    "chain rule, then T2.a, C3.a, C4.a", CHAIN_RULE, ADDING_A_TAP, replace(BY_RING, at=""), EVERY_SIZE
)


def raw_network(draw: Draw, signs: tuple[int, ...], taps: Sequence[tuple[int, int]]) -> object:
    """A quadratic image, a quadratic warp, a point, three channels with these taps, each on a given branch of Φ."""
    colours, coordinates = [draw.vector(6) for _ in range(3)], [draw.vector(6) for _ in range(2)]
    kernels, point = [{k: draw.matrix(3, 3) for k in taps} for _ in signs], draw.vector(2)

    def image(x: Any, y: Any) -> list[Any]:
        return [quadratic(c, x, y) for c in colours]

    def warp(x: Any, y: Any) -> list[Any]:
        return [quadratic(c, x, y) for c in coordinates]

    before, after = (
        gram_determinants(on_branches(signs, outputs))
        for outputs in (features(image, kernels, warp(*point)), features(compose(image, warp), kernels, point))
    )
    return unequal_invariants(before, after)


def every_branch(taps: Sequence[tuple[int, int]] = ((0, 0),)) -> Evidence:
    networks = {signs: partial(raw_network, signs=signs, taps=taps) for signs in BRANCHES}
    return all_of(*(schwartz_zippel(network, what=f"branches {signs} of Φ") for signs, network in networks.items()))


EVERY_BRANCH = Route(
    "raw network on I∘φ",
    Method.RANDOM,
    every_branch,
    mutants={"two taps": {"taps": ((0, 0), (1, 0))}},
    at="C = 3, quadratic images and warps",
    cases=12,
)


def covariant(image: Map, warp: Map, kernels: Kernels, point: tuple[int, int] = (0, 0)) -> Evidence:
    """Whether U[I∘φ](x) and U[I](φ(x)) are defined and equal, as exact rationals exp(C·U)."""
    moved, still = features(compose(image, warp), kernels, point), features(image, kernels, warp(*point))
    numbers = {
        **{"I": written(image), "phi": written(warp), "dphi": jacobian(warp, point), "x": point, "w": list(kernels)},
        "det_V": gram_determinants(still),
        "second_derivatives": second_derivatives(warp),
    }
    return same_output(moved, still, what="U[I∘φ](x) = U[I](φ(x))", **numbers)


def second_derivatives(warp: Map) -> list[Any]:
    """All of them, as polynomials: none is left iff dφ is constant."""
    rationals, x, y = ring("x y", QQ)
    components = [rationals(component) for component in warp(x, y)]
    return [f.diff(a).diff(b) for f in components for a, b in ((x, x), (x, y), (y, y))]


def bumps(x: Any, y: Any) -> tuple[Any, ...]:
    return x + x * y, y + x * x, x + y + y * y


def grey(x: Any, y: Any) -> tuple[Any, ...]:
    return x + y * y, x + y * y, x + y * y


def bend(x: Any, y: Any) -> tuple[Any, ...]:
    """A diffeomorphism of the plane, det dφ = 1."""
    return x, y + x * x


def fold(x: Any, y: Any) -> tuple[Any, ...]:
    return x * x, y


ONE_TAP = [{(0, 0): Matrix.diagonal(*s)} for s in ((1, 1, 1), (2, 1, 3), (1, 3, 1))]
"""Every N_c = w_c − w̄ is invertible, and cof(N_c) are not multiples of one another: U depends on the image."""

TWO_TAPS = [k | {(1, 0): Matrix.diagonal(*s)} for k, s in zip(ONE_TAP, ((1, 1, 1), (1, 3, 2), (3, 1, 1)), strict=True)]
"""The taps of a kernel share their scales, as the paper's do: one diagonal matrix, permuted."""

T2_h = Statement(
    id="T2.h",
    paper=PAPER,
    name="one tap: covariance under every diffeomorphism",
    source="Kan et al., Theorem 2 with Corollaries 3 and 4, K = 1",
    summary="{one tap}: U[I∘φ](x) = U[I]({at}) for every C¹ diffeomorphism φ",
    claim=(
        "Let {one tap} with exact Jacobians. For every C¹ diffeomorphism φ, U[I∘φ](x) = U[I]({at}) wherever U[I] is "
        "defined at φ(x): U is a scalar field that moves with the image (covariant, not invariant). By the chain "
        "rule d(I∘φ)(x) = J({at})dφ(x); one tap, Φ and the invariant layer see one matrix dφ(x) in every channel "
        "(T2.a, C3.a, C4.a)."
    ),
    over="C",
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "one tap": Hypothesis("K = 1", lambda w: all(len(kernel) == 1 for kernel in w)),
        "φ a diffeomorphism": Hypothesis("det dφ(x) ≠ 0", lambda dphi: dphi.det() != 0),
        "V invertible": Hypothesis("det V_c ≠ 0 for every c at φ(x)", lambda det_V: all(det_V)),
    },
    routes=(LAYER_BY_LAYER, EVERY_BRANCH),
    controls=(
        Dropped("one tap", covariant, {"image": bumps, "warp": bend, "kernels": TWO_TAPS}),
        Dropped("φ a diffeomorphism", covariant, {"image": bumps, "warp": fold, "kernels": ONE_TAP}),
        Dropped("V invertible", covariant, {"image": grey, "warp": bend, "kernels": ONE_TAP}),
        Witness(
            "an explicit curved warp", covariant, {"image": bumps, "warp": bend, "kernels": ONE_TAP, "point": (1, 2)}
        ),
    ),
    assumed=("the chain rule for C¹ maps (checked here for quadratic ones)",),
)
