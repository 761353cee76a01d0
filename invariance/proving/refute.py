"""A counterexample by numbers: an input on which the network does not do what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from .actions import Action

__all__ = ["LIMIT", "Counterexample", "moved", "refute"]

LIMIT = 1e-6
"""A difference over the largest output: a thousand million roundings of a double, more than any network adds up."""

_SAMPLES = 4

Counterexample = dict[str, Any]


def moved(action: Action, tensor: Tensor) -> Tensor:
    """The action on a batch of tensors whose batch is axis 0."""
    index, scale = action.dense()
    flat = tensor.reshape(len(tensor), -1)[:, torch.from_numpy(index)]
    if scale is not None:
        flat = flat * torch.from_numpy(scale).to(flat)
    return flat.reshape(tensor.shape)


def refute(
    model: torch.nn.Module,
    generators: Sequence[tuple[str, Sequence[Action], Sequence[Action | None]]],
    *,
    seed: int = 0,
) -> Counterexample | None:
    """The first generator, and the sample and entry, where T(gx) and P T(x) differ most by more than LIMIT.

    Args:
        model: in float64 and eval mode.
        generators: name, actions on the inputs, wanted actions on the outputs (None: any).
    """
    generator = torch.Generator().manual_seed(seed)
    for name, inputs, wanted in generators:
        samples = [
            torch.randn(_SAMPLES, *action.shape[1:], dtype=torch.float64, generator=generator) for action in inputs
        ]
        with torch.no_grad():
            plain = _listed(model(*samples))
            turned = _listed(model(*(moved(a, x) for a, x in zip(inputs, samples, strict=True))))
        for k, (action, before, after) in enumerate(zip(wanted, plain, turned, strict=True)):
            if action is None or not before.is_floating_point():
                continue
            expected = moved(action, before)
            off = (after - expected).abs()
            size = float(torch.maximum(after.abs(), expected.abs()).max())
            worst = int(off.argmax())
            if not torch.isfinite(off).all() or float(off.max()) <= LIMIT * size:
                continue
            place = [int(i) for i in torch.unravel_index(torch.tensor(worst), off.shape)]
            return {
                "generator": name,
                "seed": seed,
                "sample": place[0],
                "output": k,
                "entry": place[1:],
                "moved input": float(after.flatten()[worst]),
                "expected": float(expected.flatten()[worst]),
                "relative": float(off.max()) / size,
            }
    return None


def in_words(found: Counterexample) -> str:
    where = f"entry {tuple(found['entry'])} of the output" if found["entry"] else "the output"
    return (
        f"a counterexample: under {found['generator']}, {where} is {found['moved input']:.6g} and should be "
        f"{found['expected']:.6g} (random input of seed {found['seed']}, sample {found['sample']})"
    )


def _listed(found: Any) -> list[Tensor]:
    return [found] if isinstance(found, Tensor) else list(tree_leaves(found))
