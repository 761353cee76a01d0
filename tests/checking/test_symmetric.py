"""Any tensors in and out, any group: symmetric networks are consistent, planted faults are found and explained."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jaxtyping
import pytest
import torch
from torch import Tensor, nn

from invariance import fields as f
from invariance.checking import CheckReport, SymmetryQuestion, answer, check, question_from_dict
from invariance.checking.pack import Layouts
from invariance.checking.variants import check_variants
from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.groups import cyclic
from invariance.symmetry import Symmetry
from invariance.targets import load_symmetry
from invariance.testing import assert_equivariant, assert_invariant, assert_symmetric, check_symmetry
from invariance.testing.symmetric import SymmetryError


@pytest.fixture
def unchecked() -> None:
    """Shapes of arguments are not looked at: an EGNN that is equivariant runs the same functions with that."""
    jaxtyping.config.update("jaxtyping_disable", True)


class EGNN(nn.Module):
    """Satorras et al. 2021, on a dense graph; a fault by name."""

    def __init__(self, fault: str = "") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.edge, self.node = nn.Linear(11, 8), nn.Linear(13, 5)
        self.gate, self.fault = nn.Linear(8, 1), fault

    def forward(self, pos: Tensor, h: Tensor) -> dict[str, Tensor]:
        count = h.shape[1]
        apart = pos[:, :, None] - pos[:, None]
        pair = h[:, :, None].expand(-1, -1, count, -1), h[:, None].expand(-1, count, -1, -1)
        message = torch.tanh(self.edge(torch.cat((*pair, apart.square().sum(-1, keepdim=True)), -1)))
        moved = pos + (apart * self.gate(message)).mean(2)
        told = h + self.node(torch.cat((h, message.mean(2)), -1))
        match self.fault:
            case "rotation":
                moved = moved + 0.01 * moved.roll(1, -1)
            case "translation":
                told = told + 0.01 * pos.mean((1, 2), keepdim=True)
            case "one node":
                told = torch.cat((1.01 * told[:, :1], told[:, 1:]), 1)
            case _:
                pass
        return {"pos": moved, "h": told}


TREE = {"pos": "points:5", "h": "scalars:5x5"}


@pytest.mark.parametrize("group", ["O(3)", "E(3) x S(5)"])
def test_an_egnn_is_equivariant(group: str) -> None:
    report = check(EGNN(), Symmetry(group, TREE, TREE))
    assert report.verdict == "consistent", report
    assert {row.output for row in report.rows} == {"pos", "h"}
    assert "Lie algebra" in report.scope


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("fault", "group", "output"),
    [("rotation", "SO(3)", "pos"), ("translation", "E(3)", "h"), ("one node", "S(5)", "h")],
)
def test_a_fault_of_one_percent_is_found_in_the_output_that_has_it(fault: str, group: str, output: str) -> None:
    report = check(EGNN(fault), Symmetry(group, TREE, TREE))
    assert report.verdict == "violated"
    assert {row.output for row in report.rows if row.verdict == "violated"} == {output}


@pytest.mark.usefixtures("unchecked")
def test_what_is_small_shows_in_the_simplest_case() -> None:
    with pytest.raises(SymmetryError) as raised:
        assert_symmetric(EGNN("one node"), Symmetry("S(5)", TREE, TREE))
    assert "simplest: permutation (0 1), all but 1 of the items zero" in str(raised.value)
    with pytest.raises(SymmetryError) as raised:
        assert_symmetric(EGNN("rotation"), Symmetry("SO(3)", TREE, TREE))
    assert "90° about" in str(raised.value).partition("simplest: ")[2]


def cross(a: Tensor, b: Tensor) -> Tensor:
    return torch.linalg.cross(a, b, dim=-1)


def cell(pos: Tensor, cell: Tensor) -> Tensor:
    return (pos @ torch.linalg.inv(cell)).sin().sum((1, 2))


VECTORS = ("vectors:4", "vectors:4")
SYMMETRIC: dict[str, tuple[Any, Symmetry]] = {
    "a cross product": (cross, Symmetry("O(3)", VECTORS, "nodes:4:pseudo-vector")),
    "a periodic cell": (cell, Symmetry("SO(3)", {"pos": "points:4", "cell": "vectors:3"})),
    "a triple product": (
        lambda a, b: (cross(a, b) * a.flip(1)).sum((1, 2)),
        Symmetry("O(3)", VECTORS, "features:pseudo-scalar"),
    ),
    "second moments": (lambda x: x.mT @ x, Symmetry("O(3) x S(5)", "vectors:5", "features:symmetric")),
    "two outputs, two claims": (
        lambda x: {"map": x.abs(), "score": x.amax((1, 2, 3))},
        Symmetry("p4", "image:3x7x7", {"map": "image:3x7x7", "score": "invariant"}),
    ),
    "a set with a mask": (
        lambda x, mask: (x * mask[..., None]).sum(1) / mask.sum(1)[:, None],
        Symmetry("S(6)", ("nodes:6x3", "mask:6")),
    ),
    "edges, one graph at a time": (
        lambda x, edges: torch.zeros_like(x).index_add(0, edges[1], x[edges[0]]).tanh(),
        Symmetry("S(8)", ("nodes:8x5", "edges:8x20"), "nodes:8x5", batched=False),
    ),
    "class labels": (lambda x: x.mean((-2, -1)).argmax(1), Symmetry("p4m", "image:4x7x7", "labels:4")),
    "a stack of slices": (lambda x: x.square(), Symmetry("p4", "volume:1x3x7x7", "volume:1x3x7x7")),
    "a volume": (lambda x: x.square().mean((-3, -2, -1)), Symmetry("octahedral", "volume:2x5x5x5")),
    "a sequence on a ring": (
        nn.Conv1d(2, 3, 3, padding=1, padding_mode="circular"),
        Symmetry("shifts(16)", "sequence:2x16", "sequence:3x16"),
    ),
    "an autocorrelation": (
        lambda x: torch.fft.rfft(x).abs(),
        Symmetry("shifts(16)", "sequence:2x16"),
    ),
    "a panorama that is rolled": (lambda x: x.mean(-1), Symmetry("shifts(1, 12)", "image:2x6x12")),
    "chromaticity": (lambda x: x / x.sum(1, keepdim=True), Symmetry("hue", "image:3x6x6:colour", "image:3x6x6:colour")),
    "signs": (torch.abs, Symmetry("signs(3)", "image:3x5x5:colour")),
    "orders of channels": (torch.sigmoid, Symmetry("channels(3)", "image:3x5x5:colour", "image:3x5x5:colour")),
    "the interval of Minkowski": (
        lambda x: (x * x * torch.tensor([1.0, -1, -1, -1], dtype=x.dtype)).sum(-1),
        Symmetry("lorentz", "points:3x4"),
    ),
    "a determinant of irreps": (lambda x: x.square().sum(-1), Symmetry("O(3)", "nodes:4:irreps(1x2e)")),
}


@pytest.mark.parametrize(("model", "symmetry"), SYMMETRIC.values(), ids=SYMMETRIC)
def test_symmetric_functions_are_consistent(model: Any, symmetry: Symmetry) -> None:
    report = check(model, symmetry)
    assert report.verdict == "consistent", report
    assert "Lie algebra was left out" not in str(report)


WRONG: dict[str, tuple[Any, Symmetry, str]] = {
    "a pseudo-vector for a vector": (cross, Symmetry("O(3)", VECTORS, "vectors:4"), "changes sign under reflections"),
    "a cell left unrotated": (
        cell,
        Symmetry("SO(3)", {"pos": "points:4", "cell": "scalars:3x3"}),
        "input cell: consistent if it turned as a vector along its axis 2",
    ),
    "invariant, not equivariant": (
        lambda x: x.square().sum(-1, keepdim=True).expand(-1, -1, 3),
        Symmetry("O(3)", "vectors:4", "vectors:4"),
        "it stays, which is the claim invariant",
    ),
    "moved the other way": (
        lambda x: x.flip(-1),
        Symmetry("shifts(9)", "sequence:2x9", "sequence:2x9"),
        "moves by the inverse action",
    ),
    "a vector in the channels": (
        lambda x: x.mean(1),
        Symmetry("SO(3)", "vectors:4"),
        "axis 1 of it is a vector",
    ),
}


@pytest.mark.parametrize(("model", "symmetry", "said"), WRONG.values(), ids=WRONG)
def test_the_action_that_would_hold_is_named(model: Any, symmetry: Symmetry, said: str) -> None:
    report = check(model, symmetry)
    assert report.verdict == "violated"
    assert any(said in sentence for sentence in report.diagnosis), report


def test_what_is_resampled_is_measured_and_judged_by_a_tolerance() -> None:
    symmetry = Symmetry(cyclic(8), f.image(1, 33), f.image(1, 33))
    blur = nn.Conv2d(1, 1, 5, padding=2, bias=False)
    x = torch.arange(-2.0, 3)
    blur.weight.data = (-(x[:, None].square() + x.square()) / 4).exp()[None, None]
    report = check(blur, symmetry)
    rows = {row.transformation: row for row in report.rows}
    assert (rows["90°"].verdict, rows["45°"].verdict) == ("consistent", "measured")
    assert 0 < rows["45°"].floor < 0.01
    assert rows["45°"].error is not None
    assert rows["45°"].error < 0.01
    assert check(blur, symmetry, tolerance=0.02).verdict == "consistent"
    sums = check(lambda x: x.sum((1, 2, 3)), Symmetry("C(8)", "image:1x33x33"), tolerance=0.02)  # a number a sample
    assert sums.verdict == "consistent"
    assert check(lambda x: x.cumsum(-1) / 9, symmetry, tolerance=0.02).verdict == "violated"


def test_the_shorthand_takes_any_group_of_images_and_sequences() -> None:
    mirrored = check(lambda x: x + x.flip(-1), input_shape=(3, 9, 9), group="flip-lr", claim="equivariant")
    assert mirrored.verdict == "consistent"
    assert mirrored.asked.startswith("flip-lr on image:3x9x9 → image:3x9x9")
    assert check(lambda x: x.mean(-1), input_shape=(2, 12), group="shifts(12)").verdict == "consistent"
    with pytest.raises(ArgumentError, match="say of other axes what they are"):
        check(torch.relu, input_shape=(1, 4, 9, 9), group="flip-lr")


@pytest.mark.usefixtures("unchecked")
def test_a_question_goes_through_a_file_and_gives_the_same_numbers(tmp_path: Path) -> None:
    report = check(EGNN(), Symmetry("E(3)", TREE, TREE), generator=torch.Generator().manual_seed(3))
    data = json.loads(report.to_json())
    again = answer(EGNN(), question_from_dict(data["question"], load_symmetry))
    assert json.loads(again.to_json()) == data
    file = tmp_path / "own.py"
    file.write_text(
        "import torch\nfrom invariance.symmetry import Symmetry\n"
        "flips = Symmetry.of(elements={'flip': 1}, act=lambda g, x: x.flip(g),\n"
        "    sample=lambda batch, generator: torch.randn(batch, 4, generator=generator))\n",
        encoding="utf-8",
    )
    own = check(lambda x: x.square().sum(1), load_symmetry(f"{file}:flips"))
    assert own.verdict == "consistent"
    told = json.loads(own.to_json())["question"]
    assert question_from_dict(told, load_symmetry).to_dict() == told


def test_what_a_file_cannot_hold_is_told_in_words() -> None:
    own = Symmetry.of(elements=[1], act=lambda g, x: x.flip(g), sample=lambda b, g: torch.randn(b, 4, generator=g))
    told = json.loads(check(lambda x: x.square().sum(1), own).to_json())["question"]
    assert told["symmetry"] == {"told": "own group"}
    with pytest.raises(ArgumentError, match="to be asked again"):
        question_from_dict(told, load_symmetry)


@pytest.mark.usefixtures("unchecked")
def test_the_decorator_and_the_assertions_take_a_symmetry() -> None:
    @check_symmetry(Symmetry("S(4)", "nodes:4x2", "nodes:4x2"))
    def of_each() -> nn.Module:
        return nn.Linear(2, 2)

    of_each()
    assert assert_equivariant(torch.relu, symmetry=Symmetry("p4", "image:1x5x5", "image:1x5x5")).verdict == "consistent"
    with pytest.raises(SymmetryError, match="it stays, which is the claim invariant"):
        assert_equivariant(lambda x: x.sum(1, keepdim=True) * torch.arange(4.0)[:, None], symmetry=STILL)
    with pytest.raises(ArgumentError, match="claim = invariant"):
        assert_invariant(torch.relu, symmetry=STILL)


STILL = Symmetry("S(4)", "nodes:4x2", "nodes:4x2")


def test_inputs_of_ones_own() -> None:
    dark = torch.zeros(4, 1, 6, 6, dtype=torch.float64)
    dark[:, :, 2:4] = torch.rand(4, 1, 2, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    bright_only = Symmetry("p4", "image:1x6x6")

    def model(x: torch.Tensor) -> torch.Tensor:
        return x.mean((1, 2, 3)) + (x.amin((1, 2, 3)) < 0) * x[:, 0, 0, 0]

    assert check(model, bright_only).verdict == "violated"
    assert check(model, bright_only, inputs=dark).verdict == "consistent"


def test_samples_that_are_alike_leave_an_interval() -> None:
    x = torch.zeros(4, 5, 3, dtype=torch.float64)
    x[3] = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    report = check(lambda v: v + 0.1 * v[..., [1, 0, 2]], Symmetry("SO(3)", "vectors:5", "vectors:5"), inputs=x)
    intervals = [row.interval for row in report.rows if row.interval is not None]
    assert intervals
    assert all(low <= high for low, high in intervals)


def test_packing_keeps_every_number_in_every_dtype(generator: torch.Generator) -> None:
    symmetry = Symmetry("S(300)", ("nodes:300x2", "edges:300x700", "mask:300"))
    inputs = symmetry.sample(2, generator)
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        layouts = Layouts()
        rows = layouts.pack(inputs, dtype)
        x, edges, mask = layouts.unpack(rows * (1 + 1e-4 * torch.rand(rows.shape, generator=generator)).to(dtype))
        assert torch.equal(edges, inputs[1])
        assert torch.equal(mask, inputs[2])
        assert torch.allclose(x.double(), inputs[0], atol=0.05)


@pytest.mark.usefixtures("unchecked")
def test_variants_are_told_apart() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.Tanh())
    symmetry = Symmetry("S(12)", f.nodes(12, 1))
    report = check_variants(net, symmetry, variants=("float64", "eager", "bfloat16"))
    far = [v.distance or 0.0 for v in report.variants]
    assert far[0] == 0 < far[1] < 1e-5 < far[2] < 0.1
    whole = check(net, symmetry, variants=("eager",))
    assert whole.variants is not None
    assert [v.name for v in whole.variants.variants] == ["eager"]
    assert any(sentence.startswith("eager: ") for sentence in whole.diagnosis)
    with pytest.raises(ArgumentError, match="variants = quick"):
        check_variants(net, symmetry, variants=("quick",))


def own(**parts: Any) -> Symmetry:
    plain: dict[str, Any] = {"elements": [1], "act": lambda g, x: x.flip(-1)}
    plain["sample"] = lambda b, g: torch.randn(b, 4, generator=g)
    return Symmetry.of(**plain | parts)


GRAPH = Symmetry("S(4)", ("nodes:4x2", "edges:4x6"), "nodes:4x2")
X = torch.arange(24.0).view(3, 4, 2)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("symmetry", "inputs", "said"),
    [
        (GRAPH, (X, torch.full((3, 2, 6), 9)), "an edge to node 9"),
        (GRAPH, (X, torch.zeros(3, 2, 6)), "whole numbers"),
        (GRAPH, (X, torch.zeros(2, 2, 6).long()), "3 samples, as the first input has"),
        (GRAPH, X, "inputs = Tensor"),
        (Symmetry("O(3)", "vectors:4"), torch.zeros(1, 4, 3), "at least two samples"),
        (Symmetry("O(3)", "vectors:4"), torch.full((2, 4, 3), torch.nan), "finite numbers"),
        (Symmetry("E(3)", "points:4"), torch.arange(24.0).view(2, 4, 3) + 1e7, "subtract a middle"),
    ],
)
def test_inputs_of_ones_own_that_are_none(symmetry: Symmetry, inputs: Any, said: str) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError)) as raised:
        check(lambda x, *_: x, symmetry, inputs=inputs)
    assert said in str(raised.value)


@pytest.mark.parametrize("seed", [0, 5, 6, 19])
def test_a_cut_off_that_jumps_is_named(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    corners = torch.cartesian_prod(*[torch.arange(2.0, dtype=torch.float64)] * 3)
    stretched = 1 + torch.rand(4, 1, 2, generator=generator, dtype=torch.float64)
    lattice = corners * torch.cat((torch.ones(4, 1, 1, dtype=torch.float64), stretched), -1)

    def neighbours(x: Tensor) -> Tensor:  # pairs at a distance of 1 are at the cut-off
        far = (x[:, :, None] - x[:, None]).square().sum(-1)
        return ((1.5 * (far <= 1) + 1) * torch.exp(-far)).sum((1, 2))

    report = check(neighbours, Symmetry("SE(3)", "points:8"), inputs=lattice)
    assert report.verdict == "undecided"
    assert "jumps with the last bits of the input, as at a tie" in str(report)


@dataclass
class Moved:
    """What a model of points may return."""

    force: Any
    charge: Any


def test_an_algebra_is_tried_on_outputs_of_any_type() -> None:
    symmetry = Symmetry("SO(3)", ("points:4", "scalars:4"), Moved("vectors:4", "scalars:4"))

    def model(*inputs: Tensor) -> Any:
        return Moved(*(x.clone() for x in inputs))

    assert "3 derivatives" in check(model, symmetry).scope


def rows(batch: int, generator: torch.Generator) -> Tensor:
    return torch.randn(batch, 5, 3, generator=generator)


def turn(generator: torch.Generator) -> Tensor:
    found = torch.linalg.qr(torch.randn(3, 3, generator=generator))[0]
    return found * torch.linalg.det(found).sign()


def order(generator: torch.Generator) -> Tensor:
    return torch.randperm(5, generator=generator)


def in_a_cell(batch: int, generator: torch.Generator) -> list[Tensor]:
    x = rows(batch, generator)
    return [x, torch.eye(3) + x[:, :3] / 10]


FORGOTTEN: dict[str, tuple[Any, dict[str, Any], str]] = {
    "the inverse of a permutation": (
        torch.tanh,
        {"elements": order, "act": lambda p, x: x[:, p], "act_out": lambda p, y: y[:, p.argsort()], "sample": rows},
        "output: consistent if it moves by the inverse action",
    ),
    "an adjacency matrix": (
        lambda x: x[1] @ x[0],
        {"elements": order, "act": lambda p, x: [x[0][:, p], x[1]], "act_out": lambda p, y: y[:, p],
         "sample": lambda b, g: [rows(b, g), torch.rand(b, 5, 5, generator=g)]},
        "input [1]: consistent if it is turned along its axes 1 and 2; `act` leaves it where it is",
    ),
    "a cell": (
        lambda x: (x[0] @ torch.linalg.inv(x[1])).cos().sum((1, 2)),
        {"elements": turn, "act": lambda r, x: [x[0] @ r.mT, x[1]], "sample": in_a_cell},
        "input [1]: consistent if it is turned along its axis 2; `act` leaves it where it is",
    ),
    "the inverse of an element of a group": (
        lambda x: torch.linalg.cross(x, x.roll(1, 1), dim=-1),
        {"elements": "SO(3)", "act": lambda g, x: x @ g.affine().matrix.mT,
         "act_out": lambda g, y: y @ g.affine().matrix, "sample": rows},
        "output: consistent if it moves by the inverse action",
    ),
    "a shape": (
        torch.tanh,
        {"elements": order, "act": lambda p, x: x[:, p], "act_out": lambda p, y: y[:, p[:2]], "sample": rows},
        "the output's shape does not move along: (4, 5, 3) where (4, 2, 3) is expected",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("model", "functions", "said"), FORGOTTEN.values(), ids=FORGOTTEN)
def test_what_a_test_of_four_functions_forgets_is_told(model: Any, functions: dict[str, Any], said: str) -> None:
    report = check(model, Symmetry.of(**functions))
    assert report.verdict == "violated"
    assert report.diagnosis[0].startswith(said)


def test_the_parity_of_a_block_is_told() -> None:
    asked = Symmetry("O(3)", "irreps:2x0e+1x1o", "irreps:2x0e+1x1e")
    assert check(torch.clone, asked).diagnosis[0] == "output: consistent if it is irreps(2x0e+1x1o)"


MISTAKES: dict[str, tuple[Any, Any, str]] = {
    "another signature": (lambda a: a, Symmetry("SO(3)", VECTORS), "too many positional arguments"),
    "another tree": (lambda x: (x, x), Symmetry("SO(3)", "vectors:4", "a=vectors:4,b=vectors:4"), "tuple without a, b"),
    "another shape": (lambda x: x[:, 1:], Symmetry("SO(3)", "vectors:4", "vectors:4"), "(batch, 4, 3)"),
    "refused": (nn.Linear(5, 2), Symmetry("SO(3)", "vectors:4"), "inputs = nodes:4:vector"),
    "no tensor": (lambda x: "no", Symmetry("SO(3)", "vectors:4"), "model(inputs) = str"),
    "no output": (lambda x: None, Symmetry("SO(3)", "vectors:4"), "model(inputs) = NoneType"),
    "complex numbers": (torch.fft.fft, Symmetry("shifts(8)", "sequence:1x8", "sequence:1x8"), "torch.view_as_real"),
    "another dimension": (torch.relu, Symmetry("O(2)", "vectors:4"), "inputs = nodes:4:vector under O(2)"),
    "an action that fails": (torch.relu, own(act=lambda g, x: x.nothing), "act(1, inputs) = AttributeError"),
    "samples at random": (torch.relu, own(sample=lambda b, g: torch.randn(b, 4)), "the same samples for the same"),
    "a product that is not direct": (
        torch.relu,
        Symmetry("shifts(9) x time-reversal", "sequence:2x9"),
        "for g = shift by 1, h = time reversal",
    ),
    "no action": (
        torch.relu,
        Symmetry("C(5)", f.features(fibre=f.representation(1, lambda g: [[1.0 + (not g.is_identity)]]))),
        "for g = 72°",
    ),
}


@pytest.mark.bad_input
@pytest.mark.parametrize(("model", "symmetry", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(model: Any, symmetry: Symmetry, said: str) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError)) as raised:
        check(model, symmetry)
    assert said in str(raised.value)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "symmetry = None"),
        ({"input_shape": (3, 9, 9)}, "group = None"),
        ({"symmetry": Symmetry("p4", "image:3x9x9"), "group": "p4"}, "given alone"),
        ({"symmetry": Symmetry("p4", "image:3x9x9"), "claim": "equivariant"}, "invariant, as the symmetry says"),
        ({"symmetry": Symmetry("p4", "image:3x9x9"), "images": 1}, "images = 1"),
        ({"symmetry": Symmetry("p4", "image:3x9x9"), "tolerance": 0.0}, "tolerance = 0.0"),
        ({"input_shape": (3, 9, 9), "group": "Q(8)"}, "group = Q(8)"),
    ],
)
def test_questions_that_make_no_sense(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        check(torch.relu, **options)
    assert said in str(raised.value)


@pytest.mark.usefixtures("unchecked")
def test_the_report_says_what_was_tried() -> None:
    def tried(group: str, tree: str) -> CheckReport:
        return check(lambda x: x.square().flatten(1).sum(1), Symmetry(group, tree))

    assert tried("D(4)", "features:irreps2(1x1)").scope == "all 7 elements but the identity were tried"
    assert tried("S(20)", "nodes:20x2").scope.endswith("of about 10^18")
    assert tried("S(12)", "nodes:12x2").scope.startswith("tried: 2 generators, 4 random elements of 479001600")
    assert "3 derivatives" in tried("O(3)", "vectors:3").scope
    given = Symmetry.of(elements=[1, -1], act=lambda g, x: x * g, sample=lambda b, g: torch.randn(b, 4, generator=g))
    assert check(lambda x: x.square().sum(1), given).scope == "the elements that are given were tried: 2"
    near = check(lambda x: torch.cdist(x, x).sum((1, 2)), Symmetry("SO(3)", "points:4"))
    assert near.diagnosis[0].endswith("torch has none of _cdist_forward")
    assert isinstance(tried("S(3)", "nodes:3x2").question, SymmetryQuestion)
