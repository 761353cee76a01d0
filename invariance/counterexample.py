"""A counterexample by numbers: an input on which a network does not do what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

__all__ = ["LIMIT", "Asked", "Counterexample", "counterexample", "in_words"]

LIMIT = 1e-6
"""A difference over the largest output: a thousand million roundings of a double, more than any network adds up."""

_SAMPLES = 4
_SHAKEN = 2.0**-45
"""A change of the inputs by 128 roundings: what changes an output by as much as was found is rounding made large."""

Counterexample = dict[str, Any]
Act = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Asked:
    """An element of a group, by what it does to batches.

    Args:
        name: the element's.
        shapes: of one sample, without the batch, for each input.
        inputs: what it does to each input.
        outputs: what it should do to each output; None: anything.
    """

    name: str
    shapes: Sequence[Sequence[int]]
    inputs: Sequence[Act]
    outputs: Sequence[Act | None]


def counterexample(model: Callable[..., Any], asked: Sequence[Asked], *, seed: int = 0) -> Counterexample | None:
    """The first element, and the sample and entry, where T(gx) and ρ(g) T(x) differ most by more than LIMIT; or None.

    Args:
        model: T, in float64 and, if it is a module, in eval mode.
        asked: elements, one after the other.
        seed: of the random inputs.
    """
    generator = torch.Generator().manual_seed(seed)
    for element in asked:
        samples = [torch.randn(_SAMPLES, *s, dtype=torch.float64, generator=generator) for s in element.shapes]
        with torch.no_grad():
            plain = _listed(model(*samples))
            turned = [act(x) for act, x in zip(element.inputs, samples, strict=True)]
            moved = _listed(model(*turned))
        for k, (act, before, after) in enumerate(zip(element.outputs, plain, moved, strict=True)):
            if act is None or not before.is_floating_point():
                continue
            expected = act(before)
            off = (after - expected).abs()
            size = float(torch.maximum(after.abs(), expected.abs()).max())
            worst = int(off.argmax())
            if not torch.isfinite(off).all() or float(off.max()) <= LIMIT * size:
                continue
            if float(off.max()) <= 10 * _rounding(model, turned, k, after, generator):
                continue
            place = [int(i) for i in torch.unravel_index(torch.tensor(worst), off.shape)]
            return {
                "generator": element.name,
                "seed": seed,
                "sample": place[0],
                "output": k,
                "entry": place[1:],
                "moved input": float(after.flatten()[worst]),
                "expected": float(expected.flatten()[worst]),
                "relative": float(off.max()) / size,
            }
    return None


@torch.no_grad()
def _rounding(
    model: Callable[..., Any], inputs: Sequence[Tensor], k: int, output: Tensor, generator: torch.Generator
) -> float:
    """By how much output k changes where the inputs do in their last digits, several times."""
    most = 0.0
    for _ in range(_SAMPLES):
        signs = [torch.randint(2, x.shape, generator=generator).to(x) * 2 - 1 for x in inputs]
        shaken = [x * (1 + _SHAKEN * s) for x, s in zip(inputs, signs, strict=True)]
        most = max(most, float((_listed(model(*shaken))[k] - output).abs().max()))
    return most


def in_words(found: Counterexample) -> str:
    """What was found, in a sentence."""
    where = f"entry {tuple(found['entry'])} of the output" if found["entry"] else "the output"
    return (
        f"a counterexample: under {found['generator']}, {where} is {found['moved input']:.6g} and should be "
        f"{found['expected']:.6g} (random input of seed {found['seed']}, sample {found['sample']})"
    )


def _listed(found: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(found) if isinstance(leaf, Tensor)]
