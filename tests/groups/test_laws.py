"""The axioms, once for every group that has a name; what each element is called; what is refused."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.groups import (
    GROUPS,
    KINDS,
    SO,
    Affine,
    Element,
    FiniteGroup,
    Group,
    Permutation,
    Shift,
    Tangent,
    check_group_laws,
    cyclic,
    group_named,
    of_split,
    permutations,
)

EVERY = [kind.example for kind in KINDS.values()] + ["O(3) x S(16)", "C(4) x time-reversal", "S(3, users) x S(4)"]
ORDERS = {"p4": 4, "p4m": 8, "C(8)": 8, "D(6)": 12, "flips": 4, "cube": 24, "octahedral": 48, "signs(3)": 8, "S(4)": 24}


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=2)
@given(seed=st.integers(0, 2**31))
def test_axioms(name: str, seed: int) -> None:
    group = group_named(name)
    check_group_laws(group, torch.Generator().manual_seed(seed), count=2)


@pytest.mark.parametrize("name", EVERY)
def test_a_name_says_all_and_elements_go_through_files(name: str, generator: torch.Generator) -> None:
    group = group_named(name)
    assert group_named(group.name).name == group.name
    for g in group.tried(generator, 2):
        again = Element.from_dict(g.to_dict())
        assert again.distance(g) < 1e-12
        assert group.contains(again)
        assert group.name_of(g) == group.name_of(again) or g.label


@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_orders(name: str, order: int) -> None:
    group = group_named(name)
    assert group.order == len(group.elements or ()) == order
    assert len({g.key() for g in group.elements or ()}) == order
    assert len({group.name_of(g) for g in group.elements or ()}) == order


@pytest.mark.parametrize("name", [n for n in EVERY if group_named(n).order])
def test_generators_reach_every_element(name: str) -> None:
    group = group_named(name)
    if group.order is not None and group.order <= 48:
        assert FiniteGroup.generated("again", *group.generators).order == group.order


@pytest.mark.parametrize("name", [n for n in EVERY if group_named(n).algebra])
def test_tangents_are_those_of_curves_in_the_group(name: str) -> None:
    group = group_named(name)
    for tangent in group.algebra:
        assert group.contains(tangent.at(torch.tensor(0.3, dtype=torch.float64)))


def test_split_groups_keep_their_order_of_elements() -> None:
    image = torch.randn(2, 3, 7, 7)
    for split in GROUPS.values():
        group = of_split(split)
        assert [[group.index(g @ h) for h in group.listed] for g in group.listed] == [list(r) for r in split.product]
    from invariance import fields as f

    field = f.image(3, 7)
    for name in ("p2", "pm", "cm", "p4", "p4m"):
        for g, element in enumerate(of_split(GROUPS[name]).listed):
            assert torch.equal(field.act(element, image), GROUPS[name].act_on_plane(g, image))


def test_a_rotation_of_the_cyclic_group_is_counter_clockwise_as_rot90_is() -> None:
    image = torch.randn(1, 1, 5, 5)
    from invariance import fields as f

    assert torch.equal(f.image(1, 5).act(cyclic(8).listed[2], image), image.rot90(1, (-2, -1)))
    assert [str(g) for g in cyclic(8).listed[1:3]] == ["45°", "90°"]


def test_names_are_told() -> None:
    told = {str(g) for name in ("p4m", "D(6)", "octahedral") for g in group_named(name).elements or ()}
    assert {"180°", "flip of rows", "transposition", "reflection in the line at 30°", "inversion"} <= told
    assert {"90° about x", "120° about (1, 1, 1)", "reflection across z"} <= told
    assert str(Element({"items": Permutation((1, 0, 2))})) == "permutation (0 1)"
    assert str(Element({"grid": Shift((0, 7), (8, 8))})) == "shift by (0, -1)"


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: group_named("Q(8)"), "group = Q(8)"),
        (lambda: group_named("C(0)"), "at least 1"),
        (lambda: group_named("S(3) x S(4)"), "both on items"),
        (lambda: Permutation((0, 0)), "each place"),
        (lambda: Shift((1,), (2, 3)), "one for each step"),
        (lambda: Affine(torch.ones(2, 3)), "a square matrix"),
        (lambda: Affine.of([[0, 0], [1, 0]]).inverse(), "one with an inverse"),
        (lambda: FiniteGroup.of("open", [Element(), cyclic(3).listed[1]]), "closed"),
        (lambda: FiniteGroup.of("none", [cyclic(3).listed[1]]), "the identity first"),
        (lambda: FiniteGroup.of("twice", [Element(), Element()]), "distinct"),
        (lambda: FiniteGroup.generated("inf", Element({"space": Affine.of([[1, 1], [0, 1]])})), "finite group"),
        (lambda: cyclic(4).index(cyclic(8).listed[1]), "element = 45°"),
        (lambda: Element.from_dict({"space": {"kind": "twist"}}), "an affine map"),
    ],
)
def test_bad_input(make, said: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        make()
    assert said in str(raised.value)


class Leaky(Group):
    """Draws elements that are not its own."""

    def sample(self, generator: torch.Generator) -> Element:
        return cyclic(5).listed[1]

    def contains(self, element: Element) -> bool:
        return cyclic(4).contains(element)


class Unfinished(Group):
    """Claims that a turn by 72° is undone by itself."""

    def sample(self, generator: torch.Generator) -> Element:
        return cyclic(5).listed[1]

    def contains(self, element: Element) -> bool:
        return True

    def inverse(self, element: Element) -> Element:
        return element


class Flat(Unfinished):
    """Projects."""

    def sample(self, generator: torch.Generator) -> Element:
        return Element({"space": Affine.of([[1, 0], [0, 0]])})


class Bare(Unfinished):
    """Draws matrices."""

    def sample(self, generator: torch.Generator) -> Element:
        return torch.eye(2)  # pyright: ignore[reportReturnType]


class Sheared(Group):
    """Rotations, and an algebra that is not theirs."""

    def sample(self, generator: torch.Generator) -> Element:
        return SO(2).sample(generator)

    def contains(self, element: Element) -> bool:
        return SO(2).contains(element)


SHEAR = Tangent("shear", "space", Affine.of([[0, 1], [0, 0]]))


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("group", "said"),
    [
        (Leaky("leaky", None, ()), "72° is drawn"),
        (Unfinished("unfinished", None, ()), "g⁻¹g ≠ 1 for g = 72°"),
        (Flat("flat", None, ()), "linear map [[1.0, 0.0], [0.0, 0.0]] is drawn or listed: a group: maps of space with"),
        (Bare("bare", None, ()), "Tensor is drawn"),
        (Sheared("sheared", None, (), (SHEAR,)), "exp(0.3 X), linear map [[1.0, 0.3], [0.0, 1.0]], for X = shear"),
    ],
    ids=str,
)
def test_what_is_no_group_is_named(group: Group, said: str, generator: torch.Generator) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError), match="group") as raised:
        check_group_laws(group, generator)
    assert said in str(raised.value)


def test_permutations_undo_and_multiply() -> None:
    values = torch.arange(5)
    g, h = Permutation((1, 2, 0, 4, 3)), Permutation((4, 0, 1, 2, 3))
    assert torch.equal((g @ h).on_axis(values, 0), g.on_axis(h.on_axis(values, 0), 0))
    assert torch.equal(g.on_values(torch.tensor([0, -1, 3])), torch.tensor([1, -1, 4]))
    assert permutations(12).order == 479001600
    assert permutations(12).elements is None
