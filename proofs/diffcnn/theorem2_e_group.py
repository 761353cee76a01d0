"""T2.e: block fields are a group under the pointwise product; the warps behind them do not compose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise, product
from operator import add, matmul

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.layers import Pixel, act, block, window
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.statement import (
    Chain,
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

K = 2


def on_blocks(values: Sequence[Matrix], size: int = K) -> dict[Pixel, Matrix]:
    """The field on a row of two blocks of side 2 that pulls the listed matrices back along pixel ↦ block."""
    return {x: values[block(x, size)[0] % len(values)] for x in window(2 * K, K)}


def constant_on_blocks(field: Mapping[Pixel, Matrix]) -> list[Matrix]:
    """Differences from the corner of each block: all 0 iff the field is constant on blocks."""
    return [M - field[K * block(x, K)[0], 0] for x, M in field.items()]


def generic_products(beside: int = 0) -> Evidence:
    """(M·N)(x) = M(x) N(x + beside)."""
    A, B, C, D = unknowns(A=(2, 2), B=(2, 2), C=(2, 2), D=(2, 2))
    left, right = on_blocks([A, B]), on_blocks([C, D])
    moved = {x: right[(x[0] + beside) % (2 * K), x[1]] for x in right}
    return vanishes(constant_on_blocks(act(left, moved)), what="M·N is constant on blocks")


def generic_inverses(size: int = K) -> Evidence:
    """The pointwise inverse det(M)⁻¹ adj(M) of a field on blocks of this size."""
    values = unknowns(A=(2, 2), B=(2, 2), C=(2, 2), D=(2, 2))
    field = on_blocks(values[: 2 * K // size], size)
    inverse = {x: M.adjugate() for x, M in field.items()}
    one = [M @ inverse[x] - M.det() * Matrix.identity(2) for x, M in field.items()]
    return vanishes(constant_on_blocks(inverse), one, what="adj(M) is constant on blocks, and M adj(M) = det(M) I")


VALUE = "at(pull(u), x) = at(u, block(x))"
ELSEWHERE = "at(pull(u), x) = at(u, other(x))"
POINTWISE = ("at(times(u, v), x) = at(u, x) * at(v, x)", "at(inv(u), x) = inverse(at(u, x))")


def pulled_back(rule: str = VALUE) -> Evidence:
    """(f∘block)·(g∘block) = (f·g)∘block, whatever the map from pixels to blocks."""
    return follows("at(times(pull(f), pull(g)), p) = at(f, block(p)) * at(g, block(p))", [rule, *POINTWISE])


def inverted(rule: str = VALUE) -> Evidence:
    """(f∘block)⁻¹ = f⁻¹∘block."""
    return follows("at(inv(pull(f)), p) = inverse(at(f, block(p)))", [rule, *POINTWISE])


def modulo(primes: Sequence[int] = (2,), law: Callable[[Matrix, Matrix], Matrix] = matmul) -> Evidence:
    """All fields on two blocks with values in GL(2, F_p): closed under the law, each with one inverse."""

    def group(p: int) -> bool:
        entries = product(range(p), repeat=4)
        units = [M for e in entries if (M := Matrix.of([e[:2], e[2:]])).det() % p]
        fields = set(product(units, repeat=2))

        def times(f: tuple[Matrix, ...], g: tuple[Matrix, ...]) -> tuple[Matrix, ...]:
            return tuple(Matrix.of([x % p for x in row] for row in law(a, b).rows) for a, b in zip(f, g, strict=True))

        one = (Matrix.identity(2),) * 2
        tables = ([times(f, g) for g in fields] for f in fields)
        return all(fields.issuperset(table) and table.count(one) == 1 for table in tables)

    return for_all(primes, group, "p: the fields over GL(2, F_p) are a group")


def other_blocks(size: int = 1) -> Evidence:
    """A field constant on 1×1 blocks, or others, times one constant on 2×2 blocks."""
    values = Matrix.identity(2), Matrix.diagonal(2, 1)
    fine, coarse = on_blocks(values, size), on_blocks(values[::-1])
    field = act(coarse, fine)
    return check(not any(map(any, constant_on_blocks(field))), "M·N is constant on 2×2 blocks", M=coarse, N=fine)


T2_e = Statement(
    id="T2.e",
    paper=PAPER,
    name="block fields are a group",
    source="Kan et al., section 2.1 (“Define a subgroup of H”)",
    summary="fields constant on K×K blocks are a group under the pointwise product",
    claim=(
        "Invertible fields that are constant on the blocks of one grid contain the identity and are closed under "
        "{let:(M·N)(x) = M(x)N(x)} and under M ↦ M⁻¹: they are the pull-back along pixel ↦ block of GL(2)^blocks."
    ),
    over="maps",
    verdict=Verdict.PROVED,
    hypotheses={
        "one grid": Hypothesis(
            "all fields are constant on the same blocks",
            lambda M, N: not any(any(d) for field in (M, N) for d in constant_on_blocks(field)),
        )
    },
    routes=(
        Chain(
            "pull-backs along any map pixel ↦ block",
            Route("products", Method.SYMBOLIC, pulled_back, {}, {"another block": {"rule": ELSEWHERE}}, "maps"),
            Route("inverses", Method.SYMBOLIC, inverted, {}, {"another block": {"rule": ELSEWHERE}}, "maps"),
        ),
        Chain(
            "generic entries on two blocks",
            Route("products", Method.RING, generic_products, mutants=instead("beside", 1), at="K = 2", cases=32),
            Route("inverses", Method.RING, generic_inverses, mutants=instead("size", 1), at="K = 2", cases=64),
        ),
        Route(
            "every field over GL(2, F₂) on two blocks",
            Method.EXHAUSTIVE,
            modulo,
            mutants={"sums for products": {"law": add}},
            over="primes",
        ),
    ),
    controls=(
        Dropped("one grid", other_blocks),
        Witness("both on 2×2 blocks", other_blocks, {"size": 2}),
        Witness(
            "not only constants",
            lambda: check(len(set(on_blocks([Matrix.identity(2), -Matrix.identity(2)]).values())) == 2, "two values"),
        ),
    ),
)


HALF = Fraction(1, 2)


def slope(x: Fraction) -> int:
    """p′ of p(x) = x on [0, 1], 2x − 1 on [1, 2]: constant on unit blocks."""
    return 1 if x < 1 else 2


def height(x: Fraction) -> Fraction:
    return x if x < 1 else 2 * x - 1


def by_chain_rule(shift: Fraction = HALF) -> Evidence:
    """φ(x, y) = (p(x), y), ψ = shift of x: d(φ∘ψ) at two points of the block [0, 1]²."""
    points = Fraction(1, 4), Fraction(3, 4)
    first, second = (Matrix.diagonal(slope(x + shift), 1) for x in points)
    return equal(first, second, what="d(φ∘ψ) is the same at x = 1/4 and x = 3/4", dpsi=1, slopes=[1, 2], shift=shift)


def by_differences(shift: Fraction = HALF) -> Evidence:
    """The same from the values of φ∘ψ alone: equal increments over the two halves of the block."""
    values = [height(Fraction(n, 2) + shift) for n in range(3)]
    increments = [b - a for a, b in pairwise(values)]
    return equal(*increments, what="φ∘ψ is affine on the block", dpsi=1, slopes=[1, 2], shift=shift)


WHOLE = instead("shift", Fraction(0), Fraction(1))

T2_e_composition = Statement(
    id="T2.e.composition",
    paper=PAPER,
    name="warps behind block fields do not compose",
    source="Kan et al., section 2.1 (“Define a subgroup of H”, read for the warps φ)",
    summary="the warps φ with dφ constant on blocks are closed under composition",
    claim="If dφ and dψ are constant on every unit block, so is {let:d(φ∘ψ) = dφ(ψ)·dψ}.",
    hypotheses={
        "dφ and dψ constant on unit blocks": Hypothesis(
            "φ has one slope on each unit block, ψ the slope 1 everywhere",
            lambda slopes, dpsi: len(slopes) == 2 and dpsi == 1,
        ),
    },
    verdict=Verdict.REFUTED,
    correction=(
        "A shift by half a block has dψ = I, which is constant, yet it carries the kink of φ into the middle "
        "of a block. The group law of T2.e is the pointwise product of fields, not the composition of warps."
    ),
    routes=(
        Route("chain rule at two points of one block", Method.EXACT, by_chain_rule, mutants=WHOLE),
        Route("increments of φ∘ψ over the two halves of the block", Method.EXACT, by_differences, mutants=WHOLE),
    ),
    controls=(Witness("no shift", by_differences, {"shift": Fraction(0)}),),
)
