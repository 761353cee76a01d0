"""Networks that hide what they do: near the edge, behind saturated units, in what they keep from call to call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from coded import Coded
from torch import Tensor, nn
from torch.nn import functional as F

from invariance import Symmetry
from invariance.checking import check
from invariance.checking.noise import Noise
from invariance.errors import ArgumentError, ArgumentTypeError

P4: dict[str, Any] = {"group": "p4", "input_shape": (2, 13, 13)}
FIELD: dict[str, Any] = P4 | {"claim": "equivariant"}
SHIFTS: dict[str, Any] = {"group": "translation", "input_shape": (2, 24, 24), "claim": "equivariant"}


class Turned(nn.Module):
    """A convolution with filters that quarter turns leave as they are."""

    def __init__(self, inputs: int, outputs: int, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        taps = torch.randn(outputs, inputs, 3, 3, generator=generator, dtype=torch.float64) / (9 * inputs) ** 0.5
        self.taps = nn.Parameter(sum((taps.rot90(turn, (-2, -1)) for turn in range(4)), torch.zeros(())) / 2)
        self.bias = nn.Parameter(0.1 * torch.randn(outputs, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.taps.to(x), self.bias.to(x), padding=1)


def brighter(y: Tensor) -> Tensor:
    """The last fifth of the columns by a half."""
    return y * (1 + 0.5 * (torch.arange(y.shape[-1]) >= 0.8 * y.shape[-1]).to(y))


@pytest.mark.parametrize(
    "before",
    [nn.Identity(), nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular")],
    ids=["nothing pads", "zeros", "circular"],
)
def test_a_place_near_the_edge_is_no_border(before: nn.Module) -> None:
    assert check(before, **SHIFTS).verdict == "consistent"
    assert check(nn.Sequential(before, Coded(brighter)), **SHIFTS).verdict == "violated"


@pytest.mark.parametrize(
    ("code", "doubt"),
    [
        (lambda x: F.conv2d(torch.cat((x[..., :1] * 0, x, x[..., :1] * 0), -1), TAPS), "concatenation"),
        (lambda x: F.conv2d(x[..., [1, *range(x.shape[-1]), -2]], TAPS), "pixels chosen by their places"),
    ],
    ids=["zeros put beside", "reflected by indices"],
)
def test_padding_by_hand_is_a_border(code: Callable[[Tensor], Tensor], doubt: str) -> None:
    """It is consistent well inside, and undecided where the image has no inside."""
    assert check(Coded(code), **SHIFTS).verdict == "consistent"
    options: dict[str, Any] = SHIFTS | {"input_shape": (2, 4, 8)}
    narrow = check(Coded(lambda x: code(code(code(x)))), **options)
    assert narrow.verdict == "undecided"
    assert doubt in str(narrow)


TAPS = torch.randn(2, 2, 1, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

IDLE = [
    *[(group, "image:3x8x8") for group in ("signs(3)", "channels(3)", "gains(3)", "hue", "S(7)")],
    *[("SO(3)", "scalars:5x3"), ("E(3)", "nodes:5x3"), ("p4", "sequence:2x8"), ("lorentz", "scalars:5x4")],
    *[("shifts(8)", "nodes:8x3"), ("shifts(1)", "sequence:1x1")],
]


@pytest.mark.bad_input
@pytest.mark.parametrize(("group", "fields"), IDLE)
def test_a_group_that_moves_nothing_is_refused(group: str, fields: str) -> None:
    with pytest.raises(ArgumentError, match="one that moves"):
        check(lambda x: x.flatten(1)[:, :1], Symmetry(group, fields, "invariant"))


SATURATED: dict[str, tuple[Callable[[Tensor], Tensor], int]] = {
    "sigmoid": (torch.sigmoid, 13),
    "tanh": (torch.tanh, 21),
    "steep": (lambda y: (1e4 * y).sigmoid(), 2),
    "sign": (torch.sign, 0),
}


@pytest.mark.parametrize(("unit", "seed"), SATURATED.values(), ids=SATURATED)
def test_a_norm_of_saturated_units_divides_rounding_by_nothing(unit: Callable[[Tensor], Tensor], seed: int) -> None:
    def net(fault: float) -> nn.Module:
        layers = (Turned(2, 8, seed), Coded(unit), nn.InstanceNorm2d(8), nn.ReLU())
        return nn.Sequential(*layers, Coded(lambda y: (y * (1 + fault * torch.arange(13).to(y))).mean((-2, -1))))

    assert check(net(0), **P4).verdict == "consistent"
    assert check(net(0.01), **P4).verdict == "violated"


def test_noise_leaves_alone_what_rounds_nothing() -> None:
    x = torch.rand(4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    with Noise(0):
        largest = (x == x.amax(1, keepdim=True)).sum()
        chosen = torch.cat((x.relu(), x.flip(1)[:, :2]), 1).sort().values
        summed = x.sum()
    assert largest == 4
    assert torch.equal(chosen, torch.cat((x.relu(), x.flip(1)[:, :2]), 1).sort().values)
    assert 0 < abs(summed - x.sum()) < 1e-14


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_an_output_that_rounding_hides_is_not_constant(dtype: torch.dtype) -> None:
    """Of faint images a few bits leave the bias alone; other kinds show that the output is not the same for all."""
    net = nn.Sequential(Turned(2, 4), nn.ReLU(), Turned(4, 4, 1))
    report = check(net, dtype=dtype, **FIELD)
    assert report.verdict == "undecided"
    assert "check in float64" in str(report)


def test_chaos_is_not_constant() -> None:
    layers = [part for i in range(12) for part in (Turned(2, 2, i), Coded(lambda y: (5 * y).sin()))]
    assert check(nn.Sequential(*layers), **FIELD).verdict == "undecided"


class Keeps(nn.Module):
    """Stores its output, and a grid that it makes when it is first called."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.grid = Turned(2, 4), None

    def forward(self, x: Tensor) -> Tensor:
        self.grid = torch.zeros(x.shape[-2:]).to(x) if self.grid is None else self.grid
        self.last = self.layer(x) + self.grid
        return self.last


