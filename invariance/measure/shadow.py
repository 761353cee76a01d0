"""A model run on two inputs at once: every tensor operation is done a second time, on the other input's tensors.

The model's own code runs once, on the plain input. What it does to tensors is repeated on a *twin* of each, so that
both are at hand at every operation, nothing has to be kept, and the twin can be replaced by what it should have been.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_unflatten
from torch.utils.weak import WeakTensorKeyDictionary

from ..errors import ArgumentError
from ..fields import leaves, map_tree
from .places import Call, Site, site

__all__ = ["MAIN", "Opaque", "Operation", "Twin", "Watcher", "arguments", "run_beside", "tensors"]

MAIN = "<main>"
"""The key of the twin itself; others are versions of it, in which something was not replaced."""

_READS = {"item", "tolist", "__bool__", "__int__", "__float__", "__index__"}
_LEAVES = {"numpy", "__array__", "__dlpack__"}
_IN_PLACE = {"__setitem__", "__setattr__"}


@dataclass(eq=False)
class Twin:
    """What a tensor would be for the other input, in all versions, and what is known of it."""

    versions: dict[str, Tensor]
    node: Any

    @property
    def moved(self) -> Tensor:
        return self.versions[MAIN]


@dataclass(eq=False)
class Operation:
    """One tensor operation of the model.

    Attributes:
        number, name: in the order in which they are done; torch's name.
        call, site: the innermost call of a module, and the line of the user's code.
        twins: of its arguments.
        constants: tensors among its arguments that do not depend on the input.
        in_place: it writes into its first argument.
        again: the results for other tensors in place of the arguments that have a twin.
    """

    number: int
    name: str
    call: Call
    site: Site | None
    plain: list[Tensor]
    twins: list[Twin]
    constants: list[Tensor]
    in_place: bool
    again: Callable[[Sequence[Tensor]], list[Tensor]]


Watcher = Callable[[Operation, Tensor, Tensor, dict[str, Tensor]], tuple[Any, dict[str, Tensor]]]
"""Called with each result, its twin and the twin's versions: what is known of it, and the versions to go on with."""


def run_beside(
    model: nn.Module,
    inputs: object,
    moved: object,
    *,
    known: Any,
    watch: Watcher,
    left: Callable[[Call, Tensor, Twin | None], None],
) -> list[tuple[Tensor, Any]]:
    """Run `model` on `inputs`, of which `known` is known, and, operation by operation, on `moved`; `left` is told of
    every module's output.

    Returns the tensors of the output with what `watch` said of them. Inputs and buffers are copied.

    Raises:
        ArgumentError: the model draws random numbers, or turns tensors into numbers that differ between the inputs.
    """
    args, kwargs = arguments(_copied(inputs))
    other = tensors(_copied(moved))
    shadow = _Shadow(watch, left)
    for plain, twin in zip(tensors((args, kwargs)), other, strict=True):
        shadow.twins[plain] = Twin({MAIN: twin}, known)
    if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
        model = model.module
    with torch.no_grad(), _opaque(model) as model, shadow.watching(model), shadow:
        buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
        output = functional_call(model, buffers, args, kwargs)
    return [(tensor, shadow.node(tensor)) for tensor in tensors(output)]


