"""Size, border and aliasing are told apart on networks where each is the one fault."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from invariance.errors import ArgumentError
from invariance.groups import P4
from invariance.layers.gconv import GroupConv2d, GroupPool, LiftingConv2d
from invariance.measure import bandwidth_profile, border_report, size_sweep

CIRCULAR = {"padding": 1, "padding_mode": "circular"}


class Square(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.square()


def strided() -> nn.Module:
    layers = LiftingConv2d(P4, 3, 2, 3, 2, 1), nn.ReLU(), GroupConv2d(P4, 2, 2, 3, 2, 1), GroupPool(P4)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1)).double()


def test_sizes_are_swept(generator: torch.Generator):
    sweep = size_sweep(strided(), P4, [33, 37, 32, 35], generator=generator)
    assert sweep.exact == [33, 37]
    assert sweep.verdict == (
        "p4: exact at 33, 37; "
        "broken at 32 by 0 (LiftingConv2d); (n + 2p − k) mod s = (32 + 2·1 − 3) mod 2 = 1; "
        "broken at 35 by 2 (GroupConv2d); (n + 2p − k) mod s = (18 + 2·1 − 3) mod 2 = 1"
    )


def test_refused_sizes_are_told(generator: torch.Generator):
    net = nn.Sequential(nn.Conv2d(3, 2, 1), nn.Flatten(), nn.Linear(2 * 64, 3)).double()
    sweep = size_sweep(net, P4, [7, 8], generator=generator)
    assert list(sweep.refused) == [7]
    assert sweep.verdict.endswith("refused at 7")
    with pytest.raises(RuntimeError, match="shapes"):
        size_sweep(net, P4, [7], generator=generator)
    with pytest.raises(ArgumentError, match="at least one size"):
        size_sweep(net, P4, [], generator=generator)


def test_the_border_is_told_from_the_stride(generator: torch.Generator):
    images = torch.randn((2, 3, 24, 24), generator=generator, dtype=torch.float64)
    padded = border_report(strided(), images, (4, 0), border=4)
    assert padded.verdict.startswith("the border: 0 (LiftingConv2d) is off by E = ")
    assert padded.inner.first_broken is None
    stride = border_report(strided(), images, (1, 0), border=1)
    assert stride.verdict.startswith("not the border alone: 0 (LiftingConv2d)")
    assert stride.verdict.endswith("multiples of its stride, 2")
    circular = nn.Sequential(nn.Conv2d(3, 2, 3, **CIRCULAR), nn.ReLU()).double()
    assert border_report(circular, images, (3, -5), border=5).verdict.startswith("no border effect")


def test_padding_on_one_side_breaks_turns_everywhere(generator: torch.Generator):
    images = torch.randn((2, 3, 24, 24), generator=generator, dtype=torch.float64)
    net = nn.Sequential(nn.ZeroPad2d((1, 0, 1, 0)), LiftingConv2d(P4, 3, 2, 2)).double()
    assert border_report(net, images, P4, border=2).verdict.startswith("not the border alone: 0 (ZeroPad2d)")


def test_aliasing_starts_where_theory_says(generator: torch.Generator):
    """N = 32: a square doubles the frequencies, so is clean below N/4, and a stride of 2 behind it below N/8."""
    layers = nn.Conv2d(3, 4, 3, **CIRCULAR), Square(), nn.Conv2d(4, 4, 3, stride=2, **CIRCULAR), nn.AdaptiveAvgPool2d(1)
    net = nn.Sequential(*layers).double()
    profile = bandwidth_profile(net, size=32, bandwidths=range(1, 16), generator=generator)
    clean = [profile.clean_up_to(layer, tolerance=1e-12) for layer in profile.layers]
    assert clean == [15, 7, 3, 0]
    shuffled = replace(profile, bandwidths=(1, 2, 3), reports=tuple(profile.reports[k] for k in (0, 14, 1)))
    assert shuffled.clean_up_to("1 (Square)") == 1  # a gap ends it
    assert profile.error("3 (AdaptiveAvgPool2d)").isnan().all()
    blurred = nn.Sequential(nn.Conv2d(3, 4, 3, **CIRCULAR), nn.Softplus(beta=1)).double()
    smooth = bandwidth_profile(blurred, size=32, bandwidths=(1, 4, 12), generator=generator).error("1 (Softplus)")
    assert smooth[0] < 1e-3 < 0.1 < smooth[2]


def test_bandwidths_stay_below_nyquist(generator: torch.Generator):
    with pytest.raises(ArgumentError, match="below 8"):
        bandwidth_profile(nn.Identity(), size=16, bandwidths=(4, 8), generator=generator)
