"""A module as it is called, beside its graph: what it gives, and whether it treats a single sample alike."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor
from torch.utils._pytree import tree_leaves

from ..errors import ArgumentError, reason_of
from .keeping import differing, kept

__all__ = ["alike", "apart", "examples", "outputs_of"]

_FAR = 100.0  # a branch that small numbers do not reach is seen


def examples(input_shapes: Sequence[Sequence[int]], places: Sequence[int]) -> list[Tensor]:
    """Two samples of each input, one of small and one of large numbers; the first place where places are asked for."""
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn(2, *shape, generator=generator, dtype=torch.float64) for shape in input_shapes]
    for x in inputs:
        x[1] *= _FAR
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
        wanted = "a forward that changes nothing: take the counter or what it stores out of it"
        raise ArgumentError("model", f"{type(module).__name__}, whose forward changes {changed}", wanted)
    return found


@torch.no_grad()
def apart(module: nn.Module, inputs: Sequence[Tensor], both: Sequence[Tensor]) -> str:
    """torch.export takes every batch for two samples or more; a forward that treats one apart shows by numbers."""
    said = "a sample by itself gives another result than beside others, so a batch of one is a case of its own"
    for k in range(2):
        try:
            one = tree_leaves(module(*(x[k : k + 1].clone() for x in inputs)))
        except Exception as error:
            return f"{said} ({type(error).__name__}: {reason_of(error)})"
        for x, y in zip((leaf for leaf in one if isinstance(leaf, Tensor)), both, strict=False):
            axis = next((axis for axis, (n, m) in enumerate(zip(x.shape, y.shape, strict=False)) if n < m), None)
            mine = y if axis is None else y.narrow(axis, k * x.shape[axis], min(x.shape[axis], y.shape[axis] // 2))
            if not alike(x, mine):
                return said
    return ""


def alike(a: Tensor, b: Tensor) -> bool:
    """Equal up to rounding, of each sample by itself; undefined at the same places."""
    if a.shape != b.shape or a.dtype != b.dtype or not torch.equal(a.isfinite(), b.isfinite()):
        return False
    if not a.is_floating_point():
        return torch.equal(a, b) or (a.is_complex() and alike(torch.view_as_real(a), torch.view_as_real(b)))
    a, b = a.nan_to_num(0.0, 0.0, 0.0), b.nan_to_num(0.0, 0.0, 0.0)
    samples = [(a[k], b[k]) for k in range(2)] if a.ndim and len(a) == 2 else [(a, b)]
    return all(float((x - y).abs().max()) <= 1e-6 * float(x.abs().max()) + 1e-9 for x, y in samples if x.numel())
