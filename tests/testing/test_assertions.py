"""Assertions of both forms: on tensors of one's own, and on all of a group."""

import pytest
import torch
from torch import nn

from invariance import P4, P4ConvZ2, assert_equivariant, assert_invariant
from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.testing import SymmetryError, assert_symmetric, check_symmetry

X = torch.rand(2, 3, 9, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
P4_9 = {"group": "p4", "input_shape": (3, 9, 9)}


def test_groups_that_hold_return_their_reports():
    assert len(assert_invariant(lambda x: x.mean((-2, -1)), **P4_9).rows) == 3
    assert assert_equivariant(torch.relu, **P4_9).question.claim == "equivariant"
    assert assert_equivariant(P4ConvZ2(3, 2, 3), action="regular", **P4_9).question.claim == "equivariant"


@pytest.mark.parametrize("judge", [assert_invariant, assert_equivariant])
def test_groups_that_do_not_hold_are_explained(judge):
    torch.manual_seed(0)
    with pytest.raises(SymmetryError) as failed:
        judge(nn.Sequential(nn.ReLU(), nn.Conv2d(3, 2, 3)), **P4_9)
    lines = str(failed.value).splitlines()
    assert lines[0].endswith(": violated")
    assert lines[1].strip().startswith("first broken by 1 (Conv2d): E = ")
    assert lines[2].strip().startswith("worst: ")
    assert lines[3].strip().startswith("simplest image: AnalyticImage.from_waves([[[(1, 0, 1.0, 0.0)]")
    assert failed.value.report.verdict == "violated"


def test_undefined_is_a_failure_too():
    with pytest.raises(SymmetryError, match="constant, not equivariant"):
        assert_symmetric(torch.ones_like, **P4_9)


def test_tensors_that_do_not_fit_are_explained():
    with pytest.raises(AssertionError, match=r"not invariant: relative error \S+ > 1.0e-09, .* of 2 is the worst"):
        assert_invariant(torch.relu, X, X.flip(-1))


def test_an_action_may_be_a_function_that_no_file_holds():
    @check_symmetry(claim="equivariant", action=lambda g, output: P4.act_on_plane(g, output), **P4_9)
    def symmetric():
        return torch.abs

    @check_symmetry(claim="equivariant", action=lambda g, output: output.flip(-1), **P4_9)
    def asymmetric():
        return torch.abs

    symmetric()
    with pytest.raises(SymmetryError, match=r"p4, equivariant \(a function\): violated"):
        asymmetric()


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("judge", "arguments", "options"),
    [
        (assert_invariant, (), {}),
        (assert_invariant, (X,), {}),
        (assert_equivariant, (X, X), {}),
        (assert_invariant, (X, X), P4_9),
        (assert_equivariant, (), {"tolerance": 0.1, **P4_9}),
    ],
)
def test_a_mixture_of_the_forms_is_refused(judge, arguments, options):
    with pytest.raises(
        ArgumentTypeError, match=r"two tensors and how .*, or a group and an input_shape, or a symmetry"
    ):
        judge(torch.relu, *arguments, **options)


@pytest.mark.bad_input
def test_a_group_needs_a_question_that_makes_sense():
    with pytest.raises(ArgumentError, match="group = p5"):
        assert_invariant(torch.relu, group="p5", input_shape=(3, 9, 9))
