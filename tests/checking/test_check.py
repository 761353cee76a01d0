"""Verdicts on modules whose symmetry is known: exactly on pixels, for every kind of field and claim."""

import json
from functools import reduce
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from invariance import GROUPS, P4, P4M
from invariance.checking import CheckReport, Question, answer, check
from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.layers import GroupBatchNorm2d, GroupPool, JacobianConv2d, P4ConvP4, P4ConvZ2, P4MConvP4M, P4MConvZ2
from invariance.models import DiffCNN


def p4_net(*, channels: int = 4, depth: int = 1, stride: int = 1) -> nn.Sequential:
    torch.manual_seed(0)
    deep = [m for _ in range(depth) for m in (nn.ReLU(), P4ConvP4(channels, channels, 3, stride=stride, padding=1))]
    return nn.Sequential(P4ConvZ2(3, channels, 3, padding=1), *deep)


def pooled(net: nn.Module) -> nn.Module:
    return nn.Sequential(net, nn.AdaptiveAvgPool3d(1), nn.Flatten())


def asked(model: Any, group: str = "p4", claim: Any = "equivariant", size: int = 16, **options: Any) -> CheckReport:
    options.setdefault("input_shape", (3, size, size))
    return check(model, group=group, claim=claim, **options)


def plain(in_channels: int = 3, **options: Any) -> nn.Conv2d:
    torch.manual_seed(1)
    return nn.Conv2d(in_channels, 4, 3, **options)


SYMMETRIC: dict[str, tuple[Any, ...]] = {
    "p4 regular": (p4_net, "p4", "equivariant", {"action": "regular"}),
    "p4 pooled over the group": (lambda: nn.Sequential(p4_net(), GroupPool(P4)), "p4", "equivariant", {}),
    "p4 pooled over all": (lambda: pooled(p4_net()), "p4", "invariant", {}),
    "half turns are among the quarter turns": (lambda: pooled(p4_net()), "p2", "invariant", {}),
    "p4m regular": (
        lambda: nn.Sequential(P4MConvZ2(3, 2, 3), nn.ReLU(), P4MConvP4M(2, 2, 3)),
        "p4m",
        "equivariant",
        {"action": "regular"},
    ),
    "group features in": (
        lambda: P4ConvP4(2, 2, 3),
        "p4",
        "equivariant",
        {"action": "regular", "fibre": "regular", "input_shape": (2, 4, 9, 9)},
    ),
    "batch statistics in training": (
        lambda: nn.Sequential(P4ConvZ2(3, 2, 3), GroupBatchNorm2d(P4, 2)),
        "p4",
        "equivariant",
        {"action": "regular", "batch": 64},
    ),
    "a function": (lambda: torch.relu, "p4m", "equivariant", {}),
    "an image that is not square": (lambda: nn.AvgPool2d(2), "p4", "equivariant", {"input_shape": (3, 8, 12)}),
    "Jacobian fields turn": (
        lambda: JacobianConv2d(2, 3, 1),
        "p4m",
        "equivariant",
        {"action": "jacobian", "fibre": "jacobian", "input_shape": (2, 3, 2, 9, 9)},
    ),
    "block fields": (
        lambda: JacobianConv2d(2, 3, 3, stride=3),
        "block-fields",
        "equivariant",
        {"action": "jacobian", "input_shape": (2, 3, 2, 12, 12)},
    ),
    "block fields of a head": (
        lambda: DiffCNN(3, 3, stride=3, generator=torch.Generator().manual_seed(2)).head,  # far from singular
        "block-fields",
        "invariant",
        {"input_shape": (1, 3, 2, 12, 12)},
    ),
    "gains": (lambda: nn.InstanceNorm2d(3, eps=0), "colour-gain", "invariant", {}),
    "gains of each channel": (lambda: torch.abs, "colour-gain", "equivariant", {}),
    "shifts on the torus": (lambda: plain(padding=1, padding_mode="circular"), "translation", "equivariant", {}),
    "shifts within zeros": (lambda: plain(padding=1), "translation", "equivariant", {}),
    "shifts with a stride": (lambda: plain(padding=1, stride=2), "translation", "equivariant", {}),
    "shifts without padding": (lambda: plain(dilation=2), "translation", "equivariant", {}),
    "shifts and norms over the image": (
        lambda: nn.Sequential(plain(padding=1), nn.InstanceNorm2d(4), nn.Conv2d(4, 2, 3, padding=1)),
        "translation",
        "equivariant",
        {"size": 32},
    ),
    "shifts and averages": (
        lambda: nn.Sequential(plain(padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)),
        "translation",
        "invariant",
        {},
    ),
    "shifts of content that the border reaches": (
        lambda: nn.Sequential(nn.Conv2d(3, 4, 9, padding=4), nn.ReLU(), nn.AdaptiveAvgPool2d(1)),
        "translation",
        "invariant",
        {"size": 12},
    ),
}


