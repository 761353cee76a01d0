"""Networks that say the same of every image are invariant to everything: that is called undefined."""

import pytest
import torch
from torch import nn

from invariance.checking import check

GROUPS = ["p4", "p4m", "translation", "rotation", "smooth", "colour-gain"]


def dead() -> nn.Module:
    """Every unit is below its threshold."""
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    nn.init.constant_(net.get_parameter("0.bias"), -1e3)
    return net


def collapsed() -> nn.Module:
    """The last layer learnt its bias alone."""
    head = nn.Linear(4, 2)
    nn.init.zeros_(head.weight)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)


def normalised() -> nn.Module:
    """The mean after it was taken away: rounding."""
    return nn.Sequential(nn.InstanceNorm2d(3), nn.AdaptiveAvgPool2d(1), nn.Flatten())


@pytest.mark.parametrize("make", [dead, collapsed, normalised])
@pytest.mark.parametrize("group", GROUPS)
def test_constants_are_undefined(make, group: str):
    torch.manual_seed(0)
    report = check(make(), input_shape=(3, 16, 16), group=group)
    assert report.verdict == "undefined", report
    assert all(row.error is None for row in report.rows)
    assert "constant" in report.diagnosis[0]
