"""G10: in a split group the group correlation is a planar correlation with transformed filters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.controls import BACK, FORWARD, PSI_TURNED, PSI_TURNED_BACK
from invariance_proofs.gcnn.functions import correlate, given
from invariance_proofs.gcnn.layers import convolve, expanded, turn
from invariance_proofs.gcnn.motions import GROUPS, P4M, TURN, shift, window
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.statement import (
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

TS = Formula.of(lambda t, s: t(s))
ST = Formula.of(lambda t, s: s(t))


def any_group(place: Formula = TS, psi_by: Formula = PSI_TURNED) -> Evidence:
    """[f⋆ψ](ts) = Σ_h f(h) L_t[L_s ψ](h) for every product ts."""
    t, s, h = letters("t s h")
    f, psi = function("f"), function("ψ")
    planar = correlate(f, psi_by(s, psi), [h])(t)
    return reindexed(correlate(f, psi, [h])(place(t, s)), planar, f"[f⋆ψ]({place}) = [f⋆{psi_by}](t)", over=h)


def centred(image: Matrix) -> dict[tuple[int, int], Any]:
    """The pixels by their coordinates about the centre of an odd square."""
    half = image.shape[0] // 2
    return {(i - half, j - half): x for i, row in enumerate(image.rows) for j, x in enumerate(row)}


def on_the_group(name: str, lifting: bool, read_at: Formula) -> Evidence:
    """Generic 3×3 image and filter, one pixel of padding: the definition, summed over Z² or over G, and one planar
    convolution with the expanded bank are the same polynomials at every ts."""
    group = GROUPS[name]
    depth = 1 if lifting else len(group)
    values, weights = unknowns(f=9 * depth, psi=9 * depth)
    features, filters = (
        [Matrix.of(some[9 * d + 3 * i : 9 * d + 3 * i + 3] for i in range(3)) for d in range(depth)]
        for some in (values, weights)
    )
    bank = expanded(group, filters if lifting else [tuple(filters)])
    planar = [convolve(features, kernels, padding=1) for kernels in bank]

    def function_of(maps: list[Matrix]) -> dict[Any, Any]:
        if lifting:
            return centred(maps[0])
        return {shift(*x)(h): v for h, image in zip(group, maps, strict=True) for x, v in centred(image).items()}

    f = function_of(features)
    by_definition = correlate(given(f), given(function_of(filters)), f)
    residuals = [
        by_definition(shift(*t)(read_at(s))) - value
        for s, image in zip(group, planar, strict=True)
        for t, value in centred(image).items()
    ]
    return vanishes(residuals, what=f"{name}, {'lifting' if lifting else 'group'}: the sum over G = one planar layer")


def every_group(groups: Sequence[str] = ("p2", "pm", "cm", "p4", "p4m"), read_at: Formula = FORWARD) -> Evidence:
    return all_of(*(on_the_group(name, lifting, read_at) for name in groups for lifting in (True, False)))


def translated(draw: Draw, psi_by: Formula = PSI_TURNED) -> Any:
    """The sum over h written as Σ_x Σ_h f(x, h) (L_s ψ)(x − t, h) on random numbers, p4m, at random places ts."""
    f, psi = ({shift(*x)(h): draw.scalar() for x in window(-1, 1) for h in P4M} for _ in range(2))
    whole = correlate(given(f), given(psi), f)
    for s in P4M:
        turned = psi_by(s, given(psi))
        for t in ((0, 0), (1, -1), (0, 2)):
            planar = sum(value * turned((~shift(*t))(h)) for h, value in f.items())
            yield whole(shift(*t)(s)) - planar


ABOUT_ARRAY, ABOUT_ORIGIN = (0, 0), (-1, 0)
"""Where the corner of the turned array lies, by the centre of the turn."""


def about(corner: tuple[int, int]) -> Evidence:
    """Two taps {0, 1}², a quarter turn s, f = 1 at the origin: the filter turned on its array against L_s ψ on Z²."""
    psi = Matrix.of([[1, 2], [3, 4]])
    definition = given({(i, j): psi[i, j] for i in range(2) for j in range(2)})
    array = turn(TURN, psi)
    on_array = given({(i + corner[0], j + corner[1]): array[i, j] for i in range(2) for j in range(2)})
    sides = [
        {t: value for t in window(-2, 2) if (value := side(t))}
        for side in (
            lambda t: correlate(given({(0, 0): 1}), definition, [(0, 0)])(shift(*t)(TURN)),
            lambda t: correlate(given({(0, 0): 1}), on_array, [(0, 0)])(shift(*t)),
        )
    ]
    return equal(
        *sides, what="[f⋆ψ](ts) = planar correlation with the turned array", f={(0, 0): 1}, psi=psi, corner=corner
    )


def same_weights() -> Evidence:
    """The bank of p4m holds every weight of the filter |H| times, and nothing else."""
    (weights,) = unknowns(psi=9)
    bank = expanded(P4M, [Matrix.of(weights[i : i + 3] for i in (0, 3, 6))])
    entries = [x for row in bank for kernel in row for x in kernel]
    return check(all(entries.count(w) == 8 for w in weights) and len(entries) == 72, "every weight 8 times")


def strided() -> Evidence:
    """One tap, stride 2, five pixels of different values: every other row and column."""
    image = Matrix.of([5 * i + j for j in range(5)] for i in range(5))
    wanted = Matrix.of([5 * i + j for j in (0, 2, 4)] for i in (0, 2, 4))
    return equal(convolve([image], [Matrix.of([[1]])], stride=2), wanted, what="f(2o)")


ELSEWHERE = instead("place", ST) | instead("psi_by", PSI_TURNED_BACK)

G10 = Statement(
    id="G10",
    paper=PAPER,
    name="split groups: one planar convolution",
    source="Cohen & Welling, section 7 (slides: split groups, efficient implementation)",
    summary=(
        "[f⋆ψ]({place[t, r]}) is the planar correlation with {psi_by}: one planar convolution with the expanded "
        "filter bank"
    ),
    claim=(
        "[f⋆ψ]({place[t, r]}) = Σ_h Σ_k f_k(h) L_t[{psi_by}_k(h)] for a translation t and r ∈ H: planar correlation, "
        "at t, with the filter {psi_by}. So the layer is one planar convolution with the bank {psi_by}_k(·, h), rows "
        "r and columns (k, h), entry by entry the same polynomials in image and filter. L_r moves filter entries and "
        "computes none. To turn a filter about the origin of Z² is to turn its array only if the array is odd and "
        "centred; an even array turned about its own centre gives the same channels, each shifted by a translation "
        "of its own."
    ),
    grade=Grade.LISTED,
    verdict=Verdict.PROVED,
    hypotheses={
        "the array is centred": Hypothesis(
            "the turned array lies where the turn about the origin of Z² puts it", lambda corner: corner == ABOUT_ORIGIN
        )
    },
    clauses=(
        Clause(
            "[f⋆ψ]({place[t, r]}) = planar correlation with {psi_by}",
            Route("words", Method.SYMBOLIC, any_group, mutants=ELSEWHERE, over="groups"),
            Route(
                "random numbers, p4m",
                Method.RANDOM,
                schwartz_zippel,
                {"residual": translated, "what": "[f⋆ψ](ts)"},
                {str(PSI_TURNED_BACK): {"residual": partial(translated, psi_by=PSI_TURNED_BACK)}},
                cases=24,
            ),
            over="groups",
        ),
        Clause(
            "= one planar layer with the expanded bank",
            Route(
                "sum over G against one planar layer",
                Method.RING,
                every_group,
                mutants={"read at s⁻¹": {"groups": ("p4",), "read_at": BACK}},
                over="groups",
                cases=324,
            ),
            at="3×3 filters",
            grade=Grade.LISTED,
            why="the expanded bank is built entry by entry; for all sizes it is the clause before it",
        ),
    ),
    controls=(
        Witness("a stride is taken along both axes", strided),
        Dropped("the array is centred", about, {"corner": ABOUT_ARRAY}),
        Witness("the even array moved back by (−1, 0)", about, {"corner": ABOUT_ORIGIN}),
        Witness("every weight |H| times in the bank", same_weights),
    ),
)