@pytest.mark.parametrize(("make", "group", "claim", "options"), SYMMETRIC.values(), ids=SYMMETRIC)
def test_symmetric_modules_are_consistent(make, group, claim, options):
    report = asked(make(), group, claim, **options)
    assert report.verdict == "consistent", report
    assert report.worst is not None
    assert report.worst.error is not None
    assert report.worst.error < report.worst.floor < 1e-9


class Permuted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = p4_net()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)[:, :, [1, 0, 2, 3]]


class Planar(nn.Module):
    """A planar layer with symmetric taps, and a fault to put in."""

    taps: torch.Tensor

    def __init__(self, fault: str, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        self.fault = fault
        taps = torch.randn(4, 3, 3, 3, generator=torch.Generator().manual_seed(0), dtype=dtype)
        symmetric = reduce(torch.add, [torch.rot90(taps, k, (-2, -1)) for k in range(4)])
        if fault == "tap":
            symmetric[0, 0, 0, 1] *= 1.01
        self.register_buffer("taps", symmetric[..., :2, :2] if fault == "even" else symmetric)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        padding = {"padding": (1, 0, 1, 1), "even": (1, 0, 1, 0)}.get(self.fault, (1, 1, 1, 1))
        y = F.conv2d(F.pad(x, padding), self.taps)
        match self.fault:
            case "cast":
                return F.conv2d(F.pad(x, padding).float(), self.taps.float()).mean((-2, -1)).to(x.dtype)
            case "centre":
                return y.roll(1, -1)
            case "transposed":
                return torch.cat((y[:, :1].mT, y[:, 1:]), 1)
            case "position":
                return y + 1e-2 * torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype)
            case _:
                return y


@pytest.mark.parametrize("fault", ["tap", "padding", "even", "centre", "position"])
def test_faults_are_violations(fault):
    assert asked(Planar("none"), claim="equivariant").verdict == "consistent"
    assert asked(Planar(fault), claim="equivariant").verdict == "violated"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_step_in_float32_is_judged_in_float32(dtype: torch.dtype):
    report = asked(Planar("cast", dtype), claim="invariant")
    assert report.verdict == "consistent"
    assert "coarser than asked for" in report.diagnosis[0]
    assert 1e-10 < max(row.error or 0 for row in report.rows) < 1e-6


BROKEN: dict[str, tuple[Any, ...]] = {
    "elements in another order": (Permuted, "p4", "equivariant", {"action": "regular"}),
    "transposed channel": (lambda: Planar("transposed"), "p4", "equivariant", {}),
    "a plain layer": (lambda: plain(), "p4", "equivariant", {}),
    "p4 is not p4m": (lambda: nn.Sequential(p4_net(), GroupPool(P4)), "p4m", "equivariant", {}),
    "a field is not invariant": (lambda: nn.Sequential(p4_net(), GroupPool(P4)), "p4", "invariant", {}),
    "stride inside a vector": (
        lambda: nn.Sequential(plain(padding=1, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1)),
        "translation",
        "invariant",
        {},
    ),
    "position on the plane": (lambda: Planar("position"), "translation", "equivariant", {}),
    "blocks that overlap": (
        lambda: JacobianConv2d(2, 3, 3, padding=1),
        "block-fields",
        "equivariant",
        {"action": "jacobian", "input_shape": (2, 3, 2, 12, 12)},
    ),
    "colours that are mixed": (lambda: DiffCNN(3, 1), "colour-gain", "invariant", {}),
}


