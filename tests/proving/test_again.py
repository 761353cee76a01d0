"""The same graph with other weights, and weights that are there under two names."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from invariance.proving import Reproof, prove
from invariance.proving.checker import verify

ASKED: dict[str, Any] = {"input_shape": (1, 5, 5), "group": "p4m", "claim": "equivariant"}


def tied(off: float) -> nn.Sequential:
    """A convolution used twice, one tap off from symmetric."""
    layer = nn.Conv2d(1, 1, 3, padding=1).double()
    with torch.no_grad():
        layer.weight.fill_(0.5)
        layer.weight[0, 0, 0, 0] += off
    return nn.Sequential(layer, nn.Tanh(), layer)


def test_the_nearest_weights_of_a_layer_that_is_used_twice() -> None:
    network = tied(1e-7)
    found = prove(network, search=False, **ASKED).backward
    assert found is not None
    assert 0.8e-7 < found.error < 2e-7
    network.load_state_dict(dict(found.state))
    assert prove(network, search=False, **ASKED).verdict == "proved"


def test_a_layer_that_is_used_twice_is_proved_again_with_its_new_weights() -> None:
    network = tied(0.0)
    again = Reproof(network, **ASKED)
    assert again().verdict == "proved"
    with torch.no_grad():
        network[0].get_parameter("weight")[0, 0, 0, 0] = 3.0
    assert again().verdict == "not proved"


class Switched(nn.Module):
    """What its forward does depends on things that are no weights."""

    def __init__(self) -> None:
        super().__init__()
        self.flips, self.table = False, torch.ones(5)

    def forward(self, x: Tensor) -> Tensor:
        return (x.cumsum(-1) if self.flips else x) * self.table


@pytest.mark.parametrize("change", [{"flips": True}, {"table": torch.tensor([1.0, 1, 1, 1, 1 + 5e-7])}])
def test_a_forward_that_is_another_now_is_exported_anew(change: dict[str, object]) -> None:
    network = Switched()
    again = Reproof(network, **ASKED)
    assert again().verdict == "proved"
    for name, value in change.items():
        setattr(network, name, value)
    assert again().verdict == "not proved"


def test_a_graph_with_branches_in_graphs_of_their_own() -> None:
    class Either(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.cond(x.sum() > 0, lambda y: y + 1.0, lambda y: y - 1.0, (x,))

    again = Reproof(Either(), **ASKED)
    assert again().verdict == "not proved"


def test_a_bound_is_positive_where_a_pool_divides_by_a_negative_number() -> None:
    network = nn.Sequential(tied(1e-7), nn.AvgPool2d(3, 1, 1, divisor_override=-2))
    found = prove(network, search=False, **ASKED).forward
    assert found is not None
    assert found.bound > found.found > 0


def test_outputs_that_are_no_tensors() -> None:
    """They are the same for every input of one shape."""

    class Size(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, None, int]:
            return x.relu(), None, x.shape[0]

    report = prove(Size(), **ASKED)
    assert report.verdict == "proved"
    assert len(verify(report.certificate(), Size())) == 2
    assert prove(Size(), input_shape=(1, 5, 5), group="p4m", claim="invariant").verdict == "disproved"
