"""Matrices on numbers worked out by hand."""

import pytest

from invariance_proofs.matrix import Matrix, cayley, cross, dot, skew

A = Matrix.of([[1, 2, 0], [0, 1, 3], [2, 0, 1]])


def test_arithmetic() -> None:
    assert A @ Matrix.identity(3) == A
    assert (A + A - 2 * A) == 0 * A
    assert str(A.T) == "[[1, 0, 2], [2, 1, 0], [0, 3, 1]]"
    assert A.trace() == 3
    assert A.squared_norm() == 20
    assert A.shape == (3, 3)
    assert A[1, 2] == 3
    assert Matrix.from_columns((1, 2), (3, 4)) == Matrix.of([[1, 3], [2, 4]])


def test_shapes_must_fit() -> None:
    with pytest.raises(ValueError, match="zip"):
        _ = A + Matrix.identity(2)
    with pytest.raises(ValueError, match="zip"):
        _ = A @ Matrix.identity(2)


def test_determinants() -> None:
    assert A.det() == 13
    assert A @ A.adjugate() == 13 * Matrix.identity(3)
    assert A.cofactors()[0, 1] == 6
    assert Matrix.diagonal(2, 3, 5, 7).det() == 210
    assert Matrix.of([[0, 1], [1, 0]]).det() == -1


def test_vectors() -> None:
    assert cross((1, 0, 0), (0, 1, 0)) == (0, 0, 1)
    assert dot((1, 2, 3), (4, 5, 6)) == 32
    assert (skew((1, 2, 3)) @ Matrix.from_columns((4, 5, 6))).columns == (cross((1, 2, 3), (4, 5, 6)),)


def test_cayley_of_a_unit_vector_is_a_quarter_turn() -> None:
    numerator, denominator = cayley((0, 0, 1))
    assert denominator == 2
    assert numerator == 2 * Matrix.of([[0, 1, 0], [-1, 0, 0], [0, 0, 1]])