@pytest.mark.parametrize(("make", "group", "claim", "options"), BROKEN.values(), ids=BROKEN)
def test_broken_modules_are_violations(make, group, claim, options):
    report = asked(make(), group, claim, **options)
    assert report.verdict == "violated", report
    assert report.worst is not None
    assert (report.worst.error or 0) > 1e-4


def test_filters_symmetrised_in_float32_are_symmetric_to_float32():
    report = asked(Planar("none", torch.float32))
    assert report.verdict == "consistent"
    assert 1e-10 < max(row.error or 0 for row in report.rows) < max(row.floor for row in report.rows) < 1e-5
    assert "precision in which the parameters are stored" in report.diagnosis[0]
    assert asked(Planar("none")).rows[0].floor < 1e-10


def test_a_constant_is_undefined():
    report = asked(lambda x: torch.ones_like(x[:, 0, 0]) + 1e-17 * x[:, 0, 0], claim="invariant")
    assert report.verdict == "undefined"
    assert report.rows[0].error is None
    assert "constant" in report.diagnosis[0]


def test_the_stride_and_the_sizes_are_named():
    report = asked(nn.Sequential(p4_net(depth=2, stride=2), GroupPool(P4)), size=32)
    assert report.verdict == "violated"
    (said,) = report.diagnosis
    assert said.startswith("exact at 29, 33; broken at 32: 0.2 (P4ConvP4): (n + 2p − k) mod s = (32 + 2·1 − 3) mod 2")
    elsewhere = [row for row in report.rows if row.size != (32, 32)]
    assert {row.kind for row in elsewhere} == {row.kind for row in report.rows if row.size == (32, 32)}
    assert asked(nn.Sequential(p4_net(depth=2, stride=2), GroupPool(P4)), sizes=(29, 33)).verdict == "consistent"


def test_other_sizes_are_asked_for_what_failed_alone():
    """Eight kinds of images are drawn at the size that is asked for, one at each size beside it."""
    net, seen = nn.Sequential(p4_net(depth=2, stride=2), GroupPool(P4)).double(), []
    net.register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[0].shape)))
    asked(net, size=32)
    counts = {n: sum(shape[0] for shape in seen if shape[-1] == n) for n in (29, 32, 33)}
    assert max(counts[29], counts[33]) < counts[32] / 2


def test_a_stride_is_not_blamed_for_something_else():
    report = asked(plain(stride=2), size=16)
    assert report.verdict == "violated"
    assert "there is more to it than" in report.diagnosis[0]


def test_the_first_layer_that_breaks_is_named():
    broken = nn.Sequential(P4ConvZ2(3, 4, 3), GroupPool(P4), plain(in_channels=4), nn.ReLU(), plain(in_channels=4))
    first, others = asked(broken, size=16).diagnosis
    assert first.startswith("first broken by 2 (Conv2d): E = ")
    assert first.endswith("°")
    assert others == "broken also by 4 (Conv2d), each on its own"


def test_an_output_that_moves_otherwise_than_claimed_is_told_from_a_broken_layer():
    said, ask = asked(nn.Sequential(p4_net(), nn.ReLU()), claim="invariant").diagnosis
    assert said == "no layer breaks it, but the output moves otherwise than claimed: regular, on the group axis"
    assert ask.endswith("--group p4 --claim equivariant --action regular")


def test_a_layer_that_breaks_shifts_is_named():
    model = nn.Sequential(plain(), nn.ReLU(), plain(in_channels=4, stride=2), nn.AdaptiveAvgPool2d(1))
    said = asked(model, "translation", "invariant", size=32).diagnosis[-1]
    assert said.startswith("first broken by 2 (Conv2d): E = ")
    assert said.endswith("keeps shifts of its input by multiples of its stride, 2")


