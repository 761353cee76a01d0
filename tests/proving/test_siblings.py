"""Layers side by side, none of which has a motion by itself."""

import json
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.proving import checker, prove
from invariance.proving.checker import RefusedError, seal, verify


class Lifting(nn.Module):
    """A filter bank in four directions, each read by a convolution of its own; then, on request, the same again."""

    def __init__(self, turns: tuple[int, ...] = (0, 1, 2, 3), dim: int = 2, second: bool = False) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.turns, self.dim, self.second = turns, dim, second
        self.first, self.bias = (
            nn.Parameter(torch.randn(3, 2, 3, 3, generator=generator)),
            nn.Parameter(torch.arange(3.0)),
        )
        self.group = nn.Parameter(torch.randn(2, 3, 4, 3, 3, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        banks = [self.first.rot90(k, (2, 3)) for k in self.turns]
        if self.dim == 1:
            return torch.cat([F.conv2d(x, bank, self.bias, padding=1) for bank in banks], 1)
        lifted = torch.stack([F.conv2d(x, bank, self.bias, padding=1) for bank in banks], self.dim)
        if not self.second:
            return lifted
        turned = [self.group.rot90(k, (3, 4)).roll(k, 2).flatten(1, 2) for k in range(4)]
        return torch.stack([F.conv2d(lifted.relu().flatten(1, 2), bank) for bank in turned], 2).amax(2)


@pytest.mark.parametrize("dim", [1, 2, -1])
def test_a_filter_bank_in_all_directions_is_proved_and_verified(dim: int) -> None:
    report = prove(Lifting(dim=dim), input_shape=(2, 5, 5), group="p4")
    assert report.verdict == "proved"
    assert report.relations
    assert verify(json.loads(json.dumps(report.certificate())), Lifting(dim=dim))


def test_two_layers_and_a_maximum_over_directions() -> None:
    model = Lifting(second=True)
    report = prove(model, input_shape=(2, 5, 5), group="p4", claim="equivariant")
    assert report.verdict == "proved", str(report)
    assert verify(json.loads(json.dumps(report.certificate())), model)


@pytest.mark.parametrize("turns", [(0, 1, 2), (0, 1, 2, 2), (0, 1, 2, 0)])
def test_a_direction_is_missing(turns: tuple[int, ...]) -> None:
    report = prove(Lifting(turns), input_shape=(2, 5, 5), group="p4", search=False)
    assert report.verdict == "not proved"
    assert "no filter" in str(report.stops[0])


def test_nearly_turned_filters_are_projected() -> None:
    class Nearly(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.banks = nn.ParameterList(Lifting().first.detach().double().rot90(k, (2, 3)) for k in range(4))
            with torch.no_grad():
                self.banks[2][0, 0, 0, 0] += 1e-8

        def forward(self, x: Tensor) -> Tensor:
            return torch.stack([F.conv2d(x, bank) for bank in self.banks], 2)

    model = Nearly()
    found = prove(model, input_shape=(2, 5, 5), group="p4", search=False).backward
    assert found is not None
    assert found.error < 1e-7
    model.load_state_dict(dict(found.state))
    assert prove(model, input_shape=(2, 5, 5), group="p4").verdict == "proved"


def test_a_layer_without_a_motion_is_read_beside_others_only() -> None:
    """Max pooling of entries that are not independent is run as a sum: it must not see such a layer."""

    class Pooled(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.linear(x, torch.tensor([[1.0, 1.0], [1.0, -1.0]]).double()).amax(1)

    model: Any = Pooled()
    program = checker.exported(model, [[2]])
    found = json.loads(json.dumps(prove(nn.Identity(), input_shape=(2,), group="channels").certificate()))
    (step,) = found["generators"][0]["steps"].values()
    (name,) = program.graph_signature.user_inputs
    out = {"shape": [1], "batch": [0, 1], "parts": []}
    found["generators"][0]["steps"] = {name: step, "linear": {"open": True}, "amax": out}
    found |= {"outputs": ["amax"], "fingerprint": checker.fingerprint(model), "claim": "invariant"}
    with pytest.raises(RefusedError, match="not stated"):
        verify(found | {"seal": seal(found)}, model, program)
