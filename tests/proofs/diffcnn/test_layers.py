"""The exact reference of the layers on numbers worked out by hand."""

from fractions import Fraction

import pytest

from invariance_proofs.diffcnn.images import Dual, compose, features, jacobian
from invariance_proofs.diffcnn.layers import (
    DegenerateError,
    act,
    block,
    convolve,
    deviations,
    flip,
    gram_determinants,
    invariant,
    unequal_invariants,
    window,
)
from invariance_proofs.matrix import Matrix

E = Matrix.of([[1, 0], [0, 1], [0, 0]])
F = Matrix.of([[0, 0], [1, 0], [0, 1]])
ONE = Matrix.identity(3)


def test_windows_and_blocks() -> None:
    assert window(2) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert window(2, 1) == [(0, 0), (1, 0)]
    assert [block((x, 5), 3) for x in (0, 2, 3)] == [(0, 1), (0, 1), (1, 1)]


def test_convolution_by_hand() -> None:
    J = {(0, 0): E, (1, 0): 2 * E, (2, 0): 3 * F}
    W = {(0, 0): ONE, (1, 0): Matrix.diagonal(1, 2, 3)}
    out = convolve([J], [W])
    assert out == {(0, 0): Matrix.of([[3, 0], [0, 5], [0, 0]]), (1, 0): Matrix.of([[2, 0], [6, 2], [0, 9]])}
    assert convolve([J], [W], stride=2) == {(0, 0): out[0, 0]}
    assert convolve([J, J], [W, W]) == {x: 2 * value for x, value in out.items()}


def test_taps_run_along_the_right_axis() -> None:
    J = {(x, y): (10 * x + y) * E for x, y in window(3)}
    W = {(0, 0): ONE, (0, 1): -ONE}
    assert set(convolve([J], [W]).values()) == {-E}
    assert set(convolve([J], [{(0, 0): ONE, (1, 0): -ONE}]).values()) == {-10 * E}


def test_action_is_from_the_right() -> None:
    M = Matrix.of([[0, 1], [2, 0]])
    assert act({(0, 0): E}, {(0, 0): M}) == {(0, 0): Matrix.of([[0, 1], [2, 0], [0, 0]])}


def test_sign() -> None:
    assert flip(E, ONE) == E
    assert flip(E, Matrix.diagonal(1, -1, 1)) == -E
    assert flip(Matrix.of([[1, 1], [0, 0], [0, 0]]), ONE) == Matrix.of([[-1, -1], [0, 0], [0, 0]])


def test_invariant_by_hand() -> None:
    channels = [E, F, 0 * E]
    assert deviations(channels) == [2 * E - F, 2 * F - E, -E - F]
    assert gram_determinants(channels) == [21, 21, 3]
    assert invariant(channels) == [7, 7, Fraction(1, 49)]
    assert unequal_invariants([1, 2, 4], [5, 10, 20]) == [0, 0, 0]
    assert any(unequal_invariants([1, 2, 4], [1, 2, 5]))


def test_degenerate_channels_are_refused() -> None:
    with pytest.raises(DegenerateError, match="undefined"):
        invariant([E, E, E])


def test_exact_derivatives() -> None:
    assert jacobian(lambda x, y: (x * x * y, 3 - x, 5), (2, 7)) == Matrix.of([[28, 4], [-1, 0], [0, 0]])
    assert -Dual(1, 2, 3) == Dual(-1, -2, -3)
    assert 3 - Dual(1, 2, 3) == Dual(2, -2, -3)
    moved = compose(lambda x, y: (x * y, x, y), lambda x, y: (y, x + y))
    assert jacobian(moved, (1, 2)) == Matrix.of([[2, 5], [0, 1], [1, 1]])


def test_features_sample_at_the_step() -> None:
    W = {(0, 0): -ONE, (1, 0): ONE}
    (out,) = features(lambda x, y: (x * x, y, 0), [W], (0, 0), Fraction(1, 2))
    assert out == Matrix.of([[1, 0], [0, 0], [0, 0]])
