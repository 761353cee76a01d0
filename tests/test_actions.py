"""The laws of a right action, for every kind of field."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from invariance.actions import (
    ACTION_FAMILIES,
    PointwiseAction,
    _exponential,
    block_action,
    constant_action,
    smooth_action,
)
from invariance.errors import ArgumentError, SingularError
from invariance.testing.strategies import block_fields, constant_fields, gl2_matrices, jacobian_fields, smooth_fields

SIZE = 6
fields = st.one_of(constant_fields(), block_fields(block=3, blocks=(2, 2)), smooth_fields(size=SIZE))


def close(actual: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-10)


@given(jac=jacobian_fields(channels=2, size=SIZE), m=fields, n=fields)
def test_acting_twice_is_acting_with_the_product(jac, m: PointwiseAction, n: PointwiseAction):
    close(n(m(jac)), (m @ n)(jac))


@given(jac=jacobian_fields(size=SIZE), m=fields)
def test_the_inverse_undoes(jac, m: PointwiseAction):
    close(m.inverse()(m(jac)), jac)


@given(m=fields, n=fields)
def test_determinants_multiply(m: PointwiseAction, n: PointwiseAction):
    close((m @ n).determinant, m.determinant * n.determinant)


def test_product_is_not_commutative():
    turn, stretch = (
        PointwiseAction.constant(torch.tensor([m]).double()) for m in ([[0, -1], [1, 0]], [[2, 0], [0, 1]])
    )
    assert not torch.equal((turn @ stretch).field, (stretch @ turn).field)


def test_action_by_hand():
    jac = torch.arange(1.0, 7).reshape(1, 1, 3, 2, 1, 1)
    m = PointwiseAction.constant(torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    expected = torch.tensor([[7.0, 10.0], [15.0, 22.0], [23.0, 34.0]])
    assert torch.equal(m(jac).squeeze(), expected)


@given(m=gl2_matrices(max_condition=10))
def test_condition_numbers_are_bounded(m: torch.Tensor):
    assert torch.linalg.cond(m) <= 10 * (1 + 1e-9)


@given(m=block_fields(block=3, blocks=(2, 2)))
def test_block_fields_are_constant_on_blocks(m: PointwiseAction):
    corners = m.field[..., ::3, ::3]
    assert torch.equal(corners.repeat_interleave(3, -1).repeat_interleave(3, -2), m.field)


@pytest.mark.parametrize("name", ACTION_FAMILIES)
def test_families_start_at_the_identity_and_scale_their_noise(name: str):
    options = {"constant": {}, "block": {"size": (6, 6), "block": 3}, "smooth": {"size": (6, 6)}}[name]

    def draw(scale: float) -> torch.Tensor:
        return ACTION_FAMILIES[name](2, scale, generator=torch.Generator().manual_seed(5), **options).field

    eye = torch.eye(2).double()[None, :, :, None, None]
    assert torch.equal(draw(0.0), eye.expand_as(draw(0.0)))
    assert torch.equal(draw(0.1), draw(0.1))
    small, twice = draw(1e-6) - eye, draw(2e-6) - eye
    torch.testing.assert_close(twice, 2 * small, rtol=1e-4, atol=1e-10)
    once = PointwiseAction(draw(0.3))
    close(draw(0.6), (once @ once).field)


def test_blocks_of_an_oblong_image(generator: torch.Generator):
    assert block_action(1, 0.1, generator=generator, size=(2, 6), block=2).field.shape == (1, 2, 2, 2, 6)


@pytest.mark.parametrize("scale", [0.0, 1e-9, 1e-3, 1.0, 3.0])
def test_the_exponential_is_that_of_the_matrix(scale: float, generator: torch.Generator):
    log = scale * torch.randn((4, 2, 2, 9, 9), generator=generator, dtype=torch.float64)
    log[0] = torch.tensor([[0.0, 1.0], [0.0, 0.0]])[..., None, None]  # of which no eigenvector is a second one
    log[1] = scale * torch.tensor([[0.0, -1.0], [1.0, 0.0]])[..., None, None]
    expected = torch.linalg.matrix_exp(log.movedim((1, 2), (-2, -1)).contiguous()).movedim((-2, -1), (1, 2))
    size = expected.square().sum((1, 2), keepdim=True).sqrt()
    assert ((_exponential(log).field - expected).abs() <= 1e-13 * size).all()


def test_field_of_a_function():
    m = PointwiseAction.of(lambda p: torch.diag_embed(2 + p), 4, 5)
    assert m.field.shape == (1, 2, 2, 4, 5)
    assert m.field[0, 0, 0, 0, 0] == 2 - 4 / 5
    assert m.field[0, 1, 1, 0, 0] == 2 - 3 / 4


@pytest.mark.bad_input
def test_singular_and_misshapen_fields_are_refused(generator: torch.Generator):
    with pytest.raises(SingularError, match="singular at 1 pixels"):
        PointwiseAction.constant(torch.tensor([[[1.0, 2.0], [2.0, 4.0]]]))
    with pytest.raises(SingularError, match="NaN"):
        PointwiseAction.constant(torch.full((1, 2, 2), math.nan))
    with pytest.raises(ArgumentError, match=r"field\.shape"):
        PointwiseAction(torch.eye(2))
    m = block_action(1, 0.1, generator=generator, size=(6, 6), block=3)
    with pytest.raises(ArgumentError, match=r"jac\.shape"):
        m(torch.zeros(1, 1, 3, 2, 5, 5))
    with pytest.raises(ArgumentError, match=r"jac\.shape"):
        m(torch.zeros(1, 3, 6, 6))
    with pytest.raises(ArgumentError, match="multiples of block = 3"):
        block_action(1, 0.1, generator=generator, size=(6, 7), block=3)
    with pytest.raises(ArgumentError, match="block = 0"):
        PointwiseAction.blocks(m.field, 0)
    for scale in (-0.1, math.nan, math.inf):
        with pytest.raises(ArgumentError, match="scale"):
            constant_action(1, scale, generator=generator)
        with pytest.raises(ArgumentError, match="scale"):
            smooth_action(1, scale, generator=generator, size=(4, 4))