class Counts(nn.Module):
    """From the fifth call on it is another function."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.calls = Turned(2, 4), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.layer(x) * (1 + (self.calls > 4) * 0.05 * self.calls)


def test_tensors_may_be_kept_but_calls_not_be_counted() -> None:
    assert check(Keeps(), **FIELD).verdict == "consistent"
    with pytest.raises(ArgumentError, match="remembers earlier calls"):
        check(Counts(), **FIELD)


def test_a_map_where_a_vector_is_claimed() -> None:
    assert check(nn.Conv2d(2, 4, 3), input_shape=(2, 16, 16), group="translation").verdict == "violated"


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "on the meta device": (nn.Conv2d(2, 4, 3, device="meta"), FIELD, "model = parameters on the meta device"),
    "sparse": (lambda x: x.to_sparse(), FIELD, "one dense floating-point tensor"),
    "a number": (5, FIELD, "a module or a function"),
    "a class": (nn.ReLU, FIELD, "model = ReLU: an object of this class: ReLU(…)"),
    "a dict": (lambda x: {"a": x}, FIELD, "of a tuple, dict or dataclass a Symmetry says"),
    "float32 inside": (Coded(lambda x: x @ torch.eye(13)), FIELD, "such as dtype=torch.float32"),
    "inputs that are all the same": (
        nn.ReLU(),
        FIELD | {"inputs": torch.ones(4, 2, 13, 13)},
        "inputs = 4 equal samples: samples that differ",
    ),
    "variants as one word": (nn.ReLU(), FIELD | {"variants": "eager"}, "variants = eager: a list of names"),
    "an action by number": (nn.ReLU(), FIELD | {"action": 3}, "action = 3: one of scalar"),
    "a name misspelt": (nn.ReLU(), FIELD | {"group": "rotatoin"}, "did you mean rotation?"),
}


@pytest.mark.bad_input
@pytest.mark.parametrize(("model", "options", "said"), REFUSED.values(), ids=REFUSED)
def test_mistakes_are_named(model: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError)) as raised:
        check(model, **options)
    assert said in str(raised.value)


@pytest.mark.parametrize("name", ["P4", "c4"])
def test_names_in_capitals_or_not(name: str) -> None:
    options: dict[str, Any] = FIELD | {"group": name}
    assert check(nn.ReLU(), **options).verdict == "consistent"


def test_rounding_is_that_of_where_a_motion_leads():
    """Far from the origin a distance from a matrix product is off by more, also that of a point from itself."""

    def distances(p: Tensor) -> Tensor:
        squares = p.square().sum(-1)
        return (squares[:, :, None] + squares[:, None] - 2 * p @ p.mT).clamp(min=0).sqrt()

    symmetry = Symmetry("E(3)", "points:12", "invariant")
    assert check(Coded(distances), symmetry).verdict == "consistent"
    assert check(Coded(lambda p: distances(p) + 1e-5 * p[..., :1]), symmetry).verdict == "violated"


def fading(x: Tensor) -> Tensor:
    return torch.linspace(-1, 1, x.shape[-1]).to(x)


@pytest.mark.parametrize("seed", range(2))
def test_a_branch_for_whole_numbers_is_no_rounding(seed: int) -> None:
    def branch(x: Tensor) -> Tensor:
        return x * (1 + 0.3 * fading(x) * ((x == x.round()) & (x > 0)))

    report = check(Coded(branch), generator=torch.Generator().manual_seed(seed), **FIELD)
    assert report.verdict == "violated"
    assert "on whole numbers from 0 to 255" in str(report)
    own = torch.randint(0, 256, (6, 2, 13, 13), generator=torch.Generator().manual_seed(seed)).double()
    assert check(Coded(branch), inputs=own, **FIELD).verdict == "violated"


def test_a_kind_that_rounding_hides_is_named() -> None:
    report = check(Coded(lambda x: x * (1 + 0.3 * ((x == x.round()) & (x > 0)))), **FIELD)
    assert report.verdict == "consistent"
    assert "no verdict on whole numbers from 0 to 255: there rounding could hide a fault" in report.diagnosis


def test_an_eigenvalue_that_is_0_is_a_channel_of_which_nothing_is_said() -> None:
    class Spectrum(nn.Module):
        def forward(self, graph: Tensor) -> Tensor:
            return torch.linalg.eigvalsh(torch.diag_embed(graph.sum(-1)) - graph)

    report = check(Spectrum(), Symmetry("S(6)", "adjacency:6", "invariant"))
    assert report.verdict == "consistent"
    assert "nothing is said of channels that are 0 up to rounding: 0" in report.diagnosis


BATCH: dict[str, Any] = {"group": "batch", "input_shape": (3, 9, 9)}
MIXES: dict[str, Callable[[Tensor], Tensor]] = {
    "bytes": lambda x: x / 255 if x.max() > 10 else x,
    "positive": lambda x: 2 * x if x.min() >= 0 else x,
    "largest": lambda x: x / x.abs().max().clamp(min=50),
    "bright": lambda x: torch.where((x.mean((1, 2, 3)) > 1)[:, None, None, None], x + 0.1 * x.flip(0), x),
}


@pytest.mark.parametrize("name", MIXES)
def test_batches_are_of_every_kind_and_mixed(name: str) -> None:
    assert check(MIXES[name], **BATCH).verdict == "violated"


@pytest.mark.parametrize("mixed", [lambda x: x / x.abs().max(), lambda x: x + 0.1 * x[-1:]], ids=["largest", "last"])
def test_models_that_mix_samples_are_told_of(mixed: Callable[[Tensor], Tensor]) -> None:
    told = "a sample's output depends on the others of its batch"
    assert told in str(check(Coded(mixed), **FIELD))
    assert told in str(check(Coded(mixed), Symmetry("S(7)", "nodes:7x8", "nodes:7x8")))


class Messages(nn.Module):
    """Sums over neighbours, with a fault at one node for some graphs or features."""

    def __init__(self, where: Callable[[Tensor, Tensor], Tensor] | None = None) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.where, self.linear = where, nn.Linear(5, 4).double()

    def forward(self, x: Tensor, graph: Tensor) -> Tensor:
        y = self.linear(graph @ x + x).relu()
        if self.where is None:
            return y
        third = (torch.arange(x.shape[1]) == 2)[:, None]
        return y * (1 + 0.1 * (self.where(x, graph).view(len(x), -1, 1) & third))


SPECIAL: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "a node alone": lambda x, a: a.sum(-1) == 0,
    "a node joined to all": lambda x, a: a.sum(-1) == 5,
    "no edge": lambda x, a: a.sum((1, 2)) == 0,
    "all edges": lambda x, a: a.sum((1, 2)) == 30,
    "codes of classes": lambda x, a: (x.sum(-1) == 1) & (x.amax(-1) == 1),
    "negative features": lambda x, a: x.amax((1, 2)) < 0,
}


@pytest.mark.parametrize("name", SPECIAL)
def test_graphs_and_features_of_special_values_are_shown(name: str) -> None:
    symmetry = Symmetry("S(6)", ("nodes:6x5", "adjacency:6"), "nodes:6x4")
    assert check(Messages(), symmetry).verdict == "consistent"
    report = check(Messages(SPECIAL[name]), symmetry)
    assert report.verdict == "violated"
    assert not any("sign" in line or "tie" in line for line in report.diagnosis)


def test_a_grey_picture_is_among_the_photographs() -> None:
    def grey_only(x: Tensor) -> Tensor:
        grey = (x - x[:, :1]).abs().amax((1, 2, 3)) < 1e-9
        return x * (1 + 0.1 * grey[:, None, None, None] * fading(x))

    asked: dict[str, Any] = FIELD | {"input_shape": (3, 13, 13)}
    assert check(Coded(grey_only), **asked).verdict == "violated"


def test_a_pole_on_one_side_leaves_out_its_kind_of_images_alone() -> None:
    """Photographs in [0, 1] are taken beyond by a gain, and there the output is none."""

    def bounded(x: Tensor) -> Tensor:
        beyond = (x.amin((1, 2, 3), keepdim=True) >= 0) & (x.amax((1, 2, 3), keepdim=True) > 1.2)
        return (x / x.square().mean((1, 2, 3), keepdim=True).sqrt()).masked_fill(beyond, torch.nan).square()

    report = check(Coded(bounded), group="colour-gain", input_shape=(1, 10, 10))
    assert report.verdict == "consistent"
    assert "as the output is not finite once they are transformed: photograph-like images in [0, 1]" in str(report)


def test_an_export_that_fails_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    class Branches(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return 2 * x if bool((x == x.round()).all()) else x

    check(Branches(), prove=True, **FIELD)
    assert capfd.readouterr() == ("", "")


def test_an_exported_program_is_asked_for_in_evaluation_mode_without_a_word() -> None:
    net = nn.Sequential(nn.Conv2d(2, 4, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)).eval()
    batch = torch.export.Dim.DYNAMIC
    program = torch.export.export(net, (torch.ones(2, 2, 13, 13),), dynamic_shapes=({0: batch},)).module()
    assert check(program, eval=True, **P4).verdict == "consistent"
