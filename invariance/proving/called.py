"""A module as it is called, beside its graph: what it gives, and whether it treats a single sample alike."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor
from torch.utils._pytree import tree_leaves

from ..errors import ArgumentError, reason_of
from .keeping import differing, kept

__all__ = ["apart", "examples", "outputs_of"]


def examples(input_shapes: Sequence[Sequence[int]], places: Sequence[int]) -> list[Tensor]:
    """Two samples of each input, the first place where places are asked for."""
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn(2, *shape, generator=generator, dtype=torch.float64) for shape in input_shapes]
    return [x.long() * 0 if k in places else x for k, x in enumerate(inputs)]


@torch.no_grad()
def outputs_of(module: nn.Module, inputs: Sequence[Tensor]) -> list[Tensor]:
    """The tensors that come out.

    Raises ArgumentError where the module, which was exported, does not run any more: torch.export leaves tensors
    without values in modules that forward changes and that are no parts of it.
    """
    wanted = (
        "a forward that runs in float64 after torch.export, too: modules and weights that it uses are parts of it "
        "(nn.ModuleList, register_buffer)"
    )
    before = kept(module)
    try:
        found = [leaf for leaf in tree_leaves(module(*(x.clone() for x in inputs))) if isinstance(leaf, Tensor)]
    except Exception as error:
        given = f"{type(module).__name__}, {type(error).__name__}: {reason_of(error)}"
        raise ArgumentError("model", given, wanted) from error
    if any(isinstance(leaf, FakeTensor) for leaf in found):
        raise ArgumentError("model", f"{type(module).__name__}, whose output has no values", wanted)
    if changed := differing(before, kept(module)):
        raise ArgumentError("model", f"{changed} is changed by forward", "a forward that changes nothing")
    return found


@torch.no_grad()
def apart(module: nn.Module, inputs: Sequence[Tensor], both: Sequence[Tensor]) -> str:
    """torch.export takes every batch for two samples or more; a forward that treats one apart shows by numbers."""
    said = "a sample by itself gives another result than beside others, so a batch of one is a case of its own"
    try:
        one = [leaf for leaf in tree_leaves(module(*(x[:1].clone() for x in inputs))) if isinstance(leaf, Tensor)]
    except Exception as error:
        return f"{said} ({type(error).__name__}: {reason_of(error)})"
    for x, y in zip(one, both, strict=False):
        longer = [axis for axis, (n, m) in enumerate(zip(x.shape, y.shape, strict=False)) if n < m]
        first = y.narrow(longer[0], 0, x.shape[longer[0]]) if longer else y
        if x.shape != first.shape or not torch.allclose(x, first, rtol=1e-6, atol=1e-9, equal_nan=True):
            return said
    return ""
