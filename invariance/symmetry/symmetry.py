r"""The question: $F(\rho_\text{in}(g)\,x) = \rho_\text{out}(g)\,F(x)$ for all g of a group, for fields in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Bool
from torch import Tensor

from ..errors import ArgumentError, ArgumentTypeError
from ..fields import (
    Field,
    Invariant,
    Position,
    beside,
    check_field_laws,
    leaves,
    map_tree,
    match_trees,
    parted,
    united,
    unites,
)
from ..groups import Element, Group, SplitGroup, as_group, check_group_laws
from ..verdicts import Claim
from .calling import called, check_samples, check_signature
from .spelling import as_fields, joined, plain, restored, told

if TYPE_CHECKING:
    from .own import OwnSymmetry

__all__ = ["Symmetry"]

_FAR = 1e4  # rounding is measured by relative steps of 6e-7, which then move points by a hundredth of their spread

Tree = Any
"""A tensor or a field, or a tuple, list, dict or dataclass of such."""


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
        held |= {"inputs": as_fields("inputs", inputs), "outputs": as_fields("outputs", outputs)}
        for name, value in held.items():
            object.__setattr__(self, name, value)

    @staticmethod
    def of(
        *,
        elements: Sequence[Any] | Mapping[str, Any] | Callable[[torch.Generator], Any] | Group | str,
        act: Callable[[Any, Tree], Tree],
        sample: Callable[[int, torch.Generator], Tree],
        act_out: Callable[[Any, Tree], Tree] | None = None,
        batched: bool = True,
        name: str = "own group",
    ) -> OwnSymmetry:
        """One's own, in four functions.

        Args:
            elements: those to try, with names if there is a dict of them; a function that draws one; or a group, or
                its name, whose elements `act` is given.
            act: `act(g, inputs)`, with `inputs` as `sample` returns them.
            sample: `sample(batch, generator)`, a tensor or a tree of them; a tuple is the model's positional arguments,
                a dict its keyword arguments.
            act_out: `act_out(g, outputs)`; without it outputs stay.
            name: what reports call the group.

        The functions are called with float64 as torch's default.

        Raises:
            ArgumentError, ArgumentTypeError: no element, or what has none. What is no action is found by `check_laws`.

        >>> swap = Symmetry.of(elements={"swap": 1}, act=lambda g, x: x.flip(-1),
        ...                    sample=lambda batch, generator: torch.randn(batch, 2, generator=generator))
        >>> swap.claim
        'invariant'
        """
        from .own import OwnGroup, OwnSymmetry

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
        """Inputs as they may be too, of a kind that `Field.varied` knows; None where no field has such."""
        varied = map_tree(lambda leaf, tensor: leaf.varied(kind, tensor, generator), self.inputs, inputs)
        pairs = zip(leaves(varied), leaves(inputs), strict=True)
        return varied if any(new is not old for (_, new), (_, old) in pairs) else None

    def told_inputs(self, inputs: Tree) -> str:
        """The inputs in words."""
        return told(self.inputs)

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
                found.update({joined(path, p): t for p, t in leaves(tensor) if isinstance(t, Tensor)})
            elif not (isinstance(leaf, Invariant) and not tensor.numel()):
                found[path] = leaf.encode(leaf.check_output(joined("model(inputs)", path), tensor))
        if not found:
            raise ArgumentTypeError("model(inputs)", type(outputs).__name__, "a tensor, or a tree that has some")
        return found

    def run(self, model: Callable[..., Any], inputs: Tree) -> Tree:
        """The model's outputs, each with a batch axis."""
        count = len(next(leaves(inputs))[1])
        if self.batched:
            outputs = called(model, inputs if self.in_batches else united(inputs))
            outputs = outputs if self.in_batches else parted(outputs, count)
            return outputs if outputs is None else map_tree(partial(_there, count), outputs)
        single = [called(model, self.sample_of(inputs, number)) for number in range(count)]
        return map_tree(lambda *tensors: _there(count, None) if tensors[0] is None else torch.stack(tensors), *single)

    @property
    def in_batches(self) -> bool:
        """Whether the first axis of the model's tensors is that of the samples: not where it takes one at a time, and
        not where a batch of graphs is one graph of several parts."""
        return self.batched and not unites(self.inputs)

    def sample_of(self, inputs: Tree, number: int) -> Tree:
        """One sample, as a model that is not `in_batches` takes it."""
        if not self.batched:
            return map_tree(lambda tensor: tensor[number], inputs)
        return united(map_tree(lambda tensor: tensor[number : number + 1], inputs))

    def check_laws(self, generator: torch.Generator) -> None:
        """Raises ArgumentError where the group is none, or an action is none of its; the elements are named."""
        check_group_laws(self.group, generator, count=2)
        for name, tree in (("inputs", self.inputs), ("outputs", self.outputs)):
            for path, leaf in leaves(tree):
                if leaf.shape != () and leaf.shape[:1] == (-1,):
                    continue
                check_field_laws(joined(name, path), leaf, self.group, generator, count=2)

    def check_inputs(self, inputs: Tree) -> None:
        """Raises ArgumentError, or ArgumentTypeError, where tensors of one's own are none of the fields', or where no
        two samples are there to be compared."""
        match_trees("inputs", inputs, self.inputs)
        for path, leaf, tensor in beside(self.inputs, inputs):
            name = joined("inputs", path)
            leaf.check(name, tensor)
            check_samples(name, tensor, len(next(leaves(inputs))[1]))
            if isinstance(getattr(leaf, "fibre", None), Position):
                _check_centred(name, tensor)

    def check_signature(self, model: Callable[..., Any]) -> None:
        """Raises ArgumentError where the model cannot be called with inputs of this tree."""
        check_signature(model, self.inputs)

    def to_dict(self) -> dict[str, Any]:
        """Raises ArgumentError where a part has no name: read it from FILE.py:NAME then."""
        if self.source:
            return {"source": self.source}
        return {
            "group": self.group.name,
            "in": plain("inputs", self.inputs),
            "out": plain("outputs", self.outputs),
            "batched": self.batched,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Symmetry:
        """Raises ArgumentError where it is none that `to_dict` writes."""
        try:
            return cls(data["group"], restored(data["in"]), restored(data["out"]), bool(data["batched"]))
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
        return f"{self.group} on {told(self.inputs)} → {told(self.outputs)}"


def _there(count: int, output: Any) -> Any:
    """An output that is None, such as attention weights that are not asked for, as a tensor without entries."""
    return torch.empty(count, 0) if output is None else output


def _over(leaf: Field, g: Element, tensor: Any) -> Any:
    return tensor if isinstance(leaf, Invariant) else leaf.act(g, tensor)


def _check_centred(name: str, tensor: Tensor) -> None:
    spread = float((tensor - tensor.mean(1, keepdim=True)).square().mean().sqrt())
    far = float(tensor.square().mean().sqrt())
    if far > _FAR * spread > 0:
        wanted = f"within {_FAR:.0e} of it: subtract a middle of each sample, or rounding hides what tells them apart"
        raise ArgumentError(name, f"points {far / spread:.0e} times their spread away from the origin", wanted)
