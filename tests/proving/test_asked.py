"""What is asked: outputs by name and size, groups that move something, generators that are motions."""

from collections.abc import Callable
from typing import Any

import pytest
from proving.functions import Of
from torch import Tensor, nn

from invariance.errors import ArgumentError
from invariance.proving import Generator, MovingGroup, Reproof, prove
from invariance.symmetry import Symmetry


def test_outputs_are_known_by_name() -> None:
    symmetry = Symmetry("S(4)", "nodes:4x2", {"a": "invariant", "b": "nodes:4x2"})
    assert prove(Of(lambda x: {"b": x, "a": x.sum(1)}), symmetry=symmetry).verdict == "proved"
    assert prove(Of(lambda x: {"b": x.sum(1), "a": x}), symmetry=symmetry, search=False).verdict == "not proved"
    nested = Symmetry("S(4)", "nodes:4x2", "invariant")
    assert prove(Of(lambda x: {"b": x.sum(1), "a": (x.amax(1), None)}), symmetry=nested).verdict == "proved"


@pytest.mark.parametrize(
    ("function", "outputs", "match"),
    [
        (lambda x: x, ("nodes:4x2", "invariant"), r"Tensor: tuple of \[0\], \[1\], as declared"),
        (lambda x: (x, x, x), ("nodes:4x2", "nodes:4x2"), r"\[2\] besides"),
        (lambda x: (x, x), "nodes:4x2", r"one tensor, nodes:4x2, as declared"),
        (lambda x: (x, None), ("nodes:4x2", "nodes:4x2"), r"no tensor"),
    ],
)
def test_outputs_that_are_not_as_declared(function: Callable[..., Any], outputs: Any, match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        prove(Of(function), symmetry=Symmetry("S(4)", "nodes:4x2", outputs))


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"symmetry": Symmetry("S(1)", "nodes:1x2", "nodes:1x2")}, "the identity alone"),
        ({"input_shape": (1, 0), "group": "flip"}, "whole lengths"),
        ({"input_shape": (1, 2), "group": "flip", "max_error": 1.0}, "a relative change"),
    ],
)
def test_questions_that_are_none(asked: dict[str, Any], match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        prove(nn.ReLU(), **asked)


def test_an_output_of_another_size_than_declared() -> None:
    report = prove(nn.ReLU(), symmetry=Symmetry("S(3)", "nodes:3x2", "nodes:4x2"), search=False)
    assert report.verdict == "not proved"
    assert "(batch, 4, 2), nodes:4x2" in str(report)


def test_an_output_without_the_axes_that_move() -> None:
    asked: dict[str, Any] = {"input_shape": (3, 2), "group": "channels", "claim": "equivariant"}
    assert "has the axes that the group moves" in str(prove(Of(lambda x: x.sum((1, 2))), **asked, search=False))


@pytest.mark.parametrize(
    "act",
    [lambda a: a[..., [0, 0]], lambda a: -a, lambda a: a * 1.0, lambda a: a.tolist(), lambda a: a * 0],
)
def test_a_generator_that_is_no_motion(act: Callable[[Any], Any]) -> None:
    group = MovingGroup("own", 2, (Generator("own", act),))
    with pytest.raises(ArgumentError, match="a motion"):
        prove(Of(lambda x: x.sum(2)), input_shape=(1, 2), group=group, claim="invariant")


@pytest.mark.parametrize(
    ("group", "match"),
    [
        ("translation/3", "a group that moves something"),
        ("translation/99999999999999999999", "one of p2"),
        ("p4*", "one of p2"),
    ],
)
def test_groups_that_move_nothing(group: str, match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        prove(nn.ReLU(), input_shape=(1, 3), group=group)


def test_an_output_without_entries_to_permute() -> None:
    """Of equivariance: what has another number of channels does not move as the input does."""
    asked: dict[str, Any] = {"input_shape": (3, 4), "group": "channels", "claim": "equivariant"}
    made = Of(lambda x: x.sum(1, keepdim=True).expand(-1, 5, -1))
    assert "has the axes that the group moves" in str(prove(made, **asked, search=False))


def test_a_reproof_asks_as_prove_does() -> None:
    class Two(nn.Module):
        def forward(self, first: Tensor, second: Tensor) -> Tensor:
            return first

    swapped = Symmetry("S(3)", {"second": "nodes:3x2", "first": "nodes:3x2"}, "nodes:3x2")
    for ask in (prove, Reproof):
        with pytest.raises(ArgumentError, match="in its order"):
            ask(Two(), symmetry=swapped)
        with pytest.raises(ArgumentError, match="a group that moves something"):
            ask(nn.ReLU(), input_shape=(1, 3), group="translation/3")
