"""The outputs of all layers of a module in the order in which they are computed, by forward hooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn
from torch.func import functional_call

__all__ = ["LayerCall", "layer_calls"]


@dataclass(frozen=True, eq=False)
class LayerCall:
    """One call of one layer.

    Attributes:
        layer: dotted name in the module, with the number of the call from the second on; "" is the module itself.
        input_shape: shape of the first argument, where that is a tensor.
        output: a copy, so that layers that work in place do not change it; None where it is no floating-point tensor.
    """

    layer: str
    module: nn.Module
    input_shape: tuple[int, ...] | None
    output: Tensor | None

    @property
    def kind(self) -> str:
        return type(self.module).__name__


def layer_calls(model: nn.Module, inputs: Tensor) -> list[LayerCall]:
    """Run `model` once and record every layer; a container only where its own code changes the last child's output.

    Buffers are copied for the run, so that batch norm in training mode does not update its statistics.
    """
    calls: list[LayerCall] = []
    with _recorder(model, calls):
        functional_call(model, {name: buffer.clone() for name, buffer in model.named_buffers()}, (inputs,))
    return calls


@contextmanager
def _recorder(model: nn.Module, calls: list[LayerCall]) -> Iterator[None]:
    met: Counter[str] = Counter()
    last: list[object] = [None]

    def meet(module: nn.Module, inputs: tuple[object, ...], output: object, name: str) -> None:
        if output is last[0] and next(module.children(), None) is not None:
            return
        last[0] = output
        met[name] += 1
        label = name if met[name] == 1 else f"{name or type(module).__name__} [call {met[name]}]"
        first, result = (_tensor(value) for value in (inputs[0] if inputs else None, output))
        shape = None if first is None else tuple(first.shape)
        calls.append(LayerCall(label, module, shape, None if result is None else result.clone()))

    hooks = [
        module.register_forward_hook(lambda m, x, y, name=name: meet(m, x, y, name))
        for name, module in model.named_modules()
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _tensor(value: object) -> Tensor | None:
    tensor = getattr(value, "tensor", value)  # escnn's GeometricTensor
    return tensor if isinstance(tensor, Tensor) and tensor.is_floating_point() else None
