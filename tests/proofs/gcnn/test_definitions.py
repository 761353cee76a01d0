"""Motions, functions, layers and windows on numbers worked out by hand."""

from itertools import product

import pytest

from invariance_proofs.gcnn.functions import apply, conjugate, correlate, given, move, pool
from invariance_proofs.gcnn.g11_norm import standardise
from invariance_proofs.gcnn.layers import act, convolve, expanded, group_layer, lift, turn
from invariance_proofs.gcnn.motions import FLIP, GROUPS, ONE, P4, P4M, STEPS, TURN, Motion, shift, subgroups, window
from invariance_proofs.gcnn.windows import Layer, commutes, keeps_turns, sizes
from invariance_proofs.matrix import Matrix

PICTURE = Matrix.of([[1, 2, 3], [4, 5, 6]])


def test_motions() -> None:
    g = shift(2, -1)(TURN)
    assert g((1, 0)) == (2, 0)
    assert g(~g) == (~g)(g) == ONE
    assert g.matrix() == Matrix.of([[0, -1, 2], [1, 0, -1], [0, 0, 1]])
    assert FLIP((1, 5)) == (-1, 5)
    assert window(0, 1) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [len(K) for K in subgroups(P4M)] == [1, 2, 2, 2, 2, 2, 4, 4, 4, 8]


@pytest.mark.parametrize("name", GROUPS)
def test_point_groups_are_groups(name: str) -> None:
    group = GROUPS[name]
    assert group[0] == ONE
    assert len(set(group)) == len(group)
    assert {g(h) for g, h in product(group, group)} == {~g for g in group} == set(group)


def test_functions() -> None:
    f = given({(0, 0): 1, (0, 1): 2})
    assert [move(TURN, f)(x) for x in ((0, 0), (-1, 0), (0, 1))] == [1, 2, 0]
    psi = given({(0, 1): 10})
    planar = correlate(f, psi, window(-1, 1))
    assert [planar(shift(0, v)) for v in (-1, 0, 1)] == [10, 20, 0]
    assert conjugate(TURN, planar)(shift(1, 0)) == planar(shift(0, -1)) == 10
    assert apply(lambda v: -v, f)((0, 1)) == -2
    assert pool(lambda g: g.v, STEPS)(shift(0, 3)) == 4


def test_turning_arrays() -> None:
    assert turn(TURN, PICTURE) == Matrix.of([[3, 6], [2, 5], [1, 4]])
    assert turn(FLIP, PICTURE) == Matrix.of([[4, 5, 6], [1, 2, 3]])
    feature = tuple(k * PICTURE for k in (1, 2, 3, 4))
    assert act(P4, TURN, feature) == tuple(turn(TURN, k * PICTURE) for k in (4, 1, 2, 3))


def test_convolution() -> None:
    kernel = Matrix.of([[1, 0], [0, 10]])
    assert convolve([PICTURE], [kernel]) == Matrix.of([[51, 62]])
    assert convolve([PICTURE, PICTURE], [kernel, kernel]) == Matrix.of([[102, 124]])
    assert convolve([PICTURE], [Matrix.of([[1]])], stride=2, padding=1) == Matrix.of([[0, 0, 0], [0, 5, 0]])
    assert convolve([PICTURE], [Matrix.of([[1]])], stride=2) == Matrix.of([[1, 3]])
    assert convolve([PICTURE], [kernel], padding=1).shape == (3, 4)
    assert convolve([PICTURE], [kernel], padding=1)[0, 0] == 10


def test_layers_have_one_filter_for_each_element() -> None:
    psi = Matrix.of([[1, 2], [3, 4]])
    assert [row[0] for row in expanded(P4, [psi])] == [turn(h, psi) for h in P4]
    assert lift(P4, [PICTURE], [psi])[1] == convolve([PICTURE], [turn(TURN, psi)])
    filters, feature = tuple(k * psi for k in (1, 2, 3, 4)), (PICTURE,) * 4
    assert group_layer(P4, [feature], [filters])[1] == convolve([PICTURE], [10 * turn(TURN, psi)])


def test_statistics_of_one_feature_map() -> None:
    """1, 2, 3, 6: the mean is 3, the variance 14/4."""
    batch = [(Matrix.of([[1, 2]]),), (Matrix.of([[3, 6]]),)]
    assert standardise(batch) == ([(Matrix.of([[-8, -4]]),), (Matrix.of([[0, 12]]),)], 16 * 14 // 4)


def test_windows_read_what_the_layer_reads() -> None:
    for layer, (n, _) in sizes(every_padding=True, square=True):
        reads = layer.reads(n)
        pixels = Matrix.of([list(range(1, n + 1))])
        for j in range(layer.k):
            tap = Matrix.of([[int(i == j) for i in range(layer.k)]])
            out = [
                sum(
                    tap[0, i] * (pixels[0, x] if 0 <= (x := layer.s * o + i - layer.p) < n else 0)
                    for i in range(layer.k)
                )
                for o in range(layer.outputs(n))
            ]
            for o, value in enumerate(out):
                read = reads[2 * o - len(out) + 1, 2 * j - layer.k + 1]
                assert value == (0 if read is None else (read + n - 1) // 2 + 1)


def test_windows_that_commute() -> None:
    assert keeps_turns(Layer(3, 2, 1), (33, 33))
    assert not keeps_turns(Layer(3, 2, 1), (32, 32))
    assert Layer(3, 2, 1).outputs(32) == 16
    rectangle = (2, 1)
    assert commutes(Motion(0, -1, 1, 0), Layer(1, 2), rectangle)
    assert not commutes(Motion(0, 1, -1, 0), Layer(1, 2), rectangle)
