import pytest
import torch
from torch import nn

from invariance.errors import ArgumentError
from invariance.groups import P4
from invariance.layers.gconv import (
    GroupBatchNorm2d,
    GroupMaxPool2d,
    GroupPool,
    P4ConvP4,
    P4ConvZ2,
    Residual,
    Subsample,
    to_planar,
)
from invariance.sizes import Window, check_exact_size, exact_sizes, size_defects

STRIDED = nn.Sequential(
    P4ConvZ2(3, 2, 3, 1, 1),
    GroupBatchNorm2d(P4, 2),
    P4ConvP4(2, 2, 3, 2, 1),
    nn.ReLU(),
    P4ConvP4(2, 2, 3, 2, 1),
    GroupPool(P4),
    nn.AdaptiveAvgPool2d(1),
)


def error(net: nn.Module, size: int) -> float:
    x = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(size), dtype=torch.float64)
    with torch.no_grad():
        return float((net(x.rot90(1, (-2, -1))) - net(x)).norm() / net(x).norm())


def test_exact_sizes_are_those_at_which_the_net_is_exact() -> None:
    net = to_planar(STRIDED.eval()).double()
    assert exact_sizes(STRIDED, range(3, 20)) == [5, 9, 13, 17] == exact_sizes(net, range(3, 20))
    for size in range(3, 20):
        assert (error(net, size) <= 1e-12) is (size % 4 == 1)


def test_defects_name_the_layers_in_order_and_the_numbers() -> None:
    defects = size_defects(STRIDED, 32)
    assert [window.layer for window in defects] == ["2", "4"]
    assert str(defects[0]) == "2 (P4ConvP4): (n + 2p − k) mod s = (32 + 2·1 − 3) mod 2 = 1"
    assert [window.layer for window in size_defects(STRIDED, 31)] == ["4"]
    assert size_defects(STRIDED, 33) == []
    assert str(Window("head", "Conv2d", 9, 4, 1, (1, 2))) == "head (Conv2d): pads 1 before and 2 after, at every size"


def test_advice_gives_the_nearest_sizes() -> None:
    check_exact_size(STRIDED, 33)
    with pytest.raises(ArgumentError, match=r"size = 32: exact at 29 and 33; 2 \(P4ConvP4\)"):
        check_exact_size(STRIDED, 32)
    branches = Residual(P4ConvP4(1, 1, 3, 2, 1), P4ConvP4(1, 1, 1, 2))
    with pytest.raises(ArgumentError, match=r"exact at 7 and 9; body \(P4ConvP4\)"):
        check_exact_size(branches, 8, channels=(1, 4))
    with pytest.raises(ArgumentError, match=r"exact at 2 and 4; MaxPool2d: "):
        check_exact_size(nn.MaxPool2d(2), 3, channels=1)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize(
    ("layer", "exact"),
    [
        (nn.Conv2d(1, 1, 3, 2), [3, 5, 7]),
        (nn.Conv2d(1, 1, 2, 2), [2, 4, 6, 8]),
        (nn.Conv2d(1, 1, 3, dilation=2, stride=3), [5, 8]),
        (nn.Conv2d(1, 1, (3, 2), stride=(2, 1)), [3, 5, 7]),
        (nn.Conv2d(1, 1, (2, 3), stride=(1, 2)), [3, 5, 7]),
        (nn.Conv2d(1, 1, 4, padding="same"), []),
        (nn.Conv2d(1, 1, 3, padding="same"), [1, 2, 3, 4, 5, 6, 7, 8]),
        (nn.Conv2d(1, 1, 7, padding="valid"), [7, 8]),
        (nn.ConvTranspose2d(1, 1, 2, 2), [1, 2, 3, 4, 5, 6, 7, 8]),
        (nn.MaxPool2d(3), [3, 6]),
        (nn.MaxPool2d(2, ceil_mode=True), [2, 4, 6, 8]),
        (nn.LPPool2d(2, 2), [2, 4, 6, 8]),
        (nn.AvgPool2d(4, 3, 1), [2, 5, 8]),
        (nn.AdaptiveAvgPool2d(2), [1, 2, 3, 4, 5, 6, 7, 8]),
    ],
    ids=str,
)
def test_torch_layers(layer: nn.Module, exact: list[int]) -> None:
    assert exact_sizes(layer, range(1, 9), channels=1) == exact


@pytest.mark.parametrize("layer", [GroupMaxPool2d(3, 2, 1), Subsample(P4, stride=2), P4ConvP4(1, 1, 3, 2)], ids=str)
def test_group_features(layer: nn.Module) -> None:
    assert exact_sizes(layer, range(4, 9), channels=(1, 4)) == [5, 7]


def test_the_net_is_left_as_it_was() -> None:
    net = nn.Sequential(P4ConvZ2(3, 2, 3), GroupBatchNorm2d(P4, 2)).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    size_defects(net, 8)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert net.training
    assert not any(module._forward_pre_hooks for module in net.modules())


def test_branches_must_agree() -> None:
    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.odd, self.even = nn.Conv2d(1, 1, 3, 2, 1), nn.Conv2d(1, 1, 2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.odd(x).sum((-2, -1)) + self.even(x).sum((-2, -1))

    assert exact_sizes(Branches(), range(2, 12)) == []
    with pytest.raises(ArgumentError, match="no size near it is exact"):
        check_exact_size(Branches(), 8)


@pytest.mark.bad_input
def test_what_the_net_refuses_everywhere_is_passed_on() -> None:
    with pytest.raises(ArgumentError, match="channels = None"):
        exact_sizes(nn.ReLU(), [8])
    with pytest.raises(RuntimeError, match="dim"):
        exact_sizes(nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten(), nn.Linear(7, 1)), range(8, 10))
    assert exact_sizes(nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten(), nn.Linear(36, 1)), range(6, 10)) == [8]