def arguments(inputs: object) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A tuple is several arguments, a dict is arguments by name, everything else is one argument."""
    if isinstance(inputs, dict):
        return (), inputs
    return (inputs if isinstance(inputs, tuple) and not hasattr(inputs, "_fields") else (inputs,)), {}


def tensors(tree: object) -> list[Tensor]:
    """The tensors of a tree; an object's own `tensor` for one that wraps it, such as escnn's GeometricTensor."""
    found = (leaf if isinstance(leaf, Tensor) else getattr(leaf, "tensor", None) for _, leaf in leaves(tree))
    return [leaf for leaf in found if isinstance(leaf, Tensor)]


def _copied(tree: object) -> Any:
    return map_tree(lambda leaf: leaf.clone() if isinstance(leaf, Tensor) else leaf, tree)


class Opaque(nn.Module):
    """A module whose own modules cannot be watched, `hidden`, as one that can be."""

    def __init__(self, hidden: nn.Module) -> None:
        super().__init__()
        self.hidden = hidden

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.hidden(*args, **kwargs)


@contextmanager
def _opaque(model: nn.Module) -> Iterator[nn.Module]:
    """The model with every scripted module in it as one that can be watched from outside."""
    if isinstance(model, torch.jit.ScriptModule):
        yield Opaque(model)
        return
    scripted = [
        (parent, name, child)
        for parent in model.modules()
        if not isinstance(parent, torch.jit.ScriptModule)
        for name, child in parent.named_children()
        if isinstance(child, torch.jit.ScriptModule)
    ]
    for parent, name, child in scripted:
        parent._modules[name] = Opaque(child)
    try:
        yield model
    finally:
        for parent, name, child in scripted:
            parent._modules[name] = child


class _Shadow(TorchFunctionMode):
    def __init__(self, watch: Watcher, left: Callable[[Call, Tensor, Twin | None], None]) -> None:
        super().__init__()
        self.watch, self.left = watch, left
        self.twins: Any = WeakTensorKeyDictionary()
        self.calls: list[Call] = []
        self.count = 0
        self.asleep = False
        self.departures: list[tuple[int, Site | None]] = []  # where values leave torch
        self.random = _random_state()

    def node(self, tensor: Tensor) -> Any:
        twin = self.twins.get(tensor)
        return None if twin is None else twin.node

    def __torch_function__(
        self, func: Callable[..., Any], types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        flat, spec = tree_flatten((args, kwargs))
        twins = [self.twins.get(leaf) if isinstance(leaf, Tensor) else None for leaf in flat]
        if self.asleep or not self.calls or not any(twins):
            return func(*args, **kwargs)
        name = getattr(func, "__name__", str(func))
        in_place = name in _IN_PLACE or (name[-1] == "_" != name[-2:][0]) or bool(kwargs.get("inplace"))
        if in_place and twins[0] is None and isinstance(flat[0], Tensor):
            twins[0] = self._adopt(flat[0])
        known = [(leaf, twin) for leaf, twin in zip(flat, twins, strict=True) if twin is not None]
        before = [leaf.clone() if in_place and leaf is flat[0] else leaf for leaf, _ in known]
        result = func(*args, **kwargs)
        made = [flat[0]] if in_place else _own_tensors(result)
        if not made:
            if name in _READS:
                self._compare_read(func, name, result, flat, twins, spec)
            elif name in _LEAVES:
                self.departures.append((self.count, site()))
                self.count += 1
            return result
        self._check_random(name)

        def again(replaced: Sequence[Tensor]) -> Any:
            values = iter(replaced)
            changed = [leaf if twin is None else next(values) for leaf, twin in zip(flat, twins, strict=True)]
            new_args, new_kwargs = tree_unflatten(changed, spec)
            outcome = func(*new_args, **new_kwargs)
            return [changed[0]] if in_place else _own_tensors(outcome)

        if in_place and isinstance(base := flat[0]._base, Tensor) and base in self.twins:
            made.append(base)
        operation = Operation(
            self.count,
            name,
            self.calls[-1],
            site(),
            before,
            [twin for _, twin in known],
            [leaf for leaf, twin in zip(flat, twins, strict=True) if isinstance(leaf, Tensor) and twin is None],
            in_place,
            again,
        )
        self._follow(operation, made, in_place)
        return result

    def _follow(self, operation: Operation, made: list[Tensor], in_place: bool) -> None:
        """Give the results their twins."""
        self.count += 1
        keys = dict.fromkeys((MAIN, *(key for twin in operation.twins for key in twin.versions)))
        results: dict[str, list[Tensor]] = {}
        for key in keys:
            values = [twin.versions.get(key, twin.moved) for twin in operation.twins]
            if in_place and key not in operation.twins[0].versions:
                values[0] = values[0].clone()
            try:
                results[key] = operation.again(values)
            except Exception:  # sizes that the code took from the plain input: the module is run as a whole later
                if key == MAIN:
                    for tensor in made:
                        self.twins.pop(tensor, None)
                    return
        for index, tensor in enumerate(made):
            if index < len(results[MAIN]):
                versions = {key: moved[index] for key, moved in results.items()}
            else:  # the tensor that a view was written into
                versions = self.twins[tensor].versions
            node, versions = self.watch(operation, tensor, versions[MAIN], versions)
            self.twins[tensor] = Twin(versions, node)

    def _adopt(self, constant: Tensor) -> Twin:
        """A twin for a tensor that did not depend on the input, and is now written into."""
        base = constant._base
        if base is None:
            twin = Twin({MAIN: constant.clone()}, None)
        else:
            whole = self.twins.setdefault(base, Twin({MAIN: base.clone()}, None)).moved
            twin = Twin({MAIN: whole.as_strided(constant.shape, constant.stride(), constant.storage_offset())}, None)
        self.twins[constant] = twin
        return twin

    def _compare_read(
        self, func: Callable[..., Any], name: str, read: Any, flat: list[Any], twins: list[Twin | None], spec: Any
    ) -> None:
        moved = [leaf if twin is None else twin.moved for leaf, twin in zip(flat, twins, strict=True)]
        args, kwargs = tree_unflatten(moved, spec)
        other = func(*args, **kwargs)
        first, second = (torch.as_tensor(value, dtype=torch.float64) for value in (read, other))
        if first.shape != second.shape or not torch.allclose(first, second, rtol=1e-6, equal_nan=True):
            where = site()
            raise ArgumentError(
                "model",
                f"reads {read} out of a tensor for the images and {other} for the transformed ones"
                + (f" ({where})" if where else ""),
                "one path for all images: only tensor operations from the input to the output",
            )

    def _check_random(self, name: str) -> None:
        if all(map(torch.equal, self.random, _random_state())):
            return
        layer = self.calls[-1]
        raise ArgumentError(
            "model",
            f"random numbers in layer {layer.label!r} ({name})",
            "deterministic: no dropout; call eval()",
        )

    @contextmanager
    def watching(self, model: nn.Module) -> Iterator[None]:
        """Keep the stack of module calls; compiled modules run as they were written."""
        met: Counter[str] = Counter()

        def enter(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], name: str) -> None:
            if self.asleep:
                return
            name = name.replace("_orig_mod.", "").removesuffix("_orig_mod")  # of torch.compile
            met[name] += 1
            parent = self.calls[-1] if self.calls else None
            given_tensors = tensors((args, kwargs))
            first = next(iter(given_tensors), None)
            given = tuple(twin.node for twin in map(self.twins.get, given_tensors) if twin is not None)
            shape = None if first is None else tuple(first.shape)
            with self._unseen():
                fingerprint = _fingerprint(first)
            call = Call(name, met[name], module, parent, site(), self.count, shape, given, fingerprint)
            if parent is not None:
                parent.children.append(call)
            self.calls.append(call)

        def leave(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
            if self.asleep or not self.calls:
                return
            self._find_lost(module, args, kwargs, output)
            call = self.calls.pop()
            call.end = self.count
            with self._unseen():
                for tensor in tensors(output)[:1]:
                    self.left(call, tensor, self.twins.get(tensor))

        with ExitStack() as stack:
            if "torch._dynamo" in sys.modules:  # its import takes seconds
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            for name, module in model.named_modules():
                if isinstance(module, torch.jit.ScriptModule):
                    continue
                for hook in (
                    module.register_forward_pre_hook(
                        lambda m, args, kwargs, name=name: enter(m, args, kwargs, name), with_kwargs=True
                    ),
                    module.register_forward_hook(leave, with_kwargs=True),
                ):
                    stack.callback(hook.remove)
            yield

    def _find_lost(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """Run a module as a whole on the twins, where its output came about unseen: scripted code, NumPy, C++."""
        made = _own_tensors(output)
        flat, spec = tree_flatten((args, kwargs))
        twins = [self.twins.get(leaf) if isinstance(leaf, Tensor) else None for leaf in flat]
        if all(tensor in self.twins for tensor in made) or not any(twins):
            return

        def again(replaced: Sequence[Tensor]) -> list[Tensor]:
            values = iter(replaced)
            changed = [leaf if twin is None else next(values).clone() for leaf, twin in zip(flat, twins, strict=True)]
            new_args, new_kwargs = tree_unflatten(changed, spec)
            return _own_tensors(module.forward(*new_args, **new_kwargs))

        known = [(leaf, twin) for leaf, twin in zip(flat, twins, strict=True) if twin is not None]
        call = self.calls[-1]
        number, where = next((left for left in self.departures if left[0] >= call.start), (self.count, None))
        operation = Operation(
            number,
            call.kind,
            call,
            where,
            [leaf for leaf, _ in known],
            [twin for _, twin in known],
            [],
            False,
            again,
        )
        with self._unseen():
            self._follow(operation, made, False)

    @contextmanager
    def _unseen(self) -> Iterator[None]:
        """For what is done outside the model's own code."""
        self.asleep = True
        try:
            yield
        finally:
            self.asleep = False


def _own_tensors(result: object) -> list[Tensor]:
    return [result] if isinstance(result, Tensor) else tensors(result)


def _random_state() -> list[Tensor]:
    states = [torch.get_rng_state()]
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        states.append(torch.cuda.get_rng_state())
    return states


def _fingerprint(values: Tensor | None) -> tuple[float, ...] | None:
    if values is None or not values.is_floating_point() or not values.numel():
        return None
    sizes = values.double().abs()
    return (values.numel(), *(float(f"{float(sizes.pow(power).mean()):.9g}") for power in (0.5, 1)))
