"""What a careless rule proves, and numbers refute: none of it is proved."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from invariance.errors import ArgumentError
from invariance.proving import Generator, MovingGroup, prove
from invariance.proving.checker import RefusedError, verify
from invariance.symmetry import Symmetry


class Of(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Tensor], *parts: nn.Module) -> None:
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(parts)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *self.parts)


TURNED_VECTORS = MovingGroup(
    "vectors", 4,
    (Generator("90°", lambda a: np.rot90(a, 1, (-2, -1))[:, [1, 0]], lambda full: {1: np.array([1.0, -1.0])}),),
)  # fmt: skip
"""The two components of a vector field change places, one of them its sign, while the plane turns."""

RAMP, HALVES = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([[1.0, 1.0, 1.0], [1.0, 2.0, 3.0]])
LAST_TWO = MovingGroup("last two", 2, (Generator("the last two change places", lambda a: a.take([0, 2, 1], 1)),))
FIRST_APART = torch.tensor([5.0, 1.0, 1.0])
ONE_SIGN = MovingGroup("sign", 2, (Generator("−1", lambda a: a, lambda full: {1: np.array([1.0, 1, 1, -1])}),))


@pytest.mark.parametrize(
    ("function", "shape", "group"),
    [
        (lambda x: x.clamp(1, -1), (3, 4), "sign"),  # everything becomes −1
        (lambda x: torch.ops.aten.hardtanh(x, 1, -1), (3, 4), "sign"),
        (lambda x: x.view(-1, 8, 4).unsqueeze(1).relu(), (2, 4, 4), TURNED_VECTORS),
        (lambda x: torch.full_like(x, x.shape[0]), (3, 4), "flip"),
        (lambda x: x + torch.ones_like(x).tril(-2), (3,), "channels"),  # of the third sample it is [1, 0, 0]
        (
            lambda x: x + nn.functional.pad(RAMP.expand(x.shape[0], 3), (0, 0, 1, -1)),
            (3,),
            "channels",
        ),  # 0 for the first
        (lambda x: x + HALVES.expand(x.shape[0], 2, 3).reshape(-1, 3)[: x.shape[0]], (3,), "channels"),
        (lambda x: (x.t().flatten() + FIRST_APART.expand(x.shape[0], 3).flatten()).view(3, -1).t(), (3,), LAST_TWO),
        (lambda x: x + nn.functional.pad(x.sum(1)[:, None], (1, 1)), (3,), "permutations"),
        (lambda x: x + nn.functional.pad(x.sum(1)[:, None].expand(-1, 5), (1, 1)), (7,), "permutations"),
        (
            lambda x: torch.cat([nn.functional.pad(x[:, None], (0, 0, 0, 0, 1, 0), value=1.0)[:, 0], x], 2),
            (1, 3),
            "flip",
        ),
    ],
    ids=[
        *("clamp", "hardtanh", "signs of axes that move together", "full of the batch size"),
        *("a triangle over samples", "a border of samples", "half of the samples", "samples inside and outside"),
        *("border of one entry", "border of copies", "one of the border beside entries"),
    ],
)
def test_it_is_not_proved(function, shape, group) -> None:
    assert prove(Of(function), input_shape=shape, group=group).verdict != "proved"


def test_signs_of_axes_that_move_together_go_along() -> None:
    report = prove(Of(lambda x: x.view(-1, 8, 4).unsqueeze(1)), input_shape=(2, 4, 4), group=TURNED_VECTORS)
    action = report.generators[0].outputs[0]
    assert action is not None
    assert action.signed


def test_a_bias_and_signs_that_are_tied_to_several_axes() -> None:
    network = Of(lambda x, linear: linear(x.view(-1, 2, 2, 3)), nn.Linear(3, 2))
    assert prove(network, input_shape=(4, 3), group=ONE_SIGN).verdict != "proved"


@pytest.mark.parametrize("branch", [lambda n: n < 5, lambda n: n != 7, lambda n: n % 3])
def test_a_branch_on_the_batch_size_is_refused(branch) -> None:
    network = Of(lambda x: x if branch(x.shape[0]) else x.cumsum(-1))
    with pytest.raises(ArgumentError, match="branch on the batch size"):
        prove(network, input_shape=(3, 4), group="flip")


def test_the_checker_refuses_a_branch_on_the_batch_size() -> None:
    certificate = prove(nn.Identity(), input_shape=(3, 4), group="flip").certificate()
    assert verify(certificate, nn.Identity())
    with pytest.raises(RefusedError, match="branches on the batch size"):
        verify(certificate, Of(lambda x: x if x.shape[0] != 7 else x.cumsum(-1)))
    with pytest.raises(RefusedError, match="branches on the batch size"):
        verify(certificate, Of(lambda x: torch.cat([x[:2], x[2:].flip(-1)])))


def test_inputs_by_name_are_not_taken_by_their_place() -> None:
    class First(nn.Module):
        def forward(self, a: Tensor, b: Tensor) -> Tensor:
            return a.sum(1)

    fields = {"b": "scalars:4x2", "a": "scalars:4x2"}
    with pytest.raises(ArgumentError, match="order"):
        prove(First(), symmetry=Symmetry("S(4)", fields, "invariant"))


def test_a_saved_graph_of_one_batch_size_is_refused() -> None:
    saved = torch.export.export(nn.ReLU().eval(), (torch.ones(1, 3, 5, 5),)).module()
    with pytest.raises(ArgumentError, match="a module that torch"):
        prove(saved, input_shape=(3, 5, 5), group="p4")
