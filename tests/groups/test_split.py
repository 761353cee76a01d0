import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from invariance.errors import ArgumentError, ArgumentTypeError, SingularError
from invariance.groups import CM, GROUPS, P2, P3, P4, P4M, PM, SplitGroup

EVERY = pytest.mark.parametrize("group", GROUPS.values(), ids=repr)
PIXELS = pytest.mark.parametrize("group", [P2, PM, CM, P4, P4M], ids=repr)
CYCLE = ((0, 1, 2), (1, 2, 0), (2, 0, 1))
ONE = ((1, 0), (0, 1))


@EVERY
def test_the_tables_are_those_of_the_matrices(group: SplitGroup) -> None:
    matrices = [np.array(matrix) for matrix in group.matrices]
    for g, h in itertools.product(group.elements, repeat=2):
        assert (matrices[g] @ matrices[h] == matrices[group.product[g][h]]).all()
    for g in group.elements:
        assert (matrices[g] @ matrices[group.inverse[g]] == np.eye(2)).all()


@EVERY
@given(data=st.data())
def test_homogeneous_matrices_multiply_as_the_split_group_does(group: SplitGroup, data: st.DataObject) -> None:
    shift = st.tuples(st.integers(-5, 5), st.integers(-5, 5))
    g, h = (data.draw(st.sampled_from(group.elements)) for _ in "gh")
    t, u = data.draw(shift), data.draw(shift)
    moved = tuple(int(n) for n in np.array(t) + np.array(group.matrices[g]) @ np.array(u))
    product = np.array(group.homogeneous(g, t)) @ np.array(group.homogeneous(h, u))
    assert (product == np.array(group.homogeneous(group.product[g][h], (moved[0], moved[1])))).all()


def test_orders_and_indices_are_the_published_ones() -> None:
    assert {name: group.order for name, group in GROUPS.items()} == {
        "p2": 2, "pm": 2, "cm": 2, "p3": 3, "p4": 4, "p4m": 8,
    }  # fmt: skip
    for m, r in itertools.product(range(2), range(4)):
        cos, sin = [1, 0, -1, 0][r], [0, 1, 0, -1][r]
        assert P4M.matrices[4 * m + r] == (((-1) ** m * cos, -((-1) ** m) * sin), (sin, cos))
    assert P4.matrices == P4M.matrices[:4]


def test_inverse_times_element_is_the_published_table_of_p4m() -> None:
    for r, s in itertools.product(range(4), repeat=2):
        back = {g: [P4M.product[P4M.inverse[g]][h] for h in (s, 4 + s)] for g in (r, 4 + r)}
        assert back[r] == [(s - r) % 4, 4 + (s + r) % 4]
        assert back[4 + r] == [4 + (s + r) % 4, (s - r) % 4]


# --- the action


def test_the_action_on_the_plane_is_rot90_and_flip() -> None:
    image = torch.randn(2, 3, 4, 5)
    for m, r in itertools.product(range(2), range(4)):
        turned = torch.rot90(image, r, (-2, -1))
        assert torch.equal(P4M.act_on_plane(4 * m + r, image), turned.flip(-2) if m else turned)
        assert torch.equal(P4.act_on_plane(r, image), torch.rot90(image, r, (-2, -1)))
    assert torch.equal(CM.act_on_plane(1, image), image.mT)
    assert torch.equal(P2.act_on_plane(1, image), image.flip(-1, -2))


def test_the_action_on_p4_features_rolls_the_group_axis() -> None:
    features = torch.randn(2, 3, 4, 5, 5)
    assert torch.equal(P4.act(1, features), torch.rot90(features, 1, (-2, -1)).roll(1, 2))


@PIXELS
def test_pixels_move_as_the_matrices_say(group: SplitGroup) -> None:
    """(L_g f)(x) = f(A(g)⁻¹ x), with x = (row, column) about the centre, doubled so that it is whole."""
    image = torch.arange(20).view(4, 5)
    for g in group.elements:
        moved = group.act_on_plane(g, image)
        back = np.array(group.matrices[group.inverse[g]])
        for row, column in np.ndindex(*moved.shape):
            x = np.array([2 * row - moved.shape[0] + 1, 2 * column - moved.shape[1] + 1])
            i, j = (back @ x + np.array(image.shape) - 1) // 2
            assert moved[row, column] == image[i, j]


