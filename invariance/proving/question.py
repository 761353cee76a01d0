"""What is asked of a network: for each generator the motions of the inputs, and those that the outputs should have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, Literal, get_args

import numpy as np
import torch

from ..errors import ArgumentError, ArgumentTypeError
from ..fields import EdgeIndex, Invariant, beside, leaves, map_tree, match_trees
from ..groups import Element, SplitGroup
from ..symmetry import Symmetry
from .actions import Action, Ints
from .generators import MovingGroup, group_of

__all__ = ["Asked", "Claim", "Question", "question_of", "shapes_of"]

Claim = Literal["invariant", "equivariant"]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Asked:
    """One generator. `wanted(k, shape)`: how output k of that shape, batch in front, should move; None: in any way.

    `labels`: σ of the inputs that are numbers of places, whose values it moves, by the input's number.
    """

    name: str
    inputs: tuple[Action, ...]
    wanted: Callable[[int, Shape], Action | None]
    labels: Mapping[int, Ints] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """A group by generators; words that are the identity; smaller groups, the largest first.

    `named`: whether the name says what the generators do to the one input; else the question does. `outputs`: the tree
    of the fields that a symmetry declares; `wanted` has their numbers.
    """

    group: str
    order: int | None
    claim: str | None
    shapes: tuple[Shape, ...]
    generators: tuple[Asked, ...]
    relations: tuple[tuple[int, ...], ...] = ()
    subgroups: tuple[Question, ...] = ()
    named: bool = False
    outputs: Any = None

    def of_outputs(self, returned: Any) -> Question:
        """The same question, with the numbers that the outputs have in `returned`, the tree that the model returns.

        Raises:
            ArgumentError: another tree than the declared one; no tensor where a field is declared.
        """
        if self.outputs is None:
            return self
        name = "model(inputs)"
        match_trees(
            name, map_tree(lambda number: torch.empty(0) if number is not None else None, returned), self.outputs
        )
        fields: dict[int, int] = {}
        for j, (path, field_, found) in enumerate(beside(self.outputs, returned)):
            if not isinstance(field_, Invariant) and not isinstance(found, int):
                given = "no tensor" if found is None else type(found).__name__
                raise ArgumentError(f"{name}{path and '.' + path}", given, f"one tensor, {field_}, as declared")
            fields |= {number: j for _, number in leaves(found) if number is not None}
        generators = tuple(
            replace(asked, wanted=lambda k, shape, asked=asked: asked.wanted(fields[k], shape))
            for asked in self.generators
        )
        return replace(self, generators=generators, outputs=None)

    @property
    def places(self) -> tuple[int, ...]:
        """The inputs that are numbers of places."""
        return tuple(self.generators[0].labels) if self.generators else ()


def question_of(
    group: str | SplitGroup | MovingGroup | None,
    input_shape: Sequence[int] | None,
    claim: Claim | None,
    symmetry: Symmetry | None,
) -> Question:
    """The question that the arguments of `prove` ask.

    Raises:
        ArgumentTypeError: a group of another kind.
        ArgumentError: neither or both of a symmetry and an input shape with a group; a shape, a claim or a group that
            is none; a group that does not move entries.
    """
    if symmetry is not None:
        if not isinstance(symmetry, Symmetry):
            raise ArgumentTypeError("symmetry", type(symmetry).__name__, "a Symmetry; a group's name goes to group=")
        if group is not None or input_shape is not None or claim is not None:
            raise ArgumentError("symmetry", symmetry.group.name, "given alone: it has the group, the shapes, the claim")
        return _of_symmetry(symmetry)
    if input_shape is None or group is None:
        raise ArgumentError("group, input_shape", f"{group}, {input_shape}", "both, or a symmetry")
    if claim is not None and claim not in get_args(Claim):
        raise ArgumentError("claim", claim, f"one of {', '.join(get_args(Claim))}, or None")
    shape = shape_of(input_shape)
    named = group.name if isinstance(group, SplitGroup) else group
    chosen = group_of(named, shape) if isinstance(named, str) else named
    if not isinstance(chosen, MovingGroup):
        wanted = "a name such as 'p4', or Symmetry(group, fields in, fields out) as symmetry"
        raise ArgumentTypeError("group", type(chosen).__name__, wanted)
    return replace(_of_moving(chosen, shape, claim), named=isinstance(named, str))


def shape_of(input_shape: Any) -> Shape:
    """Raises ArgumentError where it is no shape of a sample."""
    shape = tuple(input_shape) if isinstance(input_shape, Sequence) and not isinstance(input_shape, str) else ()
    whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) and n > 0 for n in shape)
    if not shape or not whole or len(shape) > 63 or prod(shape) > 2**40:
        raise ArgumentError("input_shape", input_shape, "whole lengths of at least 1, without the batch")
    return tuple(map(int, shape))


def shapes_of(symmetry: Symmetry) -> tuple[Shape, ...]:
    return tuple(leaf.shape for _, leaf in leaves(symmetry.inputs))


def _of_moving(group: MovingGroup, shape: Shape, claim: Claim | None) -> Question:
    def asked(generator: Any) -> Asked:
        def wanted(_: int, output: Shape) -> Action | None:
            if claim is None:
                return None
            if claim == "invariant":
                return Action.identity(output)
            try:
                return generator.on(output[1:])
            except (IndexError, ValueError) as error:
                wanted = "an output that has the axes that the group moves, as the input has them"
                raise ArgumentError("claim", f"equivariant, of an output of shape {output[1:]}", wanted) from error

        return Asked(generator.name, (generator.on(shape),), wanted)

    smaller = []
    for name, words in group.subgroups:
        part = group.subgroup(name, words)
        smaller.append(Question(name, None, claim, (shape,), tuple(map(asked, part.generators))))
    generators = tuple(map(asked, group.generators))
    return Question(group.name, group.order, claim, (shape,), generators, group.relations, tuple(smaller))


def _of_symmetry(symmetry: Symmetry) -> Question:
    group = symmetry.group
    if group.order is None or group.algebra:
        raise ArgumentError("symmetry", group.name, "a finite group: a proof goes by generators that move entries")
    if not symmetry.batched:
        raise ArgumentError("symmetry", "batched=False", "a model that takes batches: the batch is its first axis")
    inputs, outputs = [leaf for _, leaf in leaves(symmetry.inputs)], [leaf for _, leaf in leaves(symmetry.outputs)]
    generators = group.generators or (group.elements or ())[1:]
    if not generators:
        raise ArgumentError("symmetry", group.name, "a group that moves something: this one has the identity alone")
    asked = []
    for g in generators:
        actions = tuple(_on_field(leaf, g, leaf.shape, group.name_of(g)) for leaf in inputs)

        def wanted(k: int, shape: Shape, g: Element = g) -> Action | None:
            leaf = outputs[k]
            if isinstance(leaf, Invariant):
                return Action.identity(shape)
            leaf.check_output("model(inputs)", torch.zeros(1, *shape[1:], dtype=torch.float64))
            return _on_field(leaf, g, shape[1:], group.name_of(g))

        labels = {k: _labels(leaf, g) for k, leaf in enumerate(inputs) if isinstance(leaf, EdgeIndex)}
        asked.append(Asked(group.name_of(g), actions, wanted, labels))
    shapes = tuple(leaf.shape for leaf in inputs)
    return Question(group.name, group.order, symmetry.claim, shapes, tuple(asked), outputs=symmetry.outputs)


def _labels(leaf: EdgeIndex, g: Element) -> Ints:
    """What becomes of each number of a node."""
    moved = g.permutation(leaf.slot)
    return np.arange(leaf.nodes) if moved is None else np.array(moved.images, dtype=np.int64)


def _on_field(leaf: Any, g: Element, shape: Shape, name: str) -> Action:
    """The field's ρ(g) as a signed permutation, read off a tensor of numbered entries."""
    if isinstance(leaf, EdgeIndex):
        order = g.permutation("edges")
        if order is not None and len(order.images) != leaf.edges:
            raise ArgumentError("symmetry", f"{name} on {leaf}", f"a permutation of the {leaf.edges} edges")
        tables = {} if order is None else {2: np.argsort(order.images)}
        return Action.of((1, *shape), tables=tables)
    if not leaf.moves_only(g):
        raise ArgumentError("symmetry", f"{name} on {leaf}", "an action that moves entries and changes signs only")
    if leaf.dtype is not None and not leaf.dtype.is_floating_point:
        raise ArgumentError("symmetry", str(leaf), "a field of real numbers: whole numbers that move have no proof yet")
    full = (1, *shape)
    count = int(np.prod(full))
    probe = torch.arange(1, count + 1, dtype=torch.float64).reshape(full)
    found = leaf.act(g, probe).reshape(-1).numpy()
    index = np.abs(found).round().astype(np.int64) - 1
    if len(index) != count or not np.array_equal(np.abs(found), index + 1.0) or len(np.unique(index)) != count:
        raise ArgumentError("symmetry", f"{name} on {leaf}", "an action that permutes the entries, up to signs")
    signs = np.sign(found)
    return Action.from_dense(full, index, None if (signs > 0).all() else signs)
