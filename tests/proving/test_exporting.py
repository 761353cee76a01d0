"""What no proof is about is refused before one is tried, with the place in the code."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.errors import ArgumentError
from invariance.proving import trace


class Of(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * torch.rand(()),
        lambda x: x + torch.rand_like(x),
        lambda x: F.dropout(x, 0.5, training=True),
        lambda x: F.scaled_dot_product_attention(x, x, x, dropout_p=0.1),
        lambda x: x[:, torch.randperm(3)],
    ],
)
def test_a_random_network(function: Callable[[Tensor], Tensor]) -> None:
    with pytest.raises(ArgumentError, match=r"aten\..* in forward \(test_exporting.py:\d+\): .*no random numbers"):
        trace(Of(function), [(3, 5)])


def test_dropout_that_is_off_is_none() -> None:
    network = nn.Sequential(
        nn.Dropout(0.5), Of(lambda x: F.dropout(x, 0.0, training=True)), nn.LSTM(5, 2, batch_first=True)
    )
    assert trace(network, [(3, 5)]).inputs


@pytest.mark.parametrize(
    "network",
    [
        nn.BatchNorm1d(3, track_running_stats=False),
        Of(lambda x: F.batch_norm(x, torch.zeros(3).double(), torch.ones(3).double(), training=True)),
    ],
)
def test_a_batch_norm_that_trains(network: nn.Module) -> None:
    with pytest.raises(ArgumentError, match="samples of a batch meet"):
        trace(network, [(3, 5)])
    assert trace(nn.Sequential(nn.BatchNorm1d(3), nn.InstanceNorm1d(3)), [(3, 5)]).inputs


def test_a_module_that_is_no_part_and_that_forward_changes() -> None:
    """torch.export leaves its weights without values."""

    class Hides(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = [nn.Conv2d(1, 1, 3, padding=1)]

        def forward(self, x: Tensor) -> Tensor:
            return self.hidden[0].to(x.dtype)(x)

    with pytest.raises(ArgumentError, match=r"after torch.export, too: .*nn.ModuleList"):
        trace(Hides(), [(1, 5, 5)])