@PIXELS
def test_the_action_is_a_left_action_on_every_quotient(group: SplitGroup, generator: torch.Generator) -> None:
    for subgroup in group.subgroups():
        features = torch.randn(2, group.order // len(subgroup), 3, 4, generator=generator)
        assert torch.equal(group.act(0, features, subgroup=subgroup), features)
        for g, h in itertools.product(group.elements, repeat=2):
            twice = group.act(g, group.act(h, features, subgroup=subgroup), subgroup=subgroup)
            assert torch.equal(twice, group.act(group.product[g][h], features, subgroup=subgroup))


def test_the_order_of_two_elements_matters_in_p4m(generator: torch.Generator) -> None:
    features = torch.randn(8, 3, 3, generator=generator)
    assert not torch.equal(P4M.act(1, P4M.act(4, features)), P4M.act(P4M.product[4][1], features))


# --- subgroups and cosets


def test_the_subgroups_of_the_square_and_of_its_turns() -> None:
    assert P4.subgroups() == [(0,), (0, 2), (0, 1, 2, 3)]
    assert [len(subgroup) for subgroup in P4M.subgroups()] == [1, 2, 2, 2, 2, 2, 4, 4, 4, 8]
    assert P4M.generate([1]) == (0, 1, 2, 3)
    assert P4M.generate([]) == (0,)


@EVERY
def test_cosets_partition_the_group_and_absorb_their_side(group: SplitGroup) -> None:
    for subgroup in group.subgroups():
        for cosets in (left := group.left_cosets(subgroup), right := group.right_cosets(subgroup)):
            assert sorted(g for coset in cosets for g in coset) == list(group.elements)
            assert cosets[0] == subgroup
        assert all(group.product[g][k] in coset for coset in left for g in coset for k in subgroup)
        assert all(group.product[k][g] in coset for coset in right for g in coset for k in subgroup)


def test_left_and_right_cosets_of_a_mirror_differ() -> None:
    assert P4M.left_cosets((0, 4)) == ((0, 4), (1, 7), (2, 6), (3, 5))
    assert P4M.right_cosets((0, 4)) == ((0, 4), (1, 5), (2, 6), (3, 7))


def test_a_subgroup_is_a_group_of_its_own() -> None:
    assert P4M.restrict((0, 1, 2, 3)).product == P4.product
    assert P4M.restrict([4, 0]).matrices == PM.matrices
    assert P4.restrict((0, 2)).matrices == P2.matrices


# --- what is refused


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("product", "message"),
    [
        ((), "square"),
        (((0, 1), (1,)), "square"),
        (((0, 1), (1, 2)), r"product\[1\]\[1\] = 2: closed"),
        (((1, 0), (0, 1)), "element 0 is the identity"),
        (((0, 1), (0, 1)), "element 0 is the identity"),
        (((0, 1), (1, 1)), "element 1 has an inverse"),
        (
            ((0, 1, 2, 3, 4), (1, 0, 3, 4, 2), (2, 4, 0, 1, 3), (3, 2, 4, 0, 1), (4, 3, 1, 2, 0)),
            r"associative: \(gh\)k = g\(hk\)",
        ),
    ],
)
def test_a_table_that_is_no_group_is_refused(product: tuple[tuple[int, ...], ...], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        SplitGroup("none", product, (ONE,) * len(product))


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("matrices", "error", "message"),
    [
        ((ONE, ONE), ArgumentError, "one for each of the 3 elements"),
        ((ONE, ((1, 0, 0), (0, 1, 0)), ONE), ArgumentError, r"matrices\[1\]"),
        ((ONE, ((2, 0), (0, 1)), ONE), SingularError, "determinant ±1"),
        ((ONE, ((0, -1), (1, 0)), ((-1, 0), (0, -1))), ArgumentError, r"A\(1\)A\(2\) ≠ A\(0\)"),
        ((ONE, ((0.5, 0), (0, 2)), ONE), ArgumentTypeError, "integers"),
    ],
)
def test_matrices_that_are_no_representation_are_refused(matrices: tuple, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        SplitGroup("none", CYCLE, matrices)


@pytest.mark.bad_input
def test_a_representation_need_not_be_faithful_but_from_matrices_needs_it() -> None:
    blind = SplitGroup("blind", CYCLE, (ONE, ONE, ONE))
    assert blind.act_on_plane(1, torch.eye(2)).equal(torch.eye(2))
    with pytest.raises(ArgumentError, match="distinct"):
        SplitGroup.from_matrices("blind", (ONE, ONE))
    with pytest.raises(ArgumentError, match="closed"):
        SplitGroup.from_matrices("half", (ONE, ((0, -1), (1, 0))))


@pytest.mark.bad_input
def test_lists_and_arrays_make_the_same_group() -> None:
    assert SplitGroup("p4", np.array(P4.product), np.array(P4.matrices)) == P4  # pyright: ignore[reportArgumentType]


@pytest.mark.bad_input
def test_bad_arguments_are_named() -> None:
    with pytest.raises(ArgumentError, match="element = 4"):
        P4.act(4, torch.zeros(4, 2, 2))
    with pytest.raises(ArgumentError, match="4 elements on axis −3"):
        P4.act(1, torch.zeros(8, 2, 2))
    with pytest.raises(ArgumentError, match=r"subgroup = \(0, 1\).*\(0, 1, 2, 3\)"):
        P4.left_cosets((0, 1))
    with pytest.raises(ArgumentError, match="group = p3: matrices that are signed permutations"):
        P3.act_on_plane(1, torch.zeros(3, 3))
