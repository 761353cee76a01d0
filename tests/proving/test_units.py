"""Units that take each other's place times a factor; dead and duplicate units are left out, exactly."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from invariance.errors import ArgumentError
from invariance.proving import Generator, MovingGroup, Reproof, prove
from invariance.proving.checker import verify

EXCHANGE = MovingGroup("exchange", 2, (Generator("exchange", lambda a: a[:, [1, 0]]),), ((0, 0),))


def network(first: list[list[float]], bias: list[float], second: list[list[float]], act: nn.Module) -> nn.Module:
    made = nn.Sequential(nn.Linear(2, len(bias)), act, nn.Linear(len(bias), len(second), bias=False))
    with torch.no_grad():
        for name, values in (("0.weight", first), ("0.bias", bias), ("2.weight", second)):
            made.get_parameter(name).copy_(torch.tensor(values))
    return made


@pytest.mark.parametrize(
    ("act", "verdict"), [(nn.ReLU(), "proved"), (nn.LeakyReLU(0.1), "proved"), (nn.Tanh(), "not proved")]
)
def test_units_of_other_sizes(act: nn.Module, verdict: str) -> None:
    """The second unit is four times what the first is turned into, and counts a quarter: ReLU passes factors."""
    made = network([[1.3, 0.7], [2.8, 5.2]], [0.5, 2.0], [[1.0, 0.25]], act)
    report = prove(made, input_shape=(2,), group=EXCHANGE, claim="invariant", search=False)
    assert report.verdict == verdict
    if verdict == "proved":
        assert report.relations
        assert verify(report.certificate(), made)
    wrong = network([[1.3, 0.7], [2.8, 5.2]], [0.5, 2.0], [[1.0, 0.5]], act)
    assert prove(wrong, input_shape=(2,), group=EXCHANGE, claim="invariant").verdict == "disproved"


def test_a_factor_of_the_wrong_sign() -> None:
    made = network([[1.3, 0.7], [-2.8, -5.2]], [0.5, -2.0], [[1.0, -0.25]], nn.ReLU())
    assert prove(made, input_shape=(2,), group=EXCHANGE, claim="invariant").verdict == "disproved"


def test_a_dead_unit_is_left_out() -> None:
    made = network([[1.3, 0.7], [0.7, 1.3], [5.0, 6.0]], [0.5, 0.5, 1.0], [[1.0, 1.0, 0.0]], nn.GELU())
    report = prove(made, input_shape=(2,), group=EXCHANGE, claim="invariant")
    assert report.verdict == "proved"
    assert "1 that nothing reads" in str(report)
    with pytest.raises(ArgumentError, match="other weights"):
        report.certificate()
    made.get_parameter("2.weight").data[0, 2] = 1e-30
    assert prove(made, input_shape=(2,), group=EXCHANGE, claim="invariant", search=False).verdict == "not proved"


def test_equal_units_are_merged() -> None:
    made = network([[1.3, 0.7], [0.7, 1.3], [1.3, 0.7]], [0.5, 0.5, 0.5], [[0.75, 1.0, 0.25]], nn.GELU())
    report = prove(made, input_shape=(2,), group=EXCHANGE, claim="invariant")
    assert report.verdict == "proved"
    assert "1 equal to another" in str(report)
    made.get_parameter("0.bias").data[2] = 0.6
    assert prove(made, input_shape=(2,), group=EXCHANGE, claim="invariant").verdict == "disproved"


def test_units_are_equal_only_with_what_comes_behind() -> None:
    class Normed(nn.Module):
        def __init__(self, gain: float) -> None:
            super().__init__()
            self.first, self.norm, self.second = nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3), nn.Conv2d(3, 1, 1)
            with torch.no_grad():
                self.first.weight.copy_(torch.tensor([[1.3, 0.7], [0.7, 1.3], [1.3, 0.7]])[:, :, None, None])
                self.get_parameter("first.bias").zero_()
                self.second.weight.copy_(torch.tensor([[0.75, 1.0, 0.25]])[:, :, None, None])
                self.norm.weight[2] = gain

        def forward(self, x: Tensor) -> Tensor:
            return self.second(self.norm(self.first(x)).relu())

    for gain, verdict in ((1.0, "proved"), (1.5, "disproved")):
        assert prove(Normed(gain), input_shape=(2, 3, 3), group=EXCHANGE, claim="invariant").verdict == verdict


def test_a_sum_that_rounds_is_not_made() -> None:
    made = network([[1.3, 0.7], [0.7, 1.3], [1.3, 0.7]], [0.5, 0.5, 0.5], [[1.0, 1.0, 0.0]], nn.GELU()).double()
    made.get_parameter("2.weight").data[0, 2] = 1e-20
    assert prove(made, input_shape=(2,), group=EXCHANGE, claim="invariant", search=False).verdict == "not proved"


def test_a_generator_whose_factors_round_is_refused() -> None:
    group = MovingGroup("thirds", None, (Generator("×3", lambda a: a, lambda full: {1: np.array([3.0, 1 / 3])}),))
    with pytest.raises(ArgumentError, match="rounded"):
        prove(nn.ReLU(), input_shape=(2,), group=group)


class Of(nn.Module):
    def __init__(self, *parts: nn.Module, code: object) -> None:
        super().__init__()
        self.parts, self.code = nn.ModuleList(parts), code

    def forward(self, x: Tensor) -> Tensor:
        return self.code(x, *self.parts)  # type: ignore[operator]


def filled(layer: nn.Module, weight: object) -> nn.Module:
    """With these weights and, where there is one, a bias of 0."""
    with torch.no_grad():
        for name, value in layer.named_parameters():
            value.copy_(torch.tensor(weight).view_as(value) if name == "weight" else torch.zeros_like(value))
    return layer


RISING = [[1.0, 2.0, 4.0], [1.0, 2.0, 4.0], [4.0, 1.0, 2.0]]
FIRST = filled(nn.Conv1d(1, 3, 3, padding=1), RISING)
SECOND = filled(nn.Conv1d(3, 1, 1), [1.0, 1.0, 0.0])
PLANES = filled(nn.Conv2d(1, 3, 3, padding=1), [float(k) for k in range(27)])
OVER_COLUMNS = filled(nn.Linear(3, 1), [1.0, 1.0, 0.0])

CARELESS: dict[str, tuple[nn.Module, tuple[int, ...], str]] = {
    "equal filters of other channels": (
        nn.Sequential(
            filled(nn.Conv2d(2, 2, 1, groups=2), [1.0, 1.0]), nn.ReLU(), filled(nn.Conv2d(2, 1, 1), [1.0, -1.0])
        ),
        (2, 3, 3),
        "channels",
    ),
    "a reader of another axis": (nn.Sequential(PLANES, nn.ReLU(), OVER_COLUMNS), (1, 3, 3), "pm"),
    "a mean over the units": (
        Of(PLANES, OVER_COLUMNS, code=lambda x, conv, linear: linear(conv(x).mean(-3))),
        (1, 3, 3),
        "pm",
    ),
    "a pool over the units": (
        Of(FIRST, SECOND, code=lambda x, first, second: second(nn.functional.avg_pool2d(first(x), 3, 1, 1))),
        (1, 3),
        "flip",
    ),
    "units merged with samples": (
        Of(
            filled(nn.Conv1d(1, 4, 3, padding=1), [1.0, 2, 4] * 2 + [4.0, 1, 2] * 2),
            filled(nn.Conv1d(4, 1, 1), [1.0, 1, 0, 0]),
            code=lambda x, first, second: second(first(x).view(-1, 4, 2)).view(-1, 2, 2),
        ),
        (1, 4),
        "flip",
    ),
    "0 times infinity": (
        Of(
            filled(nn.Linear(2, 2), [[1.0, 1.0], [1.0, -2.0]]),
            filled(nn.Linear(2, 1), [[1.0, 0.0]]),
            code=lambda x, first, second: second(first(x).exp()),
        ),
        (2,),
        "channels",
    ),
    "a bias of what changes sign along several axes": (
        Of(
            filled(nn.Linear(2, 4, bias=False), [[1.0, 1], [2, 2], [3, 3], [1, -1]]),
            nn.BatchNorm2d(1).eval(),
            code=lambda x, linear, norm: (norm(linear(x).view(-1, 1, 2, 2)) + 0.5).square(),
        ),
        (2,),
        "channels",
    ),
}


@pytest.mark.parametrize(("net", "shape", "group"), CARELESS.values(), ids=CARELESS)
def test_units_are_not_what_another_axis_has(net: nn.Module, shape: tuple[int, ...], group: str) -> None:
    for claim in ("invariant", "equivariant"):
        assert prove(net, input_shape=shape, group=group, claim=claim, search=False).verdict != "proved"


class Normed(nn.Module):
    """Equal filters that a norm tells apart by numbers which are computed."""

    def __init__(self) -> None:
        super().__init__()
        self.first = filled(nn.Conv1d(1, 2, 2), [1.0, 2.0, 1.0, 2.0])
        self.second = filled(nn.Conv1d(2, 1, 1), [1.0, -1.0])
        self.register_buffer("means", torch.tensor([0.0, 0.5]))
        self.register_buffer("variances", torch.ones(2))

    def forward(self, x: Tensor) -> Tensor:
        normed = nn.functional.batch_norm(self.first(x), self.get_buffer("means") * 2, self.get_buffer("variances"))
        return self.second(normed.relu())


def test_numbers_that_are_computed_tell_units_apart() -> None:
    assert prove(Normed(), input_shape=(1, 4), group="flip", search=False).verdict != "proved"


def test_factors_beyond_the_numbers_are_no_proof() -> None:
    net = Of(
        filled(nn.Linear(2, 2, bias=False), [[2.0**126, 0.0], [0.0, 1.0]]), code=lambda x, f: f(f(f(x))).pow(8) * 1
    )
    for _ in range(3):
        net = Of(net, code=lambda x, inner: inner(x) * inner(x))
    assert prove(net, input_shape=(2,), group=EXCHANGE, search=False).verdict != "proved"


@pytest.mark.parametrize("act", [nn.ReLU(), nn.LeakyReLU(0.1), nn.Softplus()])
def test_units_times_any_positive_factor(act: nn.Module) -> None:
    """The second unit is 3/5 of what the first is turned into, and counts 5/3 of it."""
    made = network([[5.0, 10.0], [6.0, 3.0]], [2.5, 1.5], [[3.0, 5.0]], act)
    report = prove(made, input_shape=(2,), group=EXCHANGE, claim="invariant", search=False)
    assert report.verdict == ("not proved" if isinstance(act, nn.Softplus) else "proved")
    if report.verdict == "proved":
        assert "`0` has units, 2 with a factor" in str(report)
    made.get_parameter("2.weight").data[0, 1] = 5.000001
    assert prove(made, input_shape=(2,), group=EXCHANGE, claim="invariant", search=False).verdict == "not proved"


def test_a_factor_that_rounds_a_column_stays() -> None:
    made = network([[3.0, 9.0], [3.0, 1.0]], [0.0, 0.0], [[0.1, 0.3]], nn.ReLU()).double()
    assert prove(made, input_shape=(2,), group=EXCHANGE, claim="invariant", search=False).verdict == "not proved"
    made = network([[3.0, 9.0], [3.0, 1.0]], [0.0, 0.0], [[1.0, 3.0]], nn.ReLU()).double()
    made.get_parameter("2.weight").data[0, 0] = 1.0
    assert prove(made, input_shape=(2,), group=EXCHANGE, claim="invariant", search=False).verdict == "proved"


def test_factors_to_rounding() -> None:
    """A unit times 0.37 in float32, and its column over it: equal weights are near once units are of one size."""
    made = network([[1.3, 0.7], [0.7, 1.3]], [0.5, 0.5], [[1.0, 1.0]], nn.ReLU())
    with torch.no_grad():
        for name, factor in (("0.weight", 0.37), ("0.bias", 0.37), ("2.weight", 1 / 0.37)):
            made.get_parameter(name).view(2, -1)[1] *= factor
    report = prove(made, input_shape=(2,), group=EXCHANGE, claim="invariant", search=False)
    assert report.verdict == "not proved"
    assert report.backward is not None
    assert 0 < report.backward.error < 2e-7
    assert "units brought to one size" in str(report)
    x = torch.rand(8, 2, generator=torch.Generator().manual_seed(0))
    before = made(x)
    made.load_state_dict(dict(report.backward.state))
    assert torch.allclose(made(x), before, rtol=1e-5)
    assert prove(made, input_shape=(2,), group=EXCHANGE, claim="invariant").verdict == "proved"
    made.get_parameter("2.weight").data[0, 1] *= 1.001
    assert prove(made, input_shape=(2,), group=EXCHANGE, claim="invariant", search=False).backward is None


@pytest.fixture(scope="module")
def two_units() -> Reproof:
    made = nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False)).double()
    return Reproof(made, input_shape=(2,), group=EXCHANGE, claim="invariant")


@pytest.mark.parametrize("size", [1.0, 1e300, 1e-290, 1e-305, 8.99999999999997e-310])
@pytest.mark.parametrize("factor", [3.0, 1 / 3, 0.37])
@pytest.mark.parametrize("column", [3.0, 3e-305, 3e100])
def test_one_size_is_told_with_its_rounding(size: float, factor: float, column: float, two_units: Reproof) -> None:
    """In rational arithmetic: as they are the units do not match, and those of one size are as near as is said."""
    first = [[4 * size, 9 * size], [9 * size * factor, 4 * size * factor]]
    second = [column, column / factor]
    with torch.no_grad():
        for name, values in (("0.weight", first), ("2.weight", [second])):
            two_units.model.get_parameter(name).copy_(torch.tensor(values, dtype=torch.float64))
    report = two_units()
    a, b = ([Fraction(w) for w in row] for row in first)
    c, d = map(Fraction, second)
    same = [c * w for w in a] == [d * w for w in reversed(b)]  # units of positive weights: nothing else may cancel
    assert same or report.verdict == "not proved"
    if report.backward is None:
        assert same or not 1e-290 <= size <= 1 or column < 1e-300  # some weight of one size would be no normal number
        return
    exact = {
        "0.weight": [w / max(row) for row in (a, b) for w in row],
        "2.weight": [c * max(a), d * max(b)],
    }
    for name, weights in exact.items():
        told = report.backward.state[name].flatten().tolist()
        off = max(abs(Fraction(t) - w) for t, w in zip(told, weights, strict=True))
        assert off <= Fraction(report.backward.error) * max(weights)
