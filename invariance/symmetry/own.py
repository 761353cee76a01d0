"""A symmetry of one's own, in four functions: elements, an action on inputs, one on outputs, and inputs to try."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor

from ..errors import ArgumentError, ArgumentTypeError
from ..fields import Invariant, leaves, map_tree, match_trees
from ..groups import Element, Group, SplitGroup, as_group, check_group_laws
from ..verdicts import Claim
from . import values
from .calling import check_samples, check_signature
from .symmetry import Symmetry, Tree

__all__ = ["OwnElement", "OwnGroup", "OwnSymmetry"]

_CLOSE = 1e-6  # of the inputs: what a wrong action does is of their own size, what float64 rounds is far below


@dataclass(frozen=True, eq=False)
class OwnElement(Element):
    """An element of a group of one's own: any value; products and inverses are known of matrices and permutations."""

    value: Any = None

    @classmethod
    def of(cls, value: Any, label: str = "") -> OwnElement:
        """The element whose numbers are kept exactly, under its label or a name made of them."""
        exact = values.exact(value)
        return cls({}, label or values.name_of(exact), exact)

    def undone(self) -> OwnElement | None:
        """The inverse, where it is known."""
        value = values.inverse(self.value)
        return None if value is None else OwnElement.of(value)


@dataclass(frozen=True, eq=False)
class OwnGroup(Group):
    """Some elements, or a function that draws them; products are not asked for."""

    some: tuple[OwnElement, ...] = ()
    draw: Callable[[torch.Generator], Any] | None = None

    @classmethod
    def of(cls, name: str, elements: Any) -> Group:
        """Raises ArgumentError, ArgumentTypeError where there is none, or what is given has none."""
        if isinstance(elements, Group | SplitGroup | str):  # an action of one's own has its own derivative, or none
            return replace(as_group(elements), algebra=())
        if callable(elements):
            return cls(name, None, (), (), (), (), elements)
        try:
            pairs = elements.items() if isinstance(elements, Mapping) else [("", g) for g in elements]
        except TypeError:
            wanted = "a list, a dict with names, a function that draws one, or a group"
            raise ArgumentTypeError("elements", type(elements).__name__, wanted) from None
        some = tuple(OwnElement.of(value, str(label)) for label, value in pairs)
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
        return OwnElement.of(_of_others("elements(generator)", self.draw, generator))


@dataclass(frozen=True, eq=False, init=False)
class OwnSymmetry(Symmetry):
    """A symmetry by functions instead of fields, as `Symmetry.of` makes it of four."""

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
        return map_tree(lambda leaf: leaf.double() if leaf.is_floating_point() else leaf, inputs)

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
        """Inputs are a function of the generator; an action is one of (g, x), sample by sample, and keeps the tree.

        Where products are known, act(gh, ·) is act(g, act(h, ·)), or for all act(h, act(g, ·)): a group acts by its
        inverses from the right, as on rows.

        Raises:
            ArgumentError: the law that fails, and the elements at which it does.
        """
        if not isinstance(self.group, OwnGroup):
            check_group_laws(self.group, generator, count=2)
        first, again = (self.sample(2, torch.Generator().manual_seed(0)) for _ in range(2))
        if not _equal(first, again):
            wanted = "the same samples for the same generator: torch.randn(batch, …, generator=generator)"
            raise ArgumentError("sample(batch, generator)", "other samples each time", wanted)
        inputs = self.sample(2, generator)
        tried = self.group.tried(generator, 2)
        for g in tried:
            self._check_action(g, inputs)
        pairs = [(g, h, gh) for g, h in product(tried[:3], repeat=2) if (gh := self._product(g, h)) is not None]
        for left in (True, False):
            far = [self._from_product(*pair, inputs, left=left) for pair in pairs]
            if max(far, default=0.0) <= _CLOSE:
                return
        worst, (g, h, _) = max(zip(far, pairs, strict=True), key=lambda found: found[0])
        found = f"act(gh, x) and act(g, act(h, x)) differ by {worst:.1e} for g = {g}, h = {h}"
        raise ArgumentError("act", found, "equal: an action; images turned between pixels are fields, image:3x33x33")

    def _check_action(self, g: Element, inputs: Tree) -> None:
        moved, name = self.act(g, inputs), f"act({g}, inputs)"
        match_trees(name, moved, inputs)
        for (path, before), (_, after) in zip(leaves(inputs), leaves(moved), strict=True):
            if not isinstance(after, Tensor) or after.shape[:1] != before.shape[:1]:
                found = tuple(after.shape) if isinstance(after, Tensor) else type(after).__name__
                raise ArgumentError(f"{name}{path}", found, f"a tensor of {len(before)} samples")
            if after.dtype != before.dtype:
                raise ArgumentError(f"{name}{path}.dtype", after.dtype, f"{before.dtype}, as it is given")
            if not after.double().isfinite().all():
                raise ArgumentError(f"{name}{path}", "NaN or infinite entries", "finite numbers")
        if not _equal(moved, self.act(g, inputs)):
            raise ArgumentError(name, "something else each time", "a function of g and of the inputs")
        one = self.act(g, map_tree(lambda leaf: leaf[1:], inputs))
        if _far(one, map_tree(lambda leaf: leaf[1:], moved)) > _CLOSE:
            raise ArgumentError(name, "another for a sample alone than in a batch", "each sample moved by itself")

    def _product(self, g: Element, h: Element) -> Element | None:
        if not isinstance(g, OwnElement) or not isinstance(h, OwnElement):
            return self.group.product(g, h)
        value = values.product(g.value, h.value)
        return None if value is None else OwnElement.of(value)

    def _from_product(self, g: Element, h: Element, gh: Element, inputs: Tree, *, left: bool) -> float:
        first, second = (h, g) if left else (g, h)
        return _far(self.act(second, self.act(first, inputs)), self.act(gh, inputs))

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


def _equal(one: Tree, other: Tree) -> bool:
    return all(torch.equal(a, b) for (_, a), (_, b) in zip(leaves(one), leaves(other), strict=True))


def _far(one: Tree, other: Tree) -> float:
    """The largest difference between two trees, relative to the entries; infinite between unequal shapes."""
    pairs = [(a.double(), b.double()) for (_, a), (_, b) in zip(leaves(one), leaves(other), strict=True)]
    if any(a.shape != b.shape for a, b in pairs):
        return float("inf")
    return max((float((a - b).abs().max() / (1 + b.abs().max())) for a, b in pairs if a.numel()), default=0.0)


def _of_others(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        with _float64():
            return function(*arguments)
    except (ArgumentError, ArgumentTypeError):
        raise
    except Exception as error:
        raise ArgumentError(name, f"{type(error).__name__}: {error}", "tensors, and no exception") from error


@contextmanager
def _float64() -> Iterator[None]:
    """torch.randn, torch.eye and the like in float64, by whose rounding a check judges."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
