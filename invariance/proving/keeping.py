"""What a module keeps: weights, which of them are one or share memory, and what is no weight."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType, NoneType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["differing", "kept", "overlapping_weights", "tied", "weights_of"]

_DEPTH = 3  # of objects within objects: a part may refer to all that there is
_SIMPLE = (int, float, complex, str, bytes, NoneType, FunctionType, torch.dtype)


def weights_of(module: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name; one that is there under several names, under each."""
    parameters, buffers = (f(remove_duplicate=False) for f in (module.named_parameters, module.named_buffers))
    return {**dict(parameters), **dict(buffers)}


def overlapping_weights(model: nn.Module) -> frozenset[str]:
    """Names of weights whose memory another one reaches into that is not the same tensor."""
    held = {n: w for n, w in weights_of(model).items() if w.numel()}
    spans = {n: (w.data_ptr(), w.data_ptr() + _reach(w), w.shape, w.stride()) for n, w in held.items()}
    found: set[str] = set()
    last = None
    for name in sorted(spans, key=spans.__getitem__):
        if last is not None and spans[name][0] < spans[last][1] and spans[name] != spans[last]:
            found |= {last, name}
        if last is None or spans[name][1] > spans[last][1]:
            last = name
    return frozenset(found)


def _reach(weight: Tensor) -> int:
    """Bytes from the first entry to the end of the last one."""
    steps = zip(weight.shape, weight.stride(), strict=True)
    return (1 + sum((size - 1) * stride for size, stride in steps)) * weight.element_size()


def kept(module: nn.Module) -> dict[str, Any]:
    """What the parts of a module keep besides weights: numbers, texts, tensors and collections of them, copied."""
    own = nn.Module().__dict__.keys() - {"_forward_hooks", "_forward_pre_hooks"}
    parts = dict(module.named_modules())
    kinds = {f"the class of {name or 'the model'}": type(part) for name, part in parts.items()}
    return kinds | {
        f"{name}.{key}".lstrip("."): _copied(value)
        for name, part in parts.items()
        for key, value in vars(part).items()
        if key not in own
    }


def _copied(value: Any, depth: int = 0) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if depth > _DEPTH or isinstance(value, _SIMPLE):
        return value if isinstance(value, _SIMPLE) else type(value)
    if isinstance(value, list | tuple):
        return tuple(_copied(item, depth + 1) for item in value)
    if isinstance(value, set | frozenset):
        return tuple(sorted(map(repr, value)))
    parts = value if isinstance(value, dict) else getattr(value, "__dict__", None)
    if not isinstance(parts, dict) or isinstance(value, type):
        return type(value)
    return {key: _copied(item, depth + 1) for key, item in parts.items()}


def tied(module: nn.Module) -> dict[str, str]:
    """Weights by name, and the first name of each."""
    first: dict[int, str] = {}
    return {name: first.setdefault(id(weight), name) for name, weight in weights_of(module).items()}


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """The name of what is not as it was; empty where everything is."""
    return next((n for n in sorted(before.keys() | after.keys()) if not _equal(before.get(n), after.get(n))), "")


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return torch.equal(a, b)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_equal, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    return type(a) is type(b) and bool(a == b or (a != a and b != b))
