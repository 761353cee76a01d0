"""Numbers against a proof: T(gx) beside P T(x) in float64, on inputs of many kinds, and each sample by itself."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from .subject import Subject

__all__ = ["Act", "error", "inputs", "refutes"]

Act = Callable[[Tensor], Tensor]
"""How an output moves, a batch at a time, as a proof claims."""

FAR = 1e-11
"""Relative. Rounding reached 2e-14 in symmetric networks of the families; one bit of a float32 weight moves a one-hot
input's output by 6e-8 of itself and seldom less than 1e-10 of the largest."""

ROUNDINGS = 100
"""Of each number of the input: what changes the output as much may come from rounding. A sum of 10⁴ terms, each of
them rounded, is off by as much as 100 roundings."""


def inputs(shapes: tuple[tuple[int, ...], ...], seed: int = 0) -> Iterator[tuple[Tensor, ...]]:
    """Batches of four: noise, large, small, whole numbers with ties, one entry alone, constants, zeros and a ramp."""
    generator = torch.Generator().manual_seed(seed)

    def noise(shape: tuple[int, ...]) -> Tensor:
        return torch.randn((4, *shape), generator=generator, dtype=torch.float64)

    def alone(shape: tuple[int, ...]) -> Tensor:
        found = torch.zeros((4, *shape), dtype=torch.float64)
        where = torch.randint(found[0].numel(), (4, 1), generator=generator)
        found.flatten(1).scatter_(1, where, 1.0)
        return found

    yield tuple(map(noise, shapes))
    yield tuple(noise(shape) for shape in shapes)
    yield tuple(1e4 * noise(shape) for shape in shapes)
    yield tuple(1e-4 * noise(shape) for shape in shapes)
    yield tuple(noise(shape).round() for shape in shapes)
    yield tuple(map(alone, shapes))
    yield tuple(3 * alone(shape) - 1 for shape in shapes)
    yield tuple(noise(shape).sign() * noise(shape).exp() for shape in shapes)
    yield tuple(torch.full((4, *shape), 0.7, dtype=torch.float64) for shape in shapes)
    yield tuple(torch.zeros((4, *shape), dtype=torch.float64) for shape in shapes)
    yield tuple(torch.linspace(-2, 3, 4 * noise(s)[0].numel(), dtype=torch.float64).view(4, *s) for s in shapes)


@torch.no_grad()
def error(subject: Subject, acts: dict[str, Act], seed: int = 0) -> float:
    """The largest |T(gx) − P T(x)| / max |T(x)| over generators and inputs, ∞ where one is finite and one is not.

    A network whose output for a sample depends on the others in the batch is as far from a proof "for every batch
    size" as that changes it.
    """
    model = copy.deepcopy(subject.model).double().eval()
    worst = 0.0
    for batch in inputs(subject.shapes, seed):
        straight = model(*(x.clone() for x in batch))
        if not isinstance(straight, Tensor) or straight.shape[:1] != batch[0].shape[:1]:
            return float("inf")
        for name, motion in subject.motions.items():
            moved, wanted = model(*(x.clone() for x in motion(*batch))), acts[name](straight)
            worst = max(worst, _beyond_rounding(model, batch, moved, wanted))
        alone = torch.cat([model(*(x[i : i + 1].clone() for x in batch)) for i in range(2)])
        worst = max(worst, _beyond_rounding(model, batch, alone, straight[:2]))
    return worst


def _beyond_rounding(model: nn.Module, batch: tuple[Tensor, ...], a: Tensor, b: Tensor) -> float:
    """The distance; 0 where some roundings of the input make as much, as of an output that is 0 but for rounding."""
    found = _distance(a, b)
    if not FAR < found < float("inf"):
        return found
    generator, made, straight = torch.Generator().manual_seed(0), 0.0, model(*batch)
    for _ in range(3):
        rounded = [x * (1 + 2.0**-52 * torch.randn(x.shape, generator=generator, dtype=x.dtype)) for x in batch]
        made = max(made, float((model(*rounded) - straight).abs().max()))
    return 0.0 if float((a - b).abs().max()) <= ROUNDINGS * made else found


def _distance(a: Tensor, b: Tensor) -> float:
    if a.shape != b.shape:
        return float("inf")
    a, b = a.double(), b.double()
    both = a.isfinite() & b.isfinite()
    if bool((a.isfinite() != b.isfinite()).any()):
        return float("inf")
    if not both.any():
        return 0.0
    scale = float(torch.maximum(a[both].abs().max(), b[both].abs().max()))
    return float((a - b)[both].abs().max()) / scale if scale else 0.0


def refutes(subject: Subject, acts: dict[str, Act], seed: int = 0) -> bool:
    """Whether numbers contradict the proof."""
    return error(subject, acts, seed) > FAR
