"""Verdicts of the refinement ladder on functionals whose symmetry is known."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.checking import CheckReport, Question, check
from invariance.checking.continuous import SIZES as LADDER
from invariance.checking.probe import Probe
from invariance.checking.strides import exact_ladder
from invariance.jacobians import jacobian
from invariance.layers import JacobianConv2d, JacobianFront
from invariance.models import DiffCNN

SIZES = (24, 32, 48, 64, 96)


class Gradient(nn.Module):
    """$|\\nabla I|^2$ by central differences, the squares of ∂y weighted: an impostor unless the weight is 1."""

    def __init__(self, weight: float = 1.0, *, pooled: bool = False, stride: int = 1) -> None:
        super().__init__()
        self.weight, self.pooled, self.stride = weight, pooled, stride

    def forward(self, x: Tensor) -> Tensor:
        dx, dy = jacobian(x, padding_mode="zeros").squeeze(1).unbind(2)
        energy = (dx.square() + self.weight * dy.square())[..., :: self.stride, :: self.stride]
        return energy.mean((-2, -1)) if self.pooled else energy


def asked(model: Any, group: str = "rotation", claim: Any = "equivariant", **options: Any) -> CheckReport:
    options.setdefault("input_shape", (3, 64, 64))
    return check(model, group=group, claim=claim, **{"sizes": SIZES, **options})


CONSISTENT: dict[str, tuple[Any, ...]] = {
    "gradient magnitude": (lambda: Gradient(), "rotation", "equivariant", {}),
    "its mean": (lambda: Gradient(pooled=True), "rotation", "invariant", {}),
    "at every other pixel of odd sizes": (
        lambda: Gradient(stride=2),
        "rotation",
        "equivariant",
        {"input_shape": (3, 65, 65), "sizes": (49, 65, 97, 129, 193)},
    ),
    "functions of single pixels": (lambda: nn.Conv2d(3, 2, 1), "smooth", "equivariant", {}),
    "the differential": (JacobianFront, "shear", "equivariant", {"action": "jacobian"}),
    "single taps on Jacobians": (
        lambda: JacobianConv2d(1, 2, 1),
        "affine",
        "equivariant",
        {"action": "jacobian", "fibre": "jacobian", "input_shape": (1, 3, 2, 32, 32), "sizes": (24, 32, 48, 64)},
    ),
    "DiffCNN with single taps": (lambda: DiffCNN(3, 1), "separable", "equivariant", {}),
}


@pytest.mark.parametrize(("make", "group", "claim", "options"), CONSISTENT.values(), ids=CONSISTENT)
def test_symmetric_functionals_are_consistent(make, group, claim, options):
    torch.manual_seed(0)
    report = asked(make(), group, claim, **options)
    assert report.verdict == "consistent", report
    for row in report.rows:
        assert row.limit_interval is not None
        assert row.limit_interval[0] == 0
        assert row.order is not None
        assert row.order > 0.5


VIOLATED: dict[str, tuple[Any, ...]] = {
    "impostor": (lambda: Gradient(1.1), "rotation", "equivariant", {}),
    "its mean": (lambda: Gradient(1.1, pooled=True), "rotation", "invariant", {}),
    "gradients scale": (lambda: Gradient(), "scale", "equivariant", {}),
    "a field is not invariant": (lambda: nn.Conv2d(3, 2, 1), "smooth", "invariant", {}),
    "Jacobians are no scalars": (
        lambda: nn.Flatten(1, 3),
        "shear",
        "equivariant",
        {"fibre": "jacobian", "input_shape": (1, 3, 2, 64, 64)},
    ),
}


@pytest.mark.parametrize(("make", "group", "claim", "options"), VIOLATED.values(), ids=VIOLATED)
def test_broken_functionals_are_violated(make, group, claim, options):
    torch.manual_seed(0)
    report = asked(make(), group, claim, **options)
    assert report.verdict == "violated", report
    assert all(row.limit_interval is not None and row.limit_interval[0] > 1e-3 for row in report.rows)


def test_the_impostor_passes_for_the_invariant_at_one_resolution():
    true, impostor = (asked(Gradient(w), sizes=(32, 48, 64, 96)).rows[0] for w in (1.0, 1.02))
    assert true.error is not None
    assert impostor.error is not None
    assert impostor.error < 1.5 * true.error
    assert asked(Gradient(1.02)).verdict == "violated"


@pytest.mark.parametrize("pooled", [False, True])
def test_windows_that_shrink_to_points_are_not_believed(pooled: bool):
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 2, 3, padding=1)]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1)) if pooled else nn.Sequential(*layers)
    report = asked(model, claim="invariant" if pooled else "equivariant", input_shape=(3, 32, 32))
    assert report.verdict == "measured"
    assert "windows are fixed in pixels" in report.diagnosis[0]
    assert report.scope.startswith("E = ")
    assert "tolerance=" in str(report)


def test_one_size_alone_decides_nothing():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 4))
    report = asked(model, claim="invariant", input_shape=(3, 32, 32), sizes=None)
    assert report.verdict == "measured"
    assert "fewer than four sizes" in report.diagnosis[0]
    assert report.worst is not None
    assert (report.worst.error or 0) > 0.1


def test_each_of_a_few_sizes_has_its_rows():
    report = asked(Gradient(), sizes=(24, 32), input_shape=(3, 16, 16))
    assert [row.size[0] for row in report.rows] == 12 * [24] + 12 * [32]
    assert report.verdict == "measured"


def test_a_tolerance_makes_a_number_a_verdict():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
    verdicts = [asked(model, input_shape=(3, 24, 24), tolerance=t).verdict for t in (3.0, 0.01)]
    assert verdicts == ["consistent", "violated"]


class Turned(nn.Module):
    """The largest over C₈ of a filter and its turns: a long Gaussian, sampled."""

    taps: Tensor

    def __init__(self) -> None:
        super().__init__()
        line = torch.arange(-4, 5, dtype=torch.float64)
        y, x = torch.meshgrid(line, line, indexing="ij")
        angles = torch.arange(8, dtype=torch.float64) * torch.pi / 4
        along = x * angles.cos()[:, None, None] + y * angles.sin()[:, None, None]
        across = y * angles.cos()[:, None, None] - x * angles.sin()[:, None, None]
        self.register_buffer("taps", (-along.square() / 10 - across.square()).exp()[:, None])

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.taps.to(x.dtype), padding=4).amax(1, keepdim=True)


def test_angles_in_and_out_of_a_finite_group_differ():
    report = asked(Turned(), input_shape=(1, 32, 32), sizes=None)
    assert report.verdict == "measured"
    error = {row.transformation: row.error or 0 for row in report.rows}
    inside, outside = (error[f"rotation by {angle}°, 1/8 cycles/pixel"] for angle in (45, 17))
    assert error["rotation by 90°, 1/8 cycles/pixel"] < 1e-9
    assert outside > 1.3 * inside
    lines = report.plot().get_legend_handles_labels()[1]
    assert lines == [*(f"up to 1/{n} cycles/pixel" for n in (16, 8, 4)), "floor: interpolating the output"]


def test_a_budget_and_the_memory_leave_rungs_out():
    report = asked(Gradient(), input_shape=(3, 32, 32), sizes=None, budget=0.2)
    assert "left out, beyond a budget of 0.2 s" in str(report)


@pytest.mark.parametrize("model", [lambda x: torch.ones_like(x), lambda x: x[:, :, :1, :1] * 0])
def test_constants_are_undefined(model):
    assert asked(model, claim="invariant", sizes=(16, 24, 32, 48)).verdict == "undefined"


def test_a_border_around_a_constant_is_undefined_too():
    """Padding makes a border, which no rotation keeps; of images it tells nothing."""
    dead = nn.Sequential(nn.Conv2d(3, 1, 3, padding=1), nn.ReLU(), nn.Conv2d(1, 1, 3, padding=1))
    nn.init.constant_(dead[0].bias, -1e3)  # pyright: ignore[reportArgumentType]
    assert asked(dead, sizes=(16, 24, 32, 48)).verdict == "undefined"


@pytest.mark.parametrize(("batch", "largest"), [(8, 8), (17, 16), (64, 24)])
def test_warps_share_a_pass_where_there_is_room_and_the_answer_stays(batch: int, largest: int):
    passes = []

    def model(x: Tensor) -> Tensor:
        passes.append(len(x))
        return Gradient(1.1)(x)

    report = asked(model, sizes=(16, 24, 32, 48), input_shape=(3, 32, 32), batch=batch)
    assert max(passes) == largest
    alone = asked(Gradient(1.1), sizes=(16, 24, 32, 48), input_shape=(3, 32, 32))
    assert [row.error for row in report.rows] == pytest.approx([row.error for row in alone.rows])


def test_samples_that_see_each_other_do_not_share_a_pass():
    model = nn.Sequential(Gradient(), nn.BatchNorm2d(3))
    reports = [asked(model, sizes=(16, 24, 32, 48), input_shape=(3, 32, 32), batch=batch) for batch in (8, 64)]
    first, second = ([row.error for row in report.rows] for report in reports)
    assert first == second


def test_the_default_ladder_suits_the_strides():
    model = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2, padding=1), nn.AdaptiveAvgPool2d(1))
    question = Question((1, 33, 33), "shear", "invariant")
    probe = Probe(model, dtype=torch.float64, device="cpu", batch=8)
    assert exact_ladder(probe, question, (33, *LADDER)) == (33, 49, 65, 97, 129, 193, 257)


def test_a_floor_is_what_the_spline_does():
    report = asked(lambda x: x, "rotation")
    for row in report.rows:
        assert row.error == pytest.approx(row.floor, rel=0.5)


def test_ladders_are_plotted_and_written():
    report = asked(Gradient(), sizes=(16, 24, 32, 48), input_shape=(3, 32, 32))
    assert set(report.ladders) == {row.transformation for row in report.rows}
    legend = report.plot().get_legend()
    assert legend is not None
    assert len(legend.get_texts()) == len(report.rows)
    assert '"order_interval"' in report.to_json()


def test_average_pooling_has_its_geometry():
    """A pooled field covers the square with fewer pixels; the spline has to know where they are."""
    report = asked(lambda x: F.avg_pool2d(x, 3, 3), "rotation", sizes=None, input_shape=(3, 66, 66))
    errors = [row.error or 1 for row in report.rows if row.transformation.endswith("1/16 cycles/pixel")]
    assert max(errors[:3]) < 0.02
    assert len(errors) == 4
