"""T2.e: block fields are a group under the pointwise product; the warps behind them do not compose."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.layers import act, block, window
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of

K = 2


def on_blocks(values: list[Matrix], size: int = K) -> dict[tuple[int, int], Matrix]:
    """The field on a row of two blocks of side 2 that pulls the listed matrices back along pixel ↦ block."""
    return {x: values[block(x, size)[0] % len(values)] for x in window(2 * K, K)}


def constant_on_blocks(field: dict[tuple[int, int], Matrix]) -> list[Matrix]:
    """Differences from the corner of each block: all 0 iff the field is constant on blocks."""
    return [M - field[K * block(x, K)[0], 0] for x, M in field.items()]


def generic_products() -> Evidence:
    A, B, C, D = unknowns(A=(2, 2), B=(2, 2), C=(2, 2), D=(2, 2))
    left, right = on_blocks([A, B]), on_blocks([C, D])
    inverse = {x: M.adjugate() for x, M in left.items()}
    one = {x: M @ inverse[x] - M.det() * Matrix.identity(2) for x, M in left.items()}
    return all_of(
        vanishes(constant_on_blocks(act(left, right)), what="M·N is constant on blocks"),
        vanishes(constant_on_blocks(inverse), list(one.values()), what="adj(M) is, and M adj(M) = det(M) I"),
    )


def modulo_two() -> Evidence:
    """All 36 fields on two blocks with values in GL(2, F₂): closed under products and inverses."""
    entries = product((0, 1), repeat=4)
    group = [M for e in entries if (M := Matrix.of([e[:2], e[2:]])).det() % 2]
    fields = list(product(group, repeat=2))

    def times(f: tuple[Matrix, ...], g: tuple[Matrix, ...]) -> tuple[Matrix, ...]:
        return tuple(Matrix.of([x % 2 for x in row] for row in (a @ b).rows) for a, b in zip(f, g, strict=True))

    one = (Matrix.identity(2),) * 2
    return for_all(
        fields,
        lambda f: all(times(f, g) in fields for g in fields) and sum(times(f, g) == one for g in fields) == 1,
        "f·g is a block field and f has one inverse, over GL(2, F₂)",
    )


def sums() -> Evidence:
    M = Matrix.identity(2)
    return check((M + -M).det() != 0, "M + N is invertible", M=M, N=-M)


def other_blocks() -> Evidence:
    """A field constant on 1×1 blocks times one constant on 2×2 blocks."""
    fine, coarse = on_blocks([Matrix.identity(2), Matrix.diagonal(2, 1)], 1), on_blocks([Matrix.identity(2)] * 2)
    field = act(coarse, fine)
    return check(not any(map(any, constant_on_blocks(field))), "M·N is constant on 2×2 blocks", M=coarse, N=fine)


T2_e = Statement(
    id="T2.e",
    paper=PAPER,
    name="block fields are a group",
    source="Kan et al., section 2.1 (“Define a subgroup of H”)",
    summary="fields constant on K×K blocks are a group under the pointwise product",
    claim=(
        "Invertible fields that are constant on the blocks of one grid contain the identity and are closed "
        "under (M·N)(x) = M(x)N(x) and under M ↦ M⁻¹: they are the pull-back along pixel ↦ block of "
        "GL(2)^blocks."
    ),
    sizes="all K (pull-back); written out for K = 2, two blocks",
    verdict=Verdict.PROVED,
    hypotheses={"one grid": "all fields are constant on the same blocks"},
    routes=(
        Route("generic entries on two blocks", Method.RING, generic_products),
        Route("every field over GL(2, F₂) on two blocks", Method.EXHAUSTIVE, modulo_two),
    ),
    controls=(
        Dropped("one grid", other_blocks),
        Mutant("under sums", sums),
        Witness(
            "not only constants",
            lambda: check(len(set(on_blocks([Matrix.identity(2), -Matrix.identity(2)]).values())) == 2, "two values"),
        ),
    ),
)


def slope(x: Fraction) -> int:
    """p′ of p(x) = x on [0, 1], 2x − 1 on [1, 2]: constant on unit blocks."""
    return 1 if x < 1 else 2


def height(x: Fraction) -> Fraction:
    return x if x < 1 else 2 * x - 1


def by_chain_rule(shift: Fraction) -> Evidence:
    """φ(x, y) = (p(x), y), ψ = shift of x: d(φ∘ψ) at two points of the block [0, 1]²."""
    points = Fraction(1, 4), Fraction(3, 4)
    first, second = (Matrix.diagonal(slope(x + shift), 1) for x in points)
    return equal(first, second, what="d(φ∘ψ) is the same at x = 1/4 and x = 3/4", shift=shift, slopes=[1, 2])


def by_differences(shift: Fraction) -> Evidence:
    """The same from the values of φ∘ψ alone: equal increments over the two halves of the block."""
    values = [height(Fraction(n, 2) + shift) for n in range(3)]
    increments = [b - a for a, b in pairwise(values)]
    return equal(*increments, what="φ∘ψ is affine on the block", shift=shift, values=values)


HALF = Fraction(1, 2)

T2_e_composition = Statement(
    id="T2.e.composition",
    paper=PAPER,
    name="warps behind block fields do not compose",
    source="Kan et al., section 2.1 (“Define a subgroup of H”, read for the warps φ)",
    summary="the warps φ with dφ constant on blocks are closed under composition",
    claim="If dφ and dψ are constant on every unit block, so is d(φ∘ψ) = dφ(ψ)·dψ.",
    sizes="unit blocks, one explicit pair",
    verdict=Verdict.REFUTED,
    correction=(
        "A shift by half a block has dψ = I, which is constant, yet it carries the kink of φ into the middle "
        "of a block. The group law of T2.e is the pointwise product of fields, not the composition of warps."
    ),
    routes=(
        Route("chain rule at two points of one block", Method.EXACT, lambda: by_chain_rule(HALF)),
        Route("increments of φ∘ψ over the two halves of the block", Method.EXACT, lambda: by_differences(HALF)),
    ),
    controls=(
        Witness("a shift by a whole block", lambda: all_of(*(f(Fraction(1)) for f in (by_chain_rule, by_differences)))),
        Witness("no shift", lambda: all_of(*(f(Fraction(0)) for f in (by_chain_rule, by_differences)))),
    ),
)