def test_every_element_has_a_row():
    report = asked(pooled(p4_net()), "p4m", "invariant")
    assert len(report.rows) == P4M.order - 1
    quarter = [row for row in report.rows if row.transformation.endswith("°")]
    assert {row.verdict for row in quarter} == {"consistent"}
    assert {row.verdict for row in report.rows if row not in quarter} == {"violated"}


def test_a_function_may_say_how_the_output_moves():
    order = [3, 2, 1, 0]

    def backwards(element: int, output: torch.Tensor) -> torch.Tensor:
        return P4.act(element, output[:, :, order])[:, :, order]

    def model(x: torch.Tensor) -> torch.Tensor:
        return P4.act(0, net(x))[:, :, order]

    net = p4_net().double()
    assert asked(model, claim="equivariant", action=backwards).verdict == "consistent"
    assert asked(model, claim="equivariant", action="regular").verdict == "violated"


BOUNDED: dict[str, dict[str, Any]] = {
    "p4m": {"claim": "equivariant"},
    "translation": {"claim": "equivariant"},
    "colour-gain": {},
    "block-fields": {"input_shape": (2, 3, 2, 8, 8), "block": 2},
    "rotation": {"sizes": (8, 12, 16, 24), "images": 4},
    "smooth": {"sizes": (8, 12, 16, 24), "images": 4, "claim": "equivariant"},
}


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("group", BOUNDED)
def test_no_pass_sees_more_than_a_batch(group: str, batch: int):
    passes = []

    def model(x: torch.Tensor) -> torch.Tensor:
        passes.append(len(x))
        return (x**2 + x.roll(1, -1)) * 2

    asked(model, group, **{"claim": "invariant", "size": 8, "batch": batch, **BOUNDED[group]})
    assert max(passes) <= batch


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_the_batch_bounds_a_pass_and_changes_nothing(batch: int):
    passes = []

    def model(x: torch.Tensor) -> torch.Tensor:
        passes.append(len(x))
        return x.square().mean((-2, -1))

    report = asked(model, claim="invariant", batch=batch)
    assert max(passes) <= batch
    assert [row.error for row in report.rows] == pytest.approx(
        [row.error for row in asked(model, claim="invariant").rows], abs=1e-15
    )


def test_the_model_is_left_as_it_was():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    state = {name: value.clone() for name, value in model.state_dict().items()}
    asked(model, claim="invariant", batch=16)
    assert model.training
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert {p.dtype for p in model.parameters()} == {torch.float32}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_lower_precisions_have_their_floors(dtype: torch.dtype):
    net = pooled(p4_net())
    report = asked(net, claim="invariant", dtype=dtype)
    assert report.verdict == ("consistent" if dtype == torch.float32 else "undecided")
    assert all(row.floor > 1e-7 for row in report.rows)


def test_a_question_has_one_answer_and_survives_json():
    model = p4_net()
    generator = torch.Generator().manual_seed(5)
    report = asked(model, claim="equivariant", action="regular", generator=generator)
    data = json.loads(report.to_json())
    again = answer(model, Question.from_dict(data["question"]))
    assert again.to_dict() == data
    assert (
        asked(model, claim="equivariant", action="regular", generator=generator).question.seed != report.question.seed
    )


