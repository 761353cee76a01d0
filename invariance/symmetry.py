r"""A question about a network, as data that a file can hold: a group, the fields it acts on, the fields that come out.

$F(\rho_\text{in}(g)\,x) = \rho_\text{out}(g)\,F(x)$ for all g. *Invariant* is the case of a trivial output; there is no
third word.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from .errors import ArgumentError, ArgumentTypeError
from .fields import (
    Field,
    Invariant,
    beside,
    check_field_laws,
    field_named,
    fields_named,
    leaves,
    map_tree,
    match_trees,
)
from .groups import Element, Group, SplitGroup, check_group_laws, group_named, of_split
from .verdicts import Claim

__all__ = ["OwnElement", "OwnSymmetry", "Symmetry", "as_group"]

Tree = Any
"""A tensor or a field, or a tuple, list, dict or dataclass of such."""


def as_group(group: Group | SplitGroup | str) -> Group:
    """A group, or one by its name, or a split group's H."""
    if isinstance(group, str):
        return group_named(group)
    if isinstance(group, SplitGroup):
        return of_split(group)
    if not isinstance(group, Group):
        raise ArgumentTypeError("group", type(group).__name__, "a group of invariance.groups, or its name")
    return group


@dataclass(frozen=True, eq=False, init=False)
class Symmetry:
    """What should hold of a network.

    Args:
        group: a group, or its name, such as "O(3)".
        inputs: the field of each input, or its name. A tuple is the model's positional arguments, a dict its keyword
            arguments, anything else its only argument.
        outputs: the field of each output, in the tree that the model returns; *invariant* by default.
        batched: False for a model that takes one sample at a time, without a batch axis.
        source: FILE.py:NAME where it was read from, for files.

    Raises:
        ArgumentError, ArgumentTypeError: a group or a field that is none.

    >>> Symmetry("O(3)", "points:16", "vectors:16").claim
    'equivariant'
    """

    group: Group
    inputs: Tree
    outputs: Tree
    batched: bool
    source: str

    def __init__(
        self,
        group: Group | SplitGroup | str,
        inputs: Tree,
        outputs: Tree = "invariant",
        batched: bool = True,
        source: str = "",
    ) -> None:
        held = {"group": as_group(group), "batched": batched, "source": source}
        held |= {"inputs": _fields("inputs", inputs), "outputs": _fields("outputs", outputs)}
        for name, value in held.items():
            object.__setattr__(self, name, value)

    @staticmethod
    def of(
        *,
        elements: Sequence[Any] | Mapping[str, Any] | Callable[[torch.Generator], Any],
        act: Callable[[Any, Tree], Tree],
        sample: Callable[[int, torch.Generator], Tree],
        act_out: Callable[[Any, Tree], Tree] | None = None,
        batched: bool = True,
        name: str = "own group",
    ) -> OwnSymmetry:
        """One's own, in four functions.

        Args:
            elements: those to try, with names if there is a dict of them; or a function that draws one.
            act: `act(g, inputs)`, with `inputs` as `sample` returns them.
            sample: `sample(batch, generator)`, a tensor or a tree of them; a tuple is the model's positional arguments,
                a dict its keyword arguments.
            act_out: `act_out(g, outputs)`; without it outputs stay.
            name: what reports call the group.

        >>> swap = Symmetry.of(elements={"swap": 1}, act=lambda g, x: x.flip(-1),
        ...                    sample=lambda batch, generator: torch.randn(batch, 2, generator=generator))
        >>> swap.claim
        'invariant'
        """
        group = OwnGroup.of(name, elements)
        return OwnSymmetry(group, act, sample, act_out, batched)

    @property
    def claim(self) -> Claim:
        """*invariant* where every output stays."""
        every = [isinstance(leaf, Invariant) for _, leaf in leaves(self.outputs)]
        return "invariant" if all(every) else "equivariant"

    def sample(self, batch: int, generator: torch.Generator) -> Tree:
        """Random inputs: smooth ones where the group resamples a field."""
        some = self.group.tried(torch.Generator().manual_seed(0), 1)
        smooth = any(leaf.resamples(g) for _, leaf in leaves(self.inputs) for g in some)
        return map_tree(lambda leaf: leaf.sample(batch, generator, smooth=smooth), self.inputs)

    def act(self, g: Element, inputs: Tree) -> Tree:
        """ρ(g) on the inputs."""
        return map_tree(lambda leaf, tensor: leaf.act(g, tensor), self.inputs, inputs)

    def act_out(self, g: Element, outputs: Tree) -> Tree:
        """ρ(g) on the outputs."""
        return map_tree(lambda leaf, tensor: _over(leaf, g, tensor), self.outputs, outputs)

    def varied(self, kind: str, inputs: Tree, generator: torch.Generator) -> Tree | None:
        """Inputs as they may be too: "small and large values", "mostly zero"; None where no field has such."""
        varied = map_tree(lambda leaf, tensor: leaf.varied(kind, tensor, generator), self.inputs, inputs)
        pairs = zip(leaves(varied), leaves(inputs), strict=True)
        return varied if any(new is not old for (_, new), (_, old) in pairs) else None

    def told_inputs(self, inputs: Tree) -> str:
        """The inputs in words."""
        return _told(self.inputs)

    def resamples(self, g: Element) -> bool:
        """Whether values between places are made up, of an input or an output."""
        return any(leaf.resamples(g) for tree in (self.inputs, self.outputs) for _, leaf in leaves(tree))

    def region(self, g: Element, output: str) -> Bool[Tensor, "..."] | None:
        """Which entries of the output of this path come from inside."""
        leaf = dict(leaves(self.outputs)).get(output)
        return None if leaf is None else leaf.region(g)

    def encoded(self, outputs: Tree) -> dict[str, Tensor]:
        """What is compared, by the path of the output: numbers as they are, labels as one-hot codes.

        Raises:
            ArgumentError, ArgumentTypeError: outputs that do not fit the tree or the fields.
        """
        match_trees("model(inputs)", outputs, self.outputs)
        found: dict[str, Tensor] = {}
        for path, leaf, tensor in beside(self.outputs, outputs):
            if isinstance(leaf, Invariant) and not isinstance(tensor, Tensor):
                found.update({_joined(path, p): t for p, t in leaves(tensor) if isinstance(t, Tensor)})
            else:
                found[path] = leaf.encode(leaf.check(_joined("model(inputs)", path), tensor))
        if not found:
            raise ArgumentTypeError("model(inputs)", type(outputs).__name__, "a tensor, or a tree that has some")
        return found

    def run(self, model: Callable[..., Any], inputs: Tree) -> Tree:
        """The model's outputs, each with a batch axis."""
        if self.batched:
            return _called(model, inputs)
        count = len(next(leaves(inputs))[1])
        single = [_called(model, map_tree(lambda tensor, i=i: tensor[i], inputs)) for i in range(count)]
        return map_tree(lambda *tensors: torch.stack(tensors), single[0], *single[1:])

    def check_laws(self, generator: torch.Generator) -> None:
        """Raises ArgumentError where the group is none, or an action is none of its; the elements are named."""
        check_group_laws(self.group, generator, count=2)
        for name, tree in (("inputs", self.inputs), ("outputs", self.outputs)):
            for path, leaf in leaves(tree):
                if leaf.shape != () and leaf.shape[:1] == (-1,):
                    continue
                check_field_laws(_joined(name, path), leaf, self.group, generator, count=2)

    def check_signature(self, model: Callable[..., Any]) -> None:
        """Raises ArgumentError where the model cannot be called with inputs of this tree."""
        _check_signature(model, self.inputs)

    def to_dict(self) -> dict[str, Any]:
        """Raises ArgumentError where a part has no name: read it from FILE.py:NAME then."""
        if self.source:
            return {"source": self.source}
        return {
            "group": self.group.name,
            "in": _plain("inputs", self.inputs),
            "out": _plain("outputs", self.outputs),
            "batched": self.batched,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Symmetry:
        """Raises ArgumentError where it is none that `to_dict` writes."""
        try:
            return cls(data["group"], _restored(data["in"]), _restored(data["out"]), bool(data["batched"]))
        except (KeyError, TypeError) as error:
            raise ArgumentError("symmetry", data, f"group, in, out and batched ({error})") from error

    @property
    def portable(self) -> bool:
        """Whether a file can hold it."""
        try:
            self.to_dict()
        except ArgumentError:
            return False
        return True

    def at(self, source: str) -> Symmetry:
        """The same, found again as FILE.py:NAME."""
        return Symmetry(self.group, self.inputs, self.outputs, self.batched, source)

    def __str__(self) -> str:
        return f"{self.group} on {_told(self.inputs)} → {_told(self.outputs)}"


@dataclass(frozen=True, eq=False)
class OwnElement(Element):
    """An element of a group of one's own: any value, known by its name alone."""

    value: Any = None


@dataclass(frozen=True, eq=False)
class OwnGroup(Group):
    """Some elements, or a function that draws them; products are not asked for."""

    some: tuple[OwnElement, ...] = ()
    draw: Callable[[torch.Generator], Any] | None = None

    @classmethod
    def of(cls, name: str, elements: Any) -> OwnGroup:
        if callable(elements):
            return cls(name, None, (), (), (), (), elements)
        pairs = elements.items() if isinstance(elements, Mapping) else ((str(g), g) for g in elements)
        some = tuple(OwnElement({}, str(label), value) for label, value in pairs)
        if not some:
            raise ArgumentError("elements", elements, "at least one")
        return cls(name, len(some), (), (), (), some)

    @property
    def elements(self) -> tuple[Element, ...] | None:
        return self.some or None

    def tried(self, generator: torch.Generator, count: int) -> list[Element]:
        return list(self.some) or [self.sample(generator) for _ in range(count)]

    def sample(self, generator: torch.Generator) -> Element:
        if self.draw is None:
            return self.some[int(torch.randint(len(self.some), (), generator=generator))]
        value = self.draw(generator)
        return OwnElement({}, " ".join(str(value).split())[:60], value)


@dataclass(frozen=True, eq=False, init=False)
class OwnSymmetry(Symmetry):
    """Made by `Symmetry.of`."""

    own_act: Callable[[Any, Tree], Tree]
    own_sample: Callable[[int, torch.Generator], Tree]
    own_act_out: Callable[[Any, Tree], Tree] | None

    def __init__(
        self,
        group: Group,
        own_act: Callable[[Any, Tree], Tree],
        own_sample: Callable[[int, torch.Generator], Tree],
        own_act_out: Callable[[Any, Tree], Tree] | None = None,
        batched: bool = True,
        source: str = "",
    ) -> None:
        super().__init__(group, (), Invariant() if own_act_out is None else (), batched, source)
        for name, function in (("own_act", own_act), ("own_sample", own_sample), ("own_act_out", own_act_out)):
            object.__setattr__(self, name, function)

    @property
    def claim(self) -> Claim:
        return "invariant" if self.own_act_out is None else "equivariant"

    def at(self, source: str) -> OwnSymmetry:
        return OwnSymmetry(self.group, self.own_act, self.own_sample, self.own_act_out, self.batched, source)

    def sample(self, batch: int, generator: torch.Generator) -> Tree:
        inputs = self.own_sample(batch, generator)
        for path, tensor in leaves(inputs):
            if not isinstance(tensor, Tensor) or not tensor.ndim or len(tensor) != batch:
                found = tuple(tensor.shape) if isinstance(tensor, Tensor) else type(tensor).__name__
                raise ArgumentError(f"sample(batch, generator){path}", found, f"a tensor of {batch} samples")
        return inputs

    def act(self, g: Element, inputs: Tree) -> Tree:
        return self.own_act(_value(g), inputs)

    def act_out(self, g: Element, outputs: Tree) -> Tree:
        return outputs if self.own_act_out is None else self.own_act_out(_value(g), outputs)

    def varied(self, kind: str, inputs: Tree, generator: torch.Generator) -> Tree | None:
        return None

    def told_inputs(self, inputs: Tree) -> str:
        return ", ".join(f"{path}{tuple(tensor.shape)}" for path, tensor in leaves(inputs))

    def resamples(self, g: Element) -> bool:
        return False

    def region(self, g: Element, output: str) -> Bool[Tensor, "..."] | None:
        return None

    def encoded(self, outputs: Tree) -> dict[str, Tensor]:
        found = {path: tensor for path, tensor in leaves(outputs) if isinstance(tensor, Tensor)}
        if not found:
            raise ArgumentTypeError("model(inputs)", type(outputs).__name__, "a tensor, or a tree that has some")
        return found

    def check_laws(self, generator: torch.Generator) -> None:
        """Inputs keep their tree and shapes; products are not known."""
        inputs = self.sample(2, generator)
        for g in self.group.tried(generator, 2):
            moved = self.act(g, inputs)
            match_trees(f"act({g}, inputs)", moved, inputs)
            for (path, before), (_, after) in zip(leaves(inputs), leaves(moved), strict=True):
                if not isinstance(after, Tensor) or len(after) != len(before):
                    found = tuple(after.shape) if isinstance(after, Tensor) else type(after).__name__
                    raise ArgumentError(f"act({g}, inputs){path}", found, f"a tensor of {len(before)} samples")

    def check_signature(self, model: Callable[..., Any]) -> None:
        _check_signature(model, self.sample(2, torch.Generator().manual_seed(0)))

    def to_dict(self) -> dict[str, Any]:
        if not self.source:
            raise ArgumentError("symmetry", "functions", "FILE.py:NAME where it is made, so that a file can hold it")
        return {"source": self.source}

    def __str__(self) -> str:
        return str(self.group)


def _fields(name: str, tree: Tree) -> Tree:
    if isinstance(tree, str):
        return fields_named(tree)

    def single(leaf: Any) -> Field:
        found = field_named(leaf) if isinstance(leaf, str) else leaf
        if not isinstance(found, Field):
            raise ArgumentTypeError(
                name, type(leaf).__name__, "a field of invariance.fields, its name, or a tree of them"
            )
        return found

    return map_tree(single, tree)


def _over(leaf: Field, g: Element, tensor: Any) -> Any:
    return tensor if isinstance(leaf, Invariant) else leaf.act(g, tensor)


def _called(model: Callable[..., Any], inputs: Tree) -> Tree:
    if isinstance(inputs, tuple) and not hasattr(inputs, "_fields"):
        return model(*inputs)
    return model(**inputs) if isinstance(inputs, dict) else model(inputs)


def _check_signature(model: Callable[..., Any], inputs: Tree) -> None:
    called = model.forward if isinstance(model, nn.Module) else model
    try:
        signature = inspect.signature(called)
    except (TypeError, ValueError):
        return
    try:
        _called(signature.bind, inputs)
    except TypeError as error:
        name = type(model).__name__ if isinstance(model, nn.Module) else getattr(model, "__name__", "model")
        wanted = f"inputs that fit {name}{signature}: {error}; a tuple is arguments by position, a dict by name"
        raise ArgumentError("inputs", _told(inputs), wanted) from None


def _plain(name: str, tree: Tree) -> Any:
    if isinstance(tree, Field):
        if not tree.spec:
            wanted = "a field that has a name; write the symmetry to FILE.py and give FILE.py:NAME"
            raise ArgumentError(name, type(tree).__name__, wanted)
        return tree.spec
    if isinstance(tree, dict):
        return {"dict": {key: _plain(name, child) for key, child in tree.items()}}
    if type(tree) in (tuple, list):
        return {type(tree).__name__: [_plain(name, child) for child in tree]}
    raise ArgumentError(name, type(tree).__name__, "tuples, lists and dicts of fields, for a file")


def _restored(data: Any) -> Tree:
    if isinstance(data, str):
        return field_named(data)
    ((kind, children),) = data.items()
    if kind == "dict":
        return {key: _restored(child) for key, child in children.items()}
    return {"tuple": tuple, "list": list}[kind](_restored(child) for child in children)


def _told(tree: Tree) -> str:
    def shown(path: str, leaf: Any) -> str:
        text = str(leaf) if isinstance(leaf, Field) else type(leaf).__name__
        return text if not path or path.startswith("[") else f"{path}={text}"

    return ", ".join(shown(path, leaf) for path, leaf in leaves(tree))


def _value(g: Element) -> Any:
    return g.value if isinstance(g, OwnElement) else g


def _joined(name: str, path: str) -> str:
    if not name:
        return path
    return f"{name}.{path}" if path and not path.startswith("[") else f"{name}{path}"
