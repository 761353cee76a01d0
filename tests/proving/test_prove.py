"""Networks that are symmetric are proved; those that are not, are not, and it is said where."""

import pytest
import torch
from torch import nn

from invariance.errors import ArgumentError
from invariance.models import build
from invariance.proving import discover, prove
from invariance.symmetry import Symmetry


def test_the_p4_network_is_proved_invariant() -> None:
    report = prove(build("p4cnn"), input_shape=(1, 28, 28), group="p4", claim="invariant")
    assert report.verdict == "proved"
    assert report.relations


def test_a_stride_stops_at_even_sizes_with_the_reason() -> None:
    network = nn.Conv2d(1, 1, 3, stride=2, padding=1, bias=False)
    nn.init.ones_(network.weight)
    assert prove(network, input_shape=(1, 9, 9), group="p4m", claim="equivariant").verdict == "proved"
    report = prove(network, input_shape=(1, 8, 8), group="p4m", claim="equivariant")
    assert report.verdict == "disproved"
    assert "(8 + 2·1 − 3) mod 2 = 1" in str(report)


def test_one_weight_changed_in_its_last_bit_is_not_proved() -> None:
    network = nn.Conv2d(1, 1, 3, padding=1).double()
    nn.init.constant_(network.weight, 0.3)
    assert prove(network, input_shape=(1, 9, 9), group="p4").verdict == "proved"
    with torch.no_grad():
        network.weight[0, 0, 0, 1] = torch.nextafter(network.weight[0, 0, 0, 1], torch.tensor(1.0, dtype=torch.float64))
    assert prove(network, input_shape=(1, 9, 9), group="p4", claim="equivariant").verdict == "not proved"


@pytest.mark.parametrize("claim", ["invariant", "equivariant"])
def test_a_plain_network_stops_at_its_first_filter(claim) -> None:
    report = prove(build("plain-cnn"), input_shape=(3, 32, 32), group="p4", claim=claim)
    assert report.verdict == "disproved"
    assert "no filter" in report.stops[0].reason


def test_a_symmetry_of_fields_is_proved() -> None:
    points = Symmetry("S(5)", "scalars:5x3", "invariant")
    network = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), Sum(), nn.Linear(8, 2))
    assert prove(network, symmetry=points).verdict == "proved"


def test_weights_symmetric_to_rounding_are_projected() -> None:
    network = nn.Conv2d(1, 2, 3, padding=1).double()
    nn.init.constant_(network.weight, 0.3)
    with torch.no_grad():
        network.weight[0] += 1e-8 * torch.randn(1, 3, 3, dtype=torch.float64)
    report = prove(network, input_shape=(1, 9, 9), group="p4", claim="equivariant")
    assert report.verdict == "not proved"
    assert report.backward is not None
    assert 1e-9 < report.backward.error < 1e-7
    assert report.forward is not None
    rounding = 2.0**-50  # of the outputs, about 1, in which `found` is a difference; the bound is of real arithmetic
    assert 0 < report.forward.found <= report.forward.bound + rounding
    assert report.forward.bound <= 18 * 2e-8 * 4
    network.load_state_dict(dict(report.backward.state))
    assert prove(network, input_shape=(1, 9, 9), group="p4", claim="equivariant").verdict == "proved"
    network.weight.data[0, 0, 0, 0] += 1e-3
    assert prove(network, input_shape=(1, 9, 9), group="p4", claim="equivariant").backward is None


class Sum(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.sum(1)


def test_a_branch_on_values_is_told_by_the_error_alone(capfd: pytest.CaptureFixture[str]) -> None:
    class Branch(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    with pytest.raises(ArgumentError, match="Branches that depend on values"):
        prove(Branch(), input_shape=(3,), group="sign")
    assert capfd.readouterr() == ("", "")


def test_a_table_that_is_looked_up_for_every_sample_alike() -> None:
    class Placed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(3, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.table(torch.arange(3).expand(x.shape[0], 3))[:, None]

    assert prove(Placed(), input_shape=(2, 3, 4), group="channels", claim="equivariant").verdict == "proved"
    assert prove(Placed(), input_shape=(2, 3, 4), group="pm", claim="equivariant").verdict == "disproved"


def test_a_shift_is_tried_once() -> None:
    found = discover(nn.Flatten(2), input_shape=(2, 1, 6))
    tried = [g.name for f in found.families for g in f.generators]
    assert len(tried) == len(set(tried))
    assert not any("4 × shift" in name for name in tried)
