"""ρ is an action, once for every field with every group that moves it; planted mistakes are named."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from invariance import fields as f
from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.fields import check_field_laws, field_named, fields_named
from invariance.fields.irreps import irrep_matrix, irrep_polynomials
from invariance.groups import SO, Element, O, cube, cyclic, group_named
from invariance.symmetry import Symmetry

PAIRS = {
    "image:3x7x7": "p4m",
    "image:3x7x9": "C(2)",
    "image:8x8": "p4",
    "image:2x7x7:vector": "D(4)",
    "image:2x7x7:covector": "p4",
    "image:2x7x7:regular(p4m)": "p4m",
    "image:2x7x7:regular(p4m):folded": "p4m",
    "image:2x7x7:regular(p4m):fibre-first": "p4m",
    "image:2x7x7:regular(p4m):folded-fibre-first": "p4m",
    "image:2x7x7:quotient(p4m, pm)": "p4m",
    "image:1x7x7:irreps2(2x0+1x0o+2x1+1x3)": "D(4)",
    "image:2x6x8": "shifts(6, 8)",
    "image:3x6x6:colour": "p4 x hue",
    "image:3x5x5:colour": "gains(3)",
    "image:4x5x5:colour": "signs(4)",
    "image:4x6x6:colour": "channels(4)",
    "volume:1x5x5x5:vector": "octahedral",
    "volume:1x5x5x5:pseudo-vector": "octahedral",
    "volume:2x3x7x7": "p4",
    "volume:2x3x4x4": "flip-depth",
    "sequence:2x9": "time-reversal",
    "sequence:2x9:vector": "time-reversal",
    "sequence:2x8": "shifts(8)",
    "video:1x4x6x6": "p4 x time-reversal",
    "points:6": "E(3) x S(6)",
    "points:6x2": "SE(2)",
    "points:4x4": "lorentz",
    "points:4x5": "E(5)",
    "vectors:6x2": "E(3)",
    "scalars:6x5": "E(3) x S(6)",
    "nodes:6x2:pseudo-vector": "O(3) x S(6)",
    "nodes:6:matrix": "O(3)",
    "nodes:6:traceless": "O(3)",
    "nodes:6:voigt": "O(3)",
    "nodes:4x3:vector:fibre-first": "O(3)",
    "nodes:4x3:vector:folded": "cube",
    "nodes:5x3:on=users": "S(5, users) x S(4)",
    "nodes:4:irreps(2x0e+1x0o+2x1o+1x1e+1x2e+1x3o)": "O(3)",
    "pairs:6x4": "S(6)",
    "types:6x4": "E(3) x S(6)",
    "pairs:6x2:vector:in=2": "O(2) x S(6)",
    "adjacency:6": "S(6)",
    "edges:6x10": "S(6)",
    "links:6x4x10:on=atoms:to=rings": "S(6, atoms) x S(4, rings)",
    "mask:6": "S(6)",
    "features:4": "SO(3)",
    "features:pseudo-scalar": "O(3)",
    "features:symmetric": "scalings(3)",
    "features:covector": "affine(3)",
    "features:2:regular(C(8))": "C(8)",
    "boxes:4x8x8": "p4m",
    "boxes:4x8x6:cxcywh": "flips",
    "labels:4": "p4",
}


@pytest.mark.parametrize(("spec", "group"), PAIRS.items())
@settings(max_examples=2)
@given(seed=st.integers(0, 2**31))
def test_actions(spec: str, group: str, seed: int) -> None:
    field, generator = field_named(spec), torch.Generator().manual_seed(seed)
    assert field_named(field.spec).shape == field.shape
    assert field.sample(2, generator).shape[1:] == field.shape or spec.startswith("labels")
    check_field_laws(spec, field, group_named(group), generator, count=2)


def test_data_only_moves_where_it_says_so(generator: torch.Generator) -> None:
    for spec, name in PAIRS.items():
        field = field_named(spec)
        x = field.sample(1, generator)
        for g in group_named(name).tried(generator, 1):
            if field.moves_only(g):
                moved = field.act(g, x).abs() if x.dtype == torch.float64 else field.act(g, x)
                before = x.abs() if x.dtype == torch.float64 else x
                assert torch.equal(moved.flatten().sort().values, before.flatten().sort().values), (spec, str(g))


def test_smooth_rotations_by_the_spline_are_undone_inside(generator: torch.Generator) -> None:
    field, g = f.image(2, 33), cyclic(8).listed[1]
    x = field.sample(2, generator, smooth=True)
    inside = field.region(g)
    assert field.resamples(g)
    assert inside is not None
    error = (field.act(g.inverse(), field.act(g, x)) - x)[:, inside]
    assert float(error.abs().max()) < 1e-2 * float(x.abs().max())
    twice = (field.act(g, field.act(g, x)) - x.rot90(1, (-2, -1)))[:, inside]
    assert float(twice.abs().max()) < 1e-2 * float(x.abs().max())
    assert float((field.act(cyclic(4).listed[1], x) - x.rot90(1, (-2, -1))).abs().max()) == 0


def test_irreps_are_those_of_the_tensors_they_are_made_of(generator: torch.Generator) -> None:
    for n in (2, 3):
        matrix = O(n).sample(generator).affine()
        assert matrix is not None
        assert torch.allclose(irrep_matrix(matrix.matrix, 1, ""), matrix.matrix)
    for g in cube(reflections=True).listed:
        part = g.affine()
        if part is None:
            continue
        for degree in range(5):
            found = irrep_matrix(part.matrix, degree, "")
            turned = float(torch.linalg.det(part.matrix)) * part.matrix
            angle = torch.acos(((turned.trace() - 1) / 2).clamp(-1, 1))
            character = 1 + 2 * sum(float(torch.cos(m * angle)) for m in range(1, degree + 1))
            assert abs(float(found.trace()) - character * float(torch.linalg.det(part.matrix)) ** degree) < 1e-9


@pytest.mark.parametrize("n", [2, 3])
def test_irreps_move_the_harmonic_polynomials(n: int, generator: torch.Generator) -> None:
    points = torch.nn.functional.normalize(torch.randn(40, n, generator=generator, dtype=torch.float64))
    part = O(n).sample(generator).affine()
    assert part is not None
    for degree in range(12):
        found = irrep_matrix(part.matrix, degree, "")
        moved = irrep_polynomials(points, degree) @ found.mT
        assert torch.allclose(irrep_polynomials(points @ part.matrix.mT, degree), moved, atol=1e-12), degree
        assert torch.allclose(found @ found.mT, torch.eye(len(found), dtype=found.dtype), atol=1e-12), degree


class Counted(TorchDispatchMode):
    count = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += 1
        return function(*args, **(kwargs or {}))


def test_irreps_cost_a_few_operations_for_each_degree(generator: torch.Generator) -> None:
    """A check repeats them with each operation rounded and differentiated, where hundreds took ten seconds."""
    field, g = field_named("irreps:8x0e+4x1o+2x2e+2x3e"), O(3).sample(generator)
    x = field.sample(2, generator)
    field.act(g, x)
    with Counted() as counted:
        field.act(g, x)
    assert counted.count < 80


def test_a_regular_fibre_moves_as_the_split_group_does(generator: torch.Generator) -> None:
    from invariance.groups import P4M, of_split

    field, x = f.image(2, 5, fibre=f.regular(P4M)), torch.randn(1, 2, 8, 5, 5)
    order = torch.randperm(8, generator=generator).tolist()
    other = f.image(2, 5, fibre=f.regular(P4M, order))
    for g, element in enumerate(of_split(P4M).listed):
        assert torch.equal(field.act(element, x), P4M.act(g, x))
        assert torch.equal(other.act(element, x[:, :, order]), P4M.act(g, x)[:, :, order])
    assert not other.spec


def test_trees_by_name() -> None:
    assert {k: v.shape for k, v in fields_named("pos=points:16,h=scalars:16x5").items()} == {  # pyright: ignore[reportAttributeAccessIssue]
        "pos": (16, 3),
        "h": (16, 5),
    }
    pair = fields_named("nodes:12x5, image:4x9x9:quotient(p4m, pm)")
    assert isinstance(pair, tuple)
    assert [x.shape for x in pair] == [(12, 5), (4, 4, 9, 9)]


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("pictures:3", "field = pictures:3: one of image"),
        ("image:3", "lengths as in image:3x33x33"),
        ("image:3x0x5", "at least 1"),
        ("points:6:spin", "without spin (fibre)"),
        ("nodes:6:spin", "fibre = spin"),
        ("irreps:4x1q", "terms such as 4x1o"),
        ("edges:4x13", "an even number"),
        ("types:4x1", "two kinds or more"),
        ("links:2x3x7", "1 to 6 links"),
        ("image:3x5x5:regular(O(3))", "a finite group"),
        ("a=points:3,points:4", "a different name"),
        ("features:quotient(C(4), C(3))", "element = 120°"),
    ],
)
def test_bad_names(spec: str, said: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        fields_named(spec)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda g: [[1, 0], [0, 2 - g.is_identity]], "differ by"),
        (lambda g: matrix_of(g.inverse()), "ρ(gh)x differ"),
        (lambda g: matrix_of(g)[:, :1], "function(g).shape"),
    ],
)
def test_what_is_no_representation_is_named_with_the_element(function, said: str, generator: torch.Generator) -> None:
    field = f.features(fibre=f.representation(3 if "ρ(gh)" in said else 2, function))
    group = SO(3) if "ρ(gh)" in said else cyclic(5)
    with pytest.raises(ArgumentError) as raised:
        check_field_laws("out", field, group, generator)
    assert said in str(raised.value)


class Own(f.Field):
    """Four numbers that stay; what is wrong with it is told by what it is made with."""

    spec, shape = "", (4,)

    def __init__(self, width: int = 4, unseeded: bool = False) -> None:
        self.width, self.unseeded = width, unseeded

    def act(self, g: Element, tensor: torch.Tensor) -> torch.Tensor:
        return tensor

    def moves_only(self, g: Element) -> bool:
        return True

    def sample(self, batch: int, generator: torch.Generator, *, smooth: bool = False) -> torch.Tensor:
        return torch.randn(batch, self.width, generator=None if self.unseeded else generator)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("field", "group", "said"),
    [
        (Own(width=5), "p4", "sample of inputs.shape = (2, 5): (batch, 4)"),
        (Own(unseeded=True), "p4", "sample of inputs = other samples each time"),
        (f.points(16, 2), "O(3)", "inputs = points:16x2 under O(3): 3 coordinates on axis 2, not 2"),
        (f.nodes(4, 4), "S(3)", "inputs = nodes:4x4 under S(3): 3 items on axis -1, not 4"),
        (f.image(1, 8), "cube", "inputs = image:1x8x8 under cube: a grid of 3 axes in space, not 2"),
        (f.image(1, 8), "time-reversal", "under time-reversal: an axis of time"),
        (f.sequence(2, 32), "shifts(30)", "under shifts(30): a multiple of 30 places on axis -1, not 32"),
        (f.sequence(2, 32), "shifts(2, 32)", "under shifts(2, 32): a grid of 2 axes"),
        (f.features(1, f.representation(1, lambda g: [[float("nan")]])), "C(5)", "finite numbers, for g = identity"),
    ],
)
def test_a_group_that_does_not_act_on_a_field_is_named(
    field: f.Field, group: str, said: str, generator: torch.Generator
) -> None:
    with pytest.raises(ArgumentError) as raised:
        check_field_laws("inputs", field, group_named(group), generator)
    assert said in str(raised.value)


def test_a_quarter_turn_exchanges_the_sides_of_what_a_model_returns() -> None:
    from invariance.checking import check

    wide, deep = f.image(2, 4, 5), f.volume(1, 3, 4, 5)
    assert check(torch.tanh, Symmetry("p4", wide, wide)).verdict == "consistent"
    assert check(torch.tanh, Symmetry("cube", deep, deep)).verdict == "consistent"
    with pytest.raises(ArgumentError, match=r"\(batch, 2, 5, 5\)"):
        check(torch.tanh, Symmetry("p4", wide, f.image(2, 5, 5)))
    with pytest.raises(ArgumentError, match=r"inputs\.shape"):
        Symmetry("p4", wide).check_inputs(torch.zeros(3, 2, 5, 4))


@pytest.mark.bad_input
def test_what_a_field_lacks_is_named() -> None:
    class Half(f.Field):
        def act(self, g: Element, tensor: torch.Tensor) -> torch.Tensor:
            return tensor

    class Shapeless(Half):
        def moves_only(self, g: Element) -> bool:
            return True

        def sample(self, batch: int, generator: torch.Generator, *, smooth: bool = False) -> torch.Tensor:
            return torch.randn(batch, 3, generator=generator)

    with pytest.raises(ArgumentTypeError, match="field = Half: a field with moves_only and sample"):
        Half()  # pyright: ignore[reportAbstractUsage]
    with pytest.raises(ArgumentTypeError, match="inputs = Shapeless without a shape"):
        Symmetry("p4", Shapeless())


def matrix_of(g: Element) -> torch.Tensor:
    part = g.affine()
    return torch.eye(3, dtype=torch.float64) if part is None else part.matrix


def test_types_are_looked_up_and_move_with_their_items() -> None:
    from invariance.checking import check

    table = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    asked = Symmetry("E(3) x S(6)", ("types:6x5", "points:6"), ("nodes:6x3", "types:6x5"))

    def model(*inputs: torch.Tensor) -> Any:
        kinds, pos = inputs
        return table[kinds] * (pos - pos.mean(1, keepdim=True)).square().sum(-1, keepdim=True), 4 - kinds

    assert check(model, asked).verdict == "consistent"
    numbered = check(lambda *x: (model(*x)[0], model(*x)[1].sort(1).values), asked)  # pyright: ignore[reportArgumentType]
    assert {row.output for row in numbered.rows if row.verdict == "violated"} == {"[1]"}
    with pytest.raises(ArgumentError, match="from 0 to 4, types:6x5"):
        asked.check_inputs((torch.full((2, 6), 9), torch.zeros(2, 6, 3)))


def test_labels_and_boxes() -> None:
    flip = group_named("flip-lr").generators[0]
    assert f.labels(3, (1, 0, 2)).act(flip, torch.tensor([0, 1, 2])).tolist() == [1, 0, 2]
    box = f.boxes(1, 8, 10).act(flip, torch.tensor([[[1.0, 2.0, 4.0, 5.0]]]))
    assert box.tolist() == [[[6.0, 2.0, 9.0, 5.0]]]
    quarter = group_named("p4").elements[1]  # pyright: ignore[reportOptionalSubscript]
    image = torch.zeros(1, 1, 8, 10)
    image[0, 0, 2:5, 1:4] = 1
    turned = f.image(1, 8, 10).act(quarter, image)[0, 0].nonzero()
    moved = f.boxes(1, 8, 10).act(quarter, torch.tensor([[[1.0, 2.0, 4.0, 5.0]]]))[0, 0].tolist()
    top, left = turned.amin(0).tolist()
    bottom, right = (turned.amax(0) + 1).tolist()
    assert moved == [left, top, right, bottom]


def test_a_reversal_of_time_turns_velocities_round() -> None:
    x, g = torch.arange(6.0).view(1, 2, 1, 3), group_named("time-reversal").generators[0]
    assert torch.equal(f.sequence(2, 3, "vector").act(g, x), -x.flip(-1))
