"""Where equal units leave a choice of the motion, it is made as what follows asks for it."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from invariance.proving import Generator, MovingGroup, prove
from invariance.proving.checker import verify
from invariance.proving.choices import isomorphism


class Block(nn.Module):
    """A branch of two filters that mirror each other, and a shortcut of two equal ones."""

    def __init__(self, gains: tuple[float, float]) -> None:
        super().__init__()
        self.branch, self.shortcut = nn.Conv1d(1, 2, 3, padding=1), nn.Conv1d(1, 2, 1)
        self.norm = nn.BatchNorm1d(2)
        with torch.no_grad():
            self.branch.weight.copy_(torch.tensor([[[1.0, 2, 3]], [[3.0, 2, 1]]]))
            for part in (self.branch, self.shortcut):
                nn.init.constant_(part.get_parameter("bias"), 0.5)
            self.shortcut.weight.fill_(0.5)
            self.norm.weight.copy_(torch.tensor(gains))

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.branch(x) + self.shortcut(x)).relu()


def test_a_shortcut_of_equal_channels_follows_the_branch() -> None:
    network = Block((1.0, 1.0))
    report = prove(network, input_shape=(1, 7), group="flip")
    assert report.verdict == "proved"
    assert report.generators[0].words == ("axis 0 is turned round; axis 1 is turned round",)
    assert verify(report.certificate(), network)


def test_a_choice_that_nothing_allows_is_not_made() -> None:
    assert prove(Block((1.0, 2.0)), input_shape=(1, 7), group="flip").verdict == "not proved"


def test_equal_hidden_units_are_told_apart_by_the_columns_behind_them() -> None:
    first, second = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    nn.init.ones_(first.weight)
    with torch.no_grad():
        second.weight.copy_(torch.tensor([[1.0, 2], [2, 1]]))
    exchange = Generator("exchange", lambda a: a[:, [1, 0]])
    group = MovingGroup("exchange", 2, (exchange,))
    network = nn.Sequential(first, nn.ReLU(), second)
    assert prove(network, input_shape=(2,), group=group, claim="invariant").verdict == "proved"


def test_a_choice_that_asks_for_another_one_before_it() -> None:
    """Filters that mirror each other want their inputs exchanged, whose rows want theirs exchanged, which are equal."""
    layers = [nn.Conv1d(1, 2, 1), nn.Conv1d(2, 2, 1), nn.Conv1d(2, 2, 3, padding=1)]
    weights = [[[[1.0]], [[1.0]]], [[[1.0], [2.0]], [[2.0], [1.0]]], [[[1, 2, 3], [4, 5, 7]], [[7, 5, 4], [3, 2, 1]]]]
    with torch.no_grad():
        for layer, weight in zip(layers, weights, strict=True):
            layer.weight.copy_(torch.tensor(weight))
            nn.init.constant_(layer.get_parameter("bias"), 0.5)
    network = nn.Sequential(*(part for layer in layers for part in (layer, nn.GELU())))
    report = prove(network, input_shape=(1, 5), group="flip")
    assert report.verdict == "proved"
    assert verify(report.certificate(), network)


@pytest.mark.parametrize("seed", range(5))
def test_matrices_that_are_alike_up_to_order_are_matched(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 3, (6, 5))
    b = a[rng.permutation(6)][:, rng.permutation(5)]
    rows, columns = np.zeros(6, dtype=np.int64), np.zeros(5, dtype=np.int64)
    found = isomorphism(a, b, (rows, rows), (columns, columns))
    assert found is not None
    assert np.array_equal(a, b[found[0]][:, found[1]])
    b[0, 0] += 1
    assert isomorphism(a, b, (rows, rows), (columns, columns)) is None


def test_what_is_repeated_along_an_axis_follows_its_motion() -> None:
    class Segments(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.cat([x, x.amax(2, keepdim=True).expand(-1, -1, x.shape[2])], 1)

    report = prove(Segments(), input_shape=(3, 5), group="permutations@1", claim="equivariant")
    assert report.verdict == "proved"
    assert verify(report.certificate(), Segments())


def test_what_is_repeated_does_not_follow_a_sign() -> None:
    class Over(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.stack([x, x.abs().amax(1, keepdim=True).expand(-1, 2)], 1)

    signs = MovingGroup("signs", 2, (Generator("−1", lambda a: a, lambda full: {1: np.array([1.0, -1])}),))
    assert prove(Over(), input_shape=(2,), group=signs).verdict == "not proved"
