"""Each way of deciding accepts a true sentence and rejects a false one."""

from fractions import Fraction

import pytest
from sympy import Rational, sqrt

from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.algebraic import equal_numbers, less
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import SAMPLES, Degree, Draw, schwartz_zippel
from invariance_proofs.routes.smt import impossible
from invariance_proofs.routes.symbolic import determinant_law, free, induction, matrices, same, same_matrix
from invariance_proofs.statement import Evidence, StatementError


def test_ring() -> None:
    x, M = unknowns(x=3, M=(2, 2))
    assert vanishes((x[0] + x[1]) ** 2 - x[0] ** 2 - x[1] ** 2 - 2 * x[0] * x[1], what="square").holds
    assert vanishes(M @ M.adjugate() - M.det() * Matrix.identity(2), what="adjugate").holds
    false = vanishes((x[0] + x[1]) ** 2 - x[0] ** 2 - x[1] ** 2, what="dream")
    assert not false.holds
    assert "1 terms" in false.detail
    assert not vanishes([x[0] - x[0], (1,)], what="a non-zero constant").holds
    with pytest.raises(StatementError, match="nothing was checked"):
        vanishes([], what="nothing")


@pytest.mark.parametrize("power", [1, 2, 3])
def test_schwartz_zippel(power: int) -> None:
    def residual(draw: Draw) -> object:
        M, N = draw.matrix(2, 2), draw.matrix(2, 2)
        return (M @ N).det() - M.det() * N.det() ** power

    evidence = schwartz_zippel(residual, what="det(MN)")
    assert evidence.holds is (power == 1)
    if evidence.holds:
        assert evidence.error_probability == Fraction(4, SAMPLES)


def test_schwartz_zippel_is_seeded_and_sees_every_residual() -> None:
    def residual(draw: Draw) -> object:
        x = draw.scalar()
        seen.append(x)
        return [x - x, [(x - x, x)]]

    seen: list[object] = []
    assert not schwartz_zippel(residual, what="x = 0", seed=1).holds
    assert not schwartz_zippel(residual, what="x = 0", seed=1).holds
    assert seen[1] == seen[3]


def test_degrees() -> None:
    x = Degree(1)
    assert (3 * x * x + x - Fraction(1, 2)) ** 2 == Degree(4)
    assert 1 - x == -x == Degree(1)
    with pytest.raises(TypeError):
        x * "y"  # type: ignore[operator]


def test_free_algebra_does_not_commute() -> None:
    a, b = free("a b")
    assert same((a + b) * (a - b), a * a - a * b + b * a - b * b, what="product").holds
    assert not same((a + b) * (a - b), a * a - b * b, what="commuting").holds
    assert not induction(base=(0, 0), step=(a * b, b * a), what="step").holds
    assert not induction(base=(0, 1), step=(a, a), what="base").holds


def test_matrices_of_any_size() -> None:
    A, B = matrices(A=("n", "m"), B=("m", "n"))
    assert same_matrix((A * B).T, B.T * A.T, what="transpose").holds
    assert not same_matrix((A * B).T, A.T.T * B, what="forgotten").holds
    (M,) = matrices(M=("n", "n"))
    assert determinant_law(M * M.T, lambda det: det(M) ** 2, what="Gram").holds
    assert not determinant_law(M * M.T, lambda det: det(M), what="Gram").holds


def test_reals() -> None:
    pytest.importorskip("z3")
    assert impossible(lambda x, y: [x * x + y * y < 2 * x * y], "x y", what="squares").holds
    assert impossible(lambda x: [x > 0, x < 0], "x", what="one sign").holds
    false = impossible(lambda x: [x * x < x], "x", what="x² ≥ x")
    assert not false.holds
    assert false.counterexample
    assert 0 < Fraction(false.counterexample["x"]) < 1  # type: ignore[arg-type]
    with pytest.raises(TimeoutError, match="powers: z3 gave up"):
        impossible(lambda x: [2**x == 3], "x", what="powers")


def test_no_case_counts_twice() -> None:
    with pytest.raises(StatementError, match="2 occurs twice"):
        for_all([1, 2, 2], lambda n: n > 0, "n: n > 0")


def test_exact() -> None:
    assert equal(Fraction(2, 4), Fraction(1, 2), what="halves").holds
    assert equal(1, 2, what="one is two", x=3).counterexample == {"x": 3, "left": 1, "right": 2}
    assert check(True, "yes", x=1) == Evidence(True, "yes", about={"x": 1})
    assert check(False, "yes", x=1).counterexample == {"x": 1}
    assert for_all(range(5), lambda n: n < 5, "small").detail == "small: all 5 cases"
    assert for_all(range(5), lambda n: n < 3, "small").counterexample == {"case": 3}
    with pytest.raises(StatementError, match="no cases"):
        for_all([], bool, "nothing")


def test_algebraic_numbers() -> None:
    assert equal_numbers(sqrt(3 + 2 * sqrt(2)), 1 + sqrt(2), what="a nested root").holds
    false = equal_numbers(sqrt(2), Rational(99, 70), what="√2", x=1)
    assert false.counterexample == {"x": 1, "left": "sqrt(2)", "right": "99/70"}
    assert less(Rational(1393, 985), sqrt(2) + Rational(1, 10**6), what="close").holds
    assert not less(sqrt(2), sqrt(2), what="equal").holds
    assert not less(sqrt(2), 1, what="greater").holds
