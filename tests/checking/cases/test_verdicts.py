"""Networks whose symmetry is known by construction, one or more of each kind that a check could get wrong."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.checking import CheckReport, check
from invariance.checking.inputs import KINDS
from invariance.errors import ArgumentError, ArgumentTypeError


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def four_fold(out: int, channels: int, k: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    taps = torch.randn(out, channels, k, k, generator=seeded(seed), dtype=torch.float64) / math.sqrt(channels * k * k)
    return torch.stack([torch.rot90(taps, r, (-2, -1)) for r in range(4)]).sum(0).div(2).to(dtype)


def asked(model: Any, group: str = "p4", claim: Any = "equivariant", size: int = 9, **options: Any) -> CheckReport:
    return check(model, **{"input_shape": (3, size, size), "group": group, "claim": claim, **options})


class Filtered(nn.Module):
    """Four-fold filters, then something; a fault may be put into one channel."""

    def __init__(
        self, after: Any = lambda y, x: y, *, fault: float = 0.0, scale: tuple[float, ...] = (1, 1, 1, 1)
    ) -> None:
        super().__init__()
        taps = four_fold(4, 3, 3)
        taps[2] *= 1 + fault * torch.randn(3, 3, 3, generator=seeded(7), dtype=torch.float64)
        self.taps, self.after = nn.Parameter(taps * torch.tensor(scale, dtype=torch.float64).view(-1, 1, 1, 1)), after

    def forward(self, x: Tensor) -> Tensor:
        return self.after(F.conv2d(x, self.taps.to(x.dtype), padding=1), x)


@pytest.mark.parametrize("cast", [lambda y, x: y.float(), lambda y, x: y.float().double().tanh()])
def test_a_step_in_float32_inside_is_no_fault(cast):
    model = Filtered(cast)
    model.taps.data = (model.taps * (1 + 3e-8 * torch.randn(model.taps.shape, generator=seeded(2)))).float()
    assert asked(model).verdict == "consistent"
    model.taps.data[0, 0, 0, 0] *= 1.001
    assert asked(model).verdict == "violated"


@pytest.mark.parametrize("k", [1.0, 5.0, 15.0])
def test_heavy_tails_hide_no_channel(k: float):
    assert asked(Filtered(lambda y, x: (k * y / 4).exp())).verdict == "consistent"
    assert asked(Filtered(lambda y, x: (k * y / 4).exp(), fault=0.1)).verdict == "violated"


@pytest.mark.parametrize("loud", [1e3, 1e8, 1e160])
def test_loud_channels_hide_no_other(loud: float):
    scale = (loud, 1, 1, loud)
    assert asked(Filtered(scale=scale)).verdict == "consistent"
    report = asked(Filtered(scale=scale, fault=0.01))
    assert report.verdict == "violated"
    assert any("channel 2 by itself" in said for said in report.diagnosis)


@pytest.mark.parametrize("factor", [1e160, 1e-170])
def test_squares_do_not_overflow(factor: float):
    assert asked(Filtered(lambda y, x: factor * y)).verdict == "consistent"
    assert asked(Filtered(lambda y, x: factor * y, fault=0.1)).verdict == "violated"


def test_one_pixel_of_one_channel_is_seen():
    def off(y: Tensor, x: Tensor) -> Tensor:
        y = y.repeat(1, 16, 1, 1)
        y[:, 40, 2, 3] *= 1.001
        return y

    assert asked(Filtered(off)).verdict == "violated"


BRANCHES = {
    "signed noise and waves": lambda x: x.amin((1, 2, 3)) < -0.1,
    "photograph-like images in [0, 1]": lambda x: (
        (x.amin((1, 2, 3)) > 0) & (x.amax((1, 2, 3)) <= 1) & (x.mean((1, 2, 3)) < 0.99)
    ),
    "mostly black images": lambda x: (x == 0).double().mean((1, 2, 3)) > 0.5,
    "flat areas": lambda x: (x.diff(dim=-1) == 0).double().mean((1, 2, 3)) > 0.5,
    "whole numbers from 0 to 255": lambda x: x.amax((1, 2, 3)) > 100,
    "faint images": lambda x: x.abs().amax((1, 2, 3)) < 0.02,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_on_one_kind_of_images_is_found(kind: str):
    bad = torch.randn(4, 3, 3, 3, generator=seeded(4), dtype=torch.float64)

    def after(y: Tensor, x: Tensor) -> Tensor:
        return y + BRANCHES[kind](x).to(x.dtype).view(-1, 1, 1, 1) * F.conv2d(x, bad.to(x.dtype), padding=1)

    report = asked(Filtered(after), generator=seeded(0))
    assert report.verdict == "violated"
    assert any("broken by" in said and "return y + BRANCHES" in said for said in report.diagnosis)


@pytest.mark.parametrize("function", [lambda x: x.log(), lambda x: x.sqrt(), lambda x: x**2.2])
def test_kinds_that_the_model_refuses_are_left_out(function):
    report = asked(function)
    assert report.verdict == "consistent"
    assert any("left out" in said and "signed" in said for said in report.diagnosis)


def test_whole_numbers_are_looked_up():
    table = nn.Embedding(256, 5)

    class Embedded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = table

        def forward(self, x: Tensor) -> Tensor:
            return self.table(x[:, 0].long()).movedim(-1, 1)

    assert asked(Embedded()).verdict == "consistent"


def test_inputs_of_ones_own():
    def after(y: Tensor, x: Tensor) -> Tensor:
        return y + (x[:, :1] > 1e4).to(x.dtype) * torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype)

    bright = 2e4 * torch.rand((4, 3, 9, 9), generator=seeded(0))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(bright, torch.arange(4)), batch_size=2)
    assert asked(Filtered(after)).verdict == "consistent"
    for given in (bright, [bright], {"image": bright}, loader):
        assert asked(Filtered(after), inputs=given).verdict == "violated"


class Stack(nn.Module):
    """Zero-padded convolutions that see all of the image, and what comes after."""

    def __init__(self, depth: int, mode: Any = "zeros", *, dilation: int = 1, pooled: bool = True) -> None:
        super().__init__()
        convs = [nn.Conv2d(2, 2, 3, padding=dilation, dilation=dilation, padding_mode=mode) for _ in range(depth)]
        for conv in convs:
            conv.weight.data = torch.randn(conv.weight.shape, generator=seeded(1)) / 4
        self.convs, self.pooled = nn.ModuleList(convs), pooled

    def forward(self, x: Tensor) -> Tensor:
        for conv in self.convs:
            x = torch.tanh(conv(x))
        return x.mean((-2, -1)) if self.pooled else x


@pytest.mark.parametrize("options", [{"depth": 10}, {"depth": 10, "pooled": False}, {"depth": 1, "dilation": 24}])
def test_padding_that_reaches_everything_is_told_from_the_network(options):
    claim = "invariant" if options.get("pooled", True) else "equivariant"
    question: dict[str, Any] = {"input_shape": (2, 32, 32) if "dilation" in options else (2, 16, 16), "claim": claim}
    report = asked(Stack(**options), "translation", **question)
    assert report.verdict == "consistent"
    assert "apart from the border" in str(report).splitlines()[0]
    assert "with the same weights and circular padding it holds exactly" in str(report)
    assert asked(Stack(**options), "translation", border="counted", **question).verdict == "violated"
    assert asked(Stack(**options, mode="circular"), "translation", border="counted", **question).verdict == "consistent"


class Positions(nn.Module):
    def __init__(self, height: float, after: nn.Module) -> None:
        super().__init__()
        self.conv, self.after, self.height = nn.Conv2d(1, 4, 3, padding=1), after, height

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.conv(x) + self.height * torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype))


class SqueezeExcite(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * x.mean((-2, -1), keepdim=True).sigmoid()


@pytest.mark.parametrize("after", [nn.GroupNorm(1, 4), nn.InstanceNorm2d(4), SqueezeExcite()])
def test_positions_behind_what_sees_all_of_the_image(after: nn.Module):
    torch.manual_seed(0)
    question: dict[str, Any] = {"input_shape": (1, 16, 16)}
    assert asked(Positions(0.0, after), "translation", **question).verdict == "consistent"
    assert asked(Positions(1.0, after), "translation", **question).verdict == "violated"


def test_what_cannot_be_separated_is_undecided_and_says_what_to_do():
    def model(x: Tensor) -> Tensor:
        if x.shape[-1] != 15:
            raise ValueError("15 pixels only")
        y = torch.cat((x[..., 1:] - x[..., :-1], x[..., :1]), -1)
        return F.conv2d(y, torch.ones(1, 1, 15, 15, dtype=x.dtype), padding=7).tanh().mean((-2, -1))

    report = asked(model, "translation", "invariant", input_shape=(1, 15, 15))
    assert report.verdict == "undecided"
    assert "padding cannot be separated" in str(report)
    assert "larger input" in str(report)


def test_shifts_by_the_stride_alone_are_said_first():
    report = asked(nn.MaxPool2d(2), "translation", size=16)
    assert "for shifts by multiples of 2 pixels" in str(report).splitlines()[0]
    pooled = nn.Sequential(nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1))
    report = asked(pooled, "translation", "invariant", size=16)
    assert report.verdict == "violated"
    assert "it holds for shifts by multiples of 2 pixels alone" in str(report)


def test_thin_images_and_single_numbers():
    conv = nn.Conv2d(3, 4, (1, 3), padding=(0, 1))
    assert asked(conv, "translation", input_shape=(3, 1, 64)).verdict == "consistent"
    assert asked(lambda x: x.square().mean((1, 2, 3)), claim="invariant").verdict == "consistent"
    with pytest.raises(ArgumentError, match="nothing to shift"):
        asked(torch.relu, "translation", input_shape=(3, 1, 1))


def test_batch_statistics_are_named_and_asked_about():
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    report = asked(net)
    assert "1 (BatchNorm2d) is in training mode" in report.diagnosis[0]
    assert asked(net, "batch", "invariant").verdict == "violated"
    assert asked(net, "batch", "invariant", eval=True).verdict == "consistent"
    assert net.training


def in_place(x: Tensor) -> Tensor:
    return x.mul_(2)


def one_at_a_time(x: Tensor) -> Tensor:
    if len(x) != 1:
        raise ValueError("one sample")
    return 2 * x


def slope(x: Tensor) -> Tensor:
    return torch.autograd.grad(x.square().sum(), x)[0]


@pytest.mark.parametrize(
    "model", [in_place, one_at_a_time, slope, nn.LazyConv2d(4, 1)], ids=["in place", "one", "grad", "lazy"]
)
def test_models_with_habits(model):
    assert asked(model).verdict == "consistent"


@pytest.mark.bad_input
def test_mistakes_say_what_to_type():
    net = nn.Conv2d(3, 4, 1)
    with pytest.raises(ArgumentTypeError, match="sizes = 9"):
        asked(net, sizes=9)
    with pytest.raises(ArgumentError, match=r"dtype=torch\.float32"):
        asked(lambda x: net(x))


def test_a_tolerance_decides_instead_of_rounding():
    model = Filtered(fault=0.1)
    assert [asked(model, tolerance=t).verdict for t in (0.9, 1e-4)] == ["consistent", "violated"]


@pytest.mark.parametrize("group", ["p2", "p4", "p4m"])
def test_the_passes_of_a_group_that_passes(group: str):
    passes = []

    class Counted(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            passes.append(len(x))
            return x.tanh()

    report = asked(Counted(), group)
    assert report.verdict == "consistent"
    order = len(report.rows) + 1
    assert sum(passes) <= 1.2 * len(KINDS) * 4 * order + 12


@pytest.mark.bad_input
@pytest.mark.parametrize("given", [{"images": "4"}, {"batch": 2.5}, {"tolerance": "small"}, {"budget": True}])
def test_numbers_that_are_none_are_named(given: dict[str, Any]):
    (name,) = given
    with pytest.raises(ArgumentTypeError, match=f"{name} = .*number"):
        asked(torch.relu, **given)


def test_a_tolerance_has_the_error_beside_it():
    said = str(asked(nn.Conv2d(3, 4, 3, padding=1), tolerance=0.01)).splitlines()[0]
    assert said.startswith("p4, equivariant: violated, E = ")
    assert said.endswith("] beside the tolerance 0.01")


def test_independence_of_the_batch_names_the_layer():
    report = check(nn.Sequential(nn.BatchNorm2d(3)).train(), input_shape=(3, 9, 9), group="batch")
    assert report.verdict == "violated"
    assert report.diagnosis[0] == "0 (BatchNorm2d) is in training mode: ask again with eval=True (--eval)"
