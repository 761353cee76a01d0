"""A symmetry of one's own, in four functions: elements, an action on inputs, one on outputs, and inputs to try."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor

from ..errors import ArgumentError, ArgumentTypeError
from ..fields import Invariant, leaves, map_tree, match_trees
from ..groups import Element, Group
from ..verdicts import Claim
from .calling import check_samples, check_signature
from .symmetry import Symmetry, Tree

__all__ = ["OwnElement", "OwnGroup", "OwnSymmetry"]


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

    def contains(self, element: Element) -> bool:
        return isinstance(element, OwnElement)

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
        inputs = _of_others("sample(batch, generator)", self.own_sample, batch, generator)
        for path, tensor in leaves(inputs):
            if not isinstance(tensor, Tensor) or not tensor.ndim or len(tensor) != batch:
                found = tuple(tensor.shape) if isinstance(tensor, Tensor) else type(tensor).__name__
                raise ArgumentError(f"sample(batch, generator){path}", found, f"a tensor of {batch} samples")
        return inputs

    def act(self, g: Element, inputs: Tree) -> Tree:
        return _of_others(f"act({g}, inputs)", self.own_act, _value(g), _kept(inputs))

    def act_out(self, g: Element, outputs: Tree) -> Tree:
        if self.own_act_out is None:
            return outputs
        return _of_others(f"act_out({g}, outputs)", self.own_act_out, _value(g), _kept(outputs))

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
        """Inputs are a function of the generator, and keep their tree and shapes; products are not known."""
        first, again = (self.sample(2, torch.Generator().manual_seed(0)) for _ in range(2))
        if not all(torch.equal(a, b) for (_, a), (_, b) in zip(leaves(first), leaves(again), strict=True)):
            wanted = "the same samples for the same generator: torch.randn(batch, …, generator=generator)"
            raise ArgumentError("sample(batch, generator)", "other samples each time", wanted)
        inputs = self.sample(2, generator)
        for g in self.group.tried(generator, 2):
            moved = self.act(g, inputs)
            match_trees(f"act({g}, inputs)", moved, inputs)
            for (path, before), (_, after) in zip(leaves(inputs), leaves(moved), strict=True):
                if not isinstance(after, Tensor) or len(after) != len(before):
                    found = tuple(after.shape) if isinstance(after, Tensor) else type(after).__name__
                    raise ArgumentError(f"act({g}, inputs){path}", found, f"a tensor of {len(before)} samples")

    def check_inputs(self, inputs: Tree) -> None:
        for path, tensor in leaves(inputs):
            check_samples(f"inputs{path}", tensor, len(next(leaves(inputs))[1]))

    def check_signature(self, model: Callable[..., Any]) -> None:
        check_signature(model, self.sample(2, torch.Generator().manual_seed(0)))

    def to_dict(self) -> dict[str, Any]:
        if not self.source:
            raise ArgumentError("symmetry", "functions", "FILE.py:NAME where it is made, so that a file can hold it")
        return {"source": self.source}

    def __str__(self) -> str:
        return str(self.group)


def _value(g: Element) -> Any:
    return g.value if isinstance(g, OwnElement) else g


def _kept(tree: Tree) -> Tree:
    """Copies, which an action may change in place."""
    return map_tree(lambda leaf: leaf.clone() if isinstance(leaf, Tensor) else leaf, tree)


def _of_others(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except (ArgumentError, ArgumentTypeError):
        raise
    except Exception as error:
        raise ArgumentError(name, f"{type(error).__name__}: {error}", "tensors, and no exception") from error
