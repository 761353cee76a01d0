"""The measure itself: known errors come out, and nothing undefined is called perfect."""

import math

import pytest
import torch
from torch import Tensor

from invariance.errors import ArgumentError, ArgumentTypeError, DegenerateError, UndefinedError
from invariance.measure import equivariance_error, invariance_error
from invariance.testing import assert_equivariant, assert_invariant


@pytest.fixture
def x(generator: torch.Generator) -> Tensor:
    return torch.randn(6, 2, 5, 5, generator=generator, dtype=torch.float64)


def test_a_planted_error_is_found_to_its_size(x: Tensor):
    report = invariance_error(lambda t: t, x, x + 0.01)
    assert report.worst == pytest.approx(0.01)
    assert report.relative == pytest.approx(0.01 / x.square().mean().sqrt())
    spread = (x - x.roll(1, 0)).square().mean().sqrt()
    assert report.normalised == pytest.approx(0.01 / spread)


def test_flips_are_lattice_exact(x: Tensor):
    report = equivariance_error(lambda t: t.square(), x, x.flip(-1), output_action=lambda y: y.flip(-1))
    assert report.normalised == 0


def test_a_broken_functional_is_seen(x: Tensor):
    ramp = torch.arange(5.0).double()
    report = equivariance_error(lambda t: t * ramp, x, x.flip(-1), output_action=lambda y: y.flip(-1))
    assert report.normalised > 0.5


def test_a_constant_map_is_undefined_and_not_invariant(x: Tensor):
    report = invariance_error(torch.ones_like, x, x.flip(-1))
    with pytest.raises(UndefinedError, match="constant, not invariant"):
        _ = report.normalised
    with pytest.raises(UndefinedError, match="F vanishes"):
        assert_invariant(torch.zeros_like, x, x.flip(-1))


def test_one_sample_has_no_normalised_error(x: Tensor):
    report = invariance_error(lambda t: t, x[:1], x[:1] + 0.01)
    assert report.relative > 0
    with pytest.raises(UndefinedError, match="two independent samples"):
        _ = report.normalised


@pytest.mark.parametrize("side", [0, 1])
def test_an_entry_that_one_side_alone_has_not_is_undefined(x: Tensor, side: int):
    pair = [x, x + 0.01]
    pair[side] = pair[side].clone()
    pair[side][0, 0, 0, 0] = math.nan
    report = invariance_error(lambda t: t, *pair)
    assert report.undefined.tolist() == [1, 0, 0, 0, 0, 0]
    assert report.worst == pytest.approx(0.01)


def test_undefined_entries_are_left_out_and_counted(x: Tensor):
    def model(t: Tensor) -> Tensor:
        out = t.clone()
        out[0, 0, 0, :2] = math.nan
        out[1, 0, 0, 0] = math.inf
        return out

    report = invariance_error(model, x, x + 0.01)
    assert report.undefined.tolist() == [2, 1, 0, 0, 0, 0]
    assert report.difference.sqrt().tolist() == pytest.approx([0.01] * 6)


def test_a_sample_with_nothing_defined_is_an_error(x: Tensor):
    with pytest.raises(DegenerateError, match="sample 2"):
        invariance_error(lambda t: torch.where(torch.arange(6)[:, None, None, None] == 2, math.nan, t), x, x)


def test_the_region_restricts_the_comparison(x: Tensor):
    moved = x.clone()
    moved[..., 0] += 1
    inner = torch.arange(5) > 0
    report = invariance_error(lambda t: t, x, moved, region=lambda h, w: inner.expand(1, 1, h, w))
    assert report.difference.sum() == 0
    assert report.worst == 0


def test_assertions_pass_return_and_fail(x: Tensor):
    assert assert_equivariant(torch.relu, x, x.flip(-1), output_action=lambda y: y.flip(-1)).relative == 0
    with pytest.raises(AssertionError, match=r"not invariant: relative error .* > 1\.0e-09, worst entry off by"):
        assert_invariant(torch.relu, x, x.flip(-1))
    assert_invariant(torch.relu, x, x * (1 + 1e-12))
    with pytest.raises(AssertionError):
        assert_invariant(torch.relu, x, x * (1 + 1e-12), tolerance=1e-13)


def test_the_action_is_given_the_outputs_own_dtype(x: Tensor):
    turn = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    single = x.float()
    assert_equivariant(
        torch.relu, single, single.flip(1), output_action=lambda y: torch.einsum("ij,bjhw->bihw", turn, y)
    )


@pytest.mark.bad_input
def test_models_that_do_not_return_a_tensor_are_named(x: Tensor):
    with pytest.raises(ArgumentTypeError, match=r"model\(inputs\) = tuple"):
        invariance_error(lambda t: (t, t), x, x)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ArgumentTypeError, match="int64"):
        invariance_error(lambda t: t.long(), x, x)
    with pytest.raises(ArgumentError, match=r"model\(transformed\)\.shape = \(6, 2, 5, 4\)"):
        invariance_error(lambda t: t, x, x[..., 1:])
