"""A forward beside its graph: what it does when it is called, with one sample, with other things kept."""

import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from proving.functions import FLIP, Of, doubles
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.errors import ArgumentError
from invariance.proving import Reproof, prove


@pytest.mark.parametrize("called", ["is_exporting", "counter"])
def test_a_forward_that_is_another_when_it_is_called(called: str) -> None:
    class Apart(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.count = 0

        def forward(self, x: Tensor) -> Tensor:
            self.count += called == "counter"
            plain = torch.compiler.is_exporting() if called == "is_exporting" else self.count % 5 == 1
            return x.relu() if plain else x.relu() * doubles(1, 2)

    with pytest.raises(ArgumentError, match=r"no is_exporting|forward changes count"):
        prove(Apart(), **FLIP)


def test_a_shuffle_of_samples() -> None:
    """Channels and samples on one axis: pixels of two samples would meet."""

    def function(x: Tensor) -> Tensor:
        return F.pixel_shuffle((x.abs() - 50).relu().transpose(0, 1).reshape(-1, 2, 2), 2).sum((1, 2))

    asked: dict[str, Any] = {"input_shape": (4, 2, 2), "group": "channels", "claim": "invariant"}
    assert "samples meet" in str(prove(Of(function), **asked, search=False))


def test_a_recurrence_whose_state_has_the_batch_on_another_axis() -> None:
    report = prove(nn.RNN(4, 4, batch_first=True), input_shape=(3, 4), group="channels", search=False)
    assert "a sample by itself" not in str(report)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.sin(1e10 * x.cumsum(1)[:, -1]),
        lambda x: (x.cumsum(1)[:, -1] - x.sum(1)) * 1e20,
        lambda x: (x.cumsum(1)[:, -1] == x.sum(1)).double(),
    ],
)
def test_rounding_is_no_counterexample(function: Callable[[Tensor], Tensor]) -> None:
    """In real arithmetic all of these are invariant."""
    asked: dict[str, Any] = {"input_shape": (5,), "group": "permutations", "claim": "invariant"}
    assert prove(Of(function), **asked).verdict == "not proved"


def test_a_squeeze_of_a_single_sample() -> None:
    """For a batch of one the axis of the batch goes, and the sum is over another."""
    far = Of(lambda x: (x.abs() - 50).relu().squeeze(0).sum(1).reshape(x.shape[0], -1))
    asked: dict[str, Any] = {"input_shape": (2, 2), "group": "channels", "claim": "equivariant"}
    assert "where there is one sample" in str(prove(far, **asked, search=False))


@pytest.mark.parametrize("change", ["hook", "untied"])
def test_a_model_that_is_another_now_is_exported_anew(change: str) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = self.second = nn.Parameter(torch.ones(1))

        def forward(self, x: Tensor) -> Tensor:
            return x * torch.cat([self.first, self.second])

    network = Twice()
    again = Reproof(network, input_shape=(1, 2), group="flip", claim="equivariant")
    assert again().verdict == "proved"
    if change == "hook":
        network.register_forward_hook(lambda module, given, output: output.cumsum(2))
    else:
        network.second = nn.Parameter(network.first.detach() * (1 + 1e-6))
    assert again().verdict == "not proved"


@pytest.mark.parametrize("branch", ["one", "far"])
def test_a_branch_that_small_numbers_do_not_reach(branch: str) -> None:
    class Branches(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            far = (x.abs() - 50).relu()
            taken = x.shape[0] == 1 if branch == "one" else not torch.compiler.is_exporting()
            return x + far * doubles(1, 2) if taken else x + far

    if branch == "one":
        assert "a sample by itself" in str(prove(Branches(), **FLIP))
    else:
        with pytest.raises(ArgumentError, match="no is_exporting"):
            prove(Branches(), **FLIP)


@pytest.mark.parametrize("kept", [types.SimpleNamespace(bound=10.0), np.array([1.0, 1.0])])
def test_what_a_model_keeps_in_other_things(kept: Any) -> None:
    class Keeps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kept = kept

        def forward(self, x: Tensor) -> Tensor:
            if isinstance(self.kept, np.ndarray):
                return x * torch.from_numpy(self.kept)
            return torch.cat([x[:, :, :1].clamp(-10, 10), x[:, :, 1:].clamp(-10, self.kept.bound)], 2)

    network = Keeps()
    again = Reproof(network, input_shape=(1, 2), group="sign", claim="equivariant")
    assert again().verdict == "proved"
    if isinstance(kept, np.ndarray):
        network.kept = np.array([1.0, np.inf])
    else:
        network.kept.bound = 20.0
    assert again().verdict == "not proved"