MISTAKES: dict[str, tuple[Any, ...]] = {
    "group": (torch.relu, {"group": "p17"}, "group = p17"),
    "hexagonal group": (torch.relu, {"group": "p3"}, "group = p3: a group of square pixels"),
    "claim": (torch.relu, {"claim": "pretty"}, "claim = pretty"),
    "an action of what stays": (torch.relu, {"claim": "invariant", "action": "scalar"}, "action = scalar"),
    "a third word": (torch.relu, {"claim": "covariant"}, "claim = covariant: one of invariant, equivariant"),
    "unknown action": (torch.relu, {"claim": "equivariant", "action": "spin"}, "action = spin"),
    "function of no finite group": (
        torch.relu,
        {"group": "rotation", "claim": "equivariant", "action": lambda g, x: x},
        "finite group",
    ),
    "shape": (torch.relu, {"input_shape": (3, 8)}, "input_shape = (3, 8)"),
    "group axis": (torch.relu, {"input_shape": (3, 8, 8, 8), "fibre": "regular"}, "4 elements of p4"),
    "a volume": (torch.relu, {"input_shape": (1, 4, 8, 8)}, "say of more axes what they are"),
    "axes of a fibre": (torch.relu, {"fibre": "regular"}, "4 axes for regular"),
    "Jacobian axes": (torch.relu, {"fibre": "jacobian", "input_shape": (1, 2, 3, 8, 8)}, "Jacobian field"),
    "gains of what is no image": (
        torch.relu,
        {"group": "colour-gain", "input_shape": (1, 3, 2, 8, 8)},
        "say of more axes",
    ),
    "block fields of an image": (torch.relu, {"group": "block-fields"}, "5 axes for jacobian"),
    "no kernel": (torch.relu, {"group": "block-fields", "input_shape": (1, 3, 2, 8, 8)}, "block = None"),
    "block of no block field": (torch.relu, {"block": 3}, "block = 3"),
    "rectangle": (torch.relu, {"group": "rotation", "input_shape": (3, 8, 9)}, "a square for rotation"),
    "one image": (torch.relu, {"images": 1}, "images = 1"),
    "no batch": (torch.relu, {"batch": 0}, "batch = 0"),
    "no sizes": (torch.relu, {"sizes": ()}, "sizes = ()"),
    "dtype": (torch.relu, {"dtype": torch.int64}, "dtype = torch.int64"),
    "refused input": (nn.Conv2d(1, 1, 3), {}, "input_shape = (3, 8, 8)"),
    "NaN": (lambda x: x / 0, {}, "NaN or infinite in"),
    "one number": (lambda x: x.sum(), {}, "one output for each"),
    "vector that moves": (lambda x: x.mean((-2, -1)), {"claim": "equivariant"}, "scalar field"),
    "no group axis": (torch.relu, {"claim": "equivariant", "action": "regular"}, "regular representation of p4"),
    "no Jacobian field": (torch.relu, {"claim": "equivariant", "action": "jacobian"}, "Jacobian field"),
    "gains of other channels": (nn.Conv2d(3, 4, 1), {"group": "colour-gain", "claim": "equivariant"}, "3 channels"),
    "dropout": (nn.Sequential(nn.Dropout()), {}, "0 (Dropout) is on: ask again with eval=True (--eval)"),
    "random": (lambda x: x + torch.rand_like(x), {}, "it is random"),
}


@pytest.mark.bad_input
@pytest.mark.parametrize(("model", "options", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(model, options, said):
    with pytest.raises(ArgumentError) as caught:
        check(model, **{"input_shape": (3, 8, 8), "group": "p4", **options})
    assert said in str(caught.value)


@pytest.mark.parametrize("model", [lambda x: (x, x), lambda x: x > 0, lambda x: None])
def test_outputs_that_are_no_tensor_are_named(model):
    with pytest.raises(ArgumentTypeError, match="one floating-point tensor"):
        asked(model, claim="invariant")


def test_groups_of_pixels_are_known():
    for name, group in GROUPS.items():
        if group.permutes_pixels:
            assert len(asked(torch.relu, name).rows) == group.order - 1


class RemembersBehindTheFirst(nn.Module):
    """Its later calls change all samples of a batch but the first."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        y = x.mean((2, 3))
        return torch.cat((y[:1], y[1:] + (0.01 if self.calls > 3 else 0)))


@pytest.mark.bad_input
@pytest.mark.parametrize("group", ["p2", "p4"])
def test_memory_that_spares_the_first_sample_is_told(group: str):
    with pytest.raises(ArgumentError, match="two identical passes differ"):
        check(RemembersBehindTheFirst(), group=group, input_shape=(3, 10, 10))
