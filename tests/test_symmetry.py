"""The question as data: through files, against signatures, with trees of inputs and outputs."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch

from invariance import fields as f
from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.groups import P4, E, cyclic
from invariance.symmetry import OwnElement, Symmetry
from invariance.symmetry.values import product

SPELLED = [
    Symmetry("E(3)", "pos=points:6,h=scalars:6x5", "pos=points:6,h=scalars:6x5"),
    Symmetry("S(6)", ("nodes:6x5", "pairs:6"), "nodes:6x7"),
    Symmetry(cyclic(8), f.image(3, 9), f.image(4, 9, fibre=f.regular(cyclic(8)))),
    Symmetry(P4, f.image(3, 9)),
    Symmetry("O(3)", {"x": f.points(4)}, [f.features(2), (f.vectors(4), f.invariant())], batched=False),
]


@pytest.mark.parametrize("symmetry", SPELLED, ids=str)
def test_a_file_holds_it(symmetry: Symmetry, generator: torch.Generator) -> None:
    again = Symmetry.from_dict(symmetry.to_dict())
    assert again.to_dict() == symmetry.to_dict()
    assert str(again) == str(symmetry)
    assert again.claim == symmetry.claim
    again.check_laws(generator)


@dataclass
class Graph:
    pos: Any
    h: Any


def test_trees_are_kept_by_the_action(generator: torch.Generator) -> None:
    symmetry = Symmetry(E(3), (Graph(f.points(5), f.scalars(5, 2)), [f.mask(5)]), f.vectors(5))
    graph, (mask,) = symmetry.sample(3, generator)
    moved, (same,) = symmetry.act(E(3).sample(generator), (graph, [mask]))
    assert moved.pos.shape == (3, 5, 3)
    assert not torch.equal(moved.pos, graph.pos)
    assert torch.equal(moved.h, graph.h)
    assert torch.equal(same, mask)
    assert not symmetry.portable


class Named(NamedTuple):
    pos: Any
    h: Any


@pytest.mark.parametrize("returned", [tuple, list, Named, Graph])
def test_tuples_with_and_without_names_are_lists(returned: Any) -> None:
    from invariance.checking import check

    def model(*inputs: torch.Tensor) -> Any:
        x, h = inputs
        return returned((x.clone(), h.tanh())) if returned in (tuple, list) else returned(x.clone(), h.tanh())

    tree = (f.points(4), f.scalars(4, 2))
    report = check(model, Symmetry("E(3) x S(4)", tree, Graph(*tree) if returned is Graph else tree))
    assert report.verdict == "consistent"


@pytest.mark.parametrize("batched", [True, False])
def test_an_output_that_is_none_is_invariant(batched: bool) -> None:
    from invariance.checking import check

    attention = torch.nn.MultiheadAttention(8, 2, batch_first=True)

    def model(*inputs: torch.Tensor) -> Any:
        return attention(*inputs, *inputs, *inputs, need_weights=False)

    attention.double()
    report = check(model, Symmetry("S(5)", "nodes:5x8", ("nodes:5x8", "invariant"), batched))
    assert report.verdict == "consistent"
    assert {row.output for row in report.rows} == {"[0]"}


def test_a_model_of_one_sample_is_called_for_each(generator: torch.Generator) -> None:
    symmetry = Symmetry("S(4)", ("nodes:4x2", "edges:4x6"), "nodes:4x2", batched=False)
    inputs = symmetry.sample(3, generator)
    out = symmetry.run(lambda x, edges: x + torch.zeros_like(x).index_add(0, edges[1], x[edges[0]]), inputs)
    assert out.shape == (3, 4, 2)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Symmetry(7, "points:3"), "group = int"),  # pyright: ignore[reportArgumentType]
        (lambda: Symmetry("O(3)", torch.zeros(3)), "inputs = Tensor"),
        (lambda: Symmetry("O(3)", "points:4").check_signature(lambda x, y: x), "missing a required argument: 'y'"),
        (lambda: Symmetry("O(3)", {"z": "points:4"}).check_signature(lambda x: x), "missing a required argument: 'x'"),
        (lambda: Symmetry("p4", "image:3x9x9", "a=invariant,b=invariant").encoded({"a": torch.zeros(2)}), "without b"),
        (lambda: Symmetry("p4", "image:3x9x9", "image:3x8x8").encoded(torch.zeros(2, 3, 9, 9)), "(batch, 3, 8, 8)"),
        (lambda: Symmetry("p4", f.features(fibre=f.representation(1, lambda g: [[1]]))).to_dict(), "FILE.py:NAME"),
        (lambda: Symmetry.from_dict({"group": "p4"}), "group, in, out"),
        (lambda: Symmetry.of(elements=[], act=lambda g, x: x, sample=lambda b, g: g), "at least one"),
    ],
)
def test_bad_input(make, said: str) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError)) as raised:
        make()
    assert said in str(raised.value)


def test_four_functions(generator: torch.Generator) -> None:
    def sample(batch: int, generator: torch.Generator) -> torch.Tensor:
        return torch.randn(batch, 4, generator=generator)

    swap = Symmetry.of(elements={"swap": -1}, act=lambda g, x: x.flip(g), sample=sample)
    swap.check_laws(generator)
    assert swap.claim == "invariant"
    assert [str(g) for g in swap.group.tried(generator, 1)] == ["swap"]
    broken = Symmetry.of(elements=["cut"], act=lambda g, x: x[:1], sample=sample)
    with pytest.raises(ArgumentError, match=r"act\(cut, inputs\) = \(1, 4\): a tensor of 2 samples"):
        broken.check_laws(generator)


def rows(batch: int, generator: torch.Generator) -> torch.Tensor:
    return torch.randn(batch, 5, 3, generator=generator)


def rotation(generator: torch.Generator) -> torch.Tensor:
    return torch.linalg.qr(torch.randn(3, 3, generator=generator))[0]


def permutation(generator: torch.Generator) -> torch.Tensor:
    return torch.randperm(5, generator=generator)


def test_own_functions_compute_in_float64_whatever_the_default_is(generator: torch.Generator) -> None:
    own = Symmetry.of(elements=rotation, act=lambda r, x: x @ r.mT, sample=rows)
    own.check_laws(generator)
    turned = own.group.sample(generator)
    moved = own.act(turned, own.sample(2, generator))
    assert moved.dtype == torch.float64
    assert torch.get_default_dtype() == torch.float32
    assert "°" in str(turned)
    assert str(
        Symmetry.of(elements=permutation, act=lambda p, x: x[:, p], sample=rows).group.sample(generator)
    ).startswith("permutation (")
    from invariance.checking import check

    def gram(x: torch.Tensor) -> torch.Tensor:
        return (x @ x.mT).tanh().sum((1, 2))

    assert check(gram, own).verdict == "consistent"


def test_own_actions_of_a_group_by_its_name(generator: torch.Generator) -> None:
    own = Symmetry.of(elements="O(3)", act=lambda g, x: x @ g.affine().matrix.mT, sample=rows)
    own.check_laws(generator)
    assert str(own) == "O(3)"
    assert str(own.group.tried(generator, 1)[0]) == "reflection across x"


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"act": lambda r, x: x @ r.mT @ r.mT @ torch.diag(torch.tensor([1.0, 2, 3]))}, "differ by"),
        ({"act": lambda p, x: x[:, p] + p[:, None], "elements": permutation}, "for g = permutation ("),
        ({"act": lambda g, x: x @ g.affine().matrix.mT + 1, "elements": "SO(3)"}, "differ by"),
        ({"act": lambda r, x: x @ r.mT + torch.randn_like(x)}, "something else each time"),
        ({"act": lambda r, x: x @ r.mT + x.mean(0)}, "each sample moved by itself"),
        ({"act": lambda r, x: (x @ r.mT).float()}, "torch.float64, as it is given"),
        ({"act": lambda r, x: x @ r.mT / 0}, "finite numbers"),
        ({"act": lambda r, x: (x @ r.mT).numpy()}, "ndarray: a tensor of 2 samples"),
        ({"elements": lambda generator: rotation(generator).float()}, "orthogonal up to"),
        ({"elements": [torch.full((3, 3), float("nan"))]}, "finite numbers"),
        ({"elements": lambda: torch.eye(3)}, "elements(generator) = TypeError"),
        ({"elements": 5}, "elements = int: a list"),
        ({"elements": "Q(3)"}, "group = Q(3)"),
        ({"sample": lambda batch, generator: torch.randn(batch, 5, 3)}, "other samples each time"),
    ],
)
def test_own_functions_that_are_no_action_are_named(
    parts: dict[str, Any], said: str, generator: torch.Generator
) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError)) as raised:
        Symmetry.of(**{"elements": rotation, "act": lambda r, x: x @ r.mT, "sample": rows} | parts).check_laws(
            generator
        )
    assert said in str(raised.value)


def test_rows_and_columns_are_both_actions(generator: torch.Generator) -> None:
    for act in (lambda r, x: x @ r, lambda r, x: x @ r.mT):
        Symmetry.of(elements=rotation, act=act, sample=rows).check_laws(generator)


def test_own_elements_are_undone_where_it_is_known(generator: torch.Generator) -> None:
    for draw in (rotation, permutation):
        g = Symmetry.of(elements=draw, act=lambda r, x: x, sample=rows).group.sample(generator)
        assert isinstance(g, OwnElement)
        back = g.undone()
        assert back is not None
        assert str(OwnElement.of(product(g.value, back.value))) == "identity"
    assert OwnElement.of(3.0).undone() is None
    assert OwnElement.of("turn").undone() is None
