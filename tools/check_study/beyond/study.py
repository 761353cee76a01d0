"""Ask `check` about every case, sound and broken, and keep what it said.

How large a fault is, is measured without `check`: E, the root mean square of F(gx) − ρ(g)F(x) over that of F(x), the
largest of some elements, on inputs that `check` does not see. Each fault is weakened until that is 1 %.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import invariance
from invariance.checking import check
from invariance.fields import leaves, map_tree

from .averaged import AVERAGED
from .case import Case, drawn
from .classical import CLASSICAL

__all__ = ["SIZE", "alarm", "faults_of", "new_study", "run", "size_of", "weakened"]

SIZE = 0.01
_KEEP_EVERY = 50

Spoil = Callable[[Tensor, Tensor], Tensor]

SPOILS: dict[str, Spoil] = {
    "weights": lambda x, w: x * (1 + w),
    "offset": lambda x, w: x + w,
    "one entry": lambda x, w: x * (1 + 3 * (w == w.max())),
}
"""What is done to a tensor, given one of a sample's shape with random entries."""


class Mixed(nn.Module):
    """f + t(f' − f) on every output."""

    def __init__(self, sound: nn.Module, faulty: nn.Module, part: float) -> None:
        super().__init__()
        self.sound, self.faulty, self.part = sound, faulty, part

    def forward(self, *inputs: Tensor) -> Any:
        plain, wrong = self.sound(*inputs), self.faulty(*inputs)
        return map_tree(lambda a, b: a + self.part * (b - a), plain, wrong)


class Spoiled(nn.Module):
    """The first input, or every output, spoiled before or after the network."""

    def __init__(self, net: nn.Module, spoil: Spoil, weight: Tensor, side: str) -> None:
        super().__init__()
        self.net, self.spoil, self.side = net, spoil, side
        self.register_buffer("weight", weight)

    def forward(self, *inputs: Tensor) -> Any:
        weight: Any = self.weight
        if self.side == "in":
            return self.net(self.spoil(inputs[0], weight[: inputs[0][:1].numel()].view_as(inputs[0][:1])), *inputs[1:])
        return map_tree(lambda y: self.spoil(y, weight[: y[:1].numel()].view_as(y[:1])), self.net(*inputs))


class SpoiledOne(Spoiled):
    """For a model of one sample at a time."""

    def forward(self, *inputs: Tensor) -> Any:
        weight: Any = self.weight
        if self.side == "in":
            return self.net(self.spoil(inputs[0], weight[: inputs[0].numel()].view_as(inputs[0])), *inputs[1:])
        return map_tree(lambda y: self.spoil(y, weight[: y.numel()].view_as(y)), self.net(*inputs))


def alarm(name: str, seed: int) -> list[Any]:
    """Group, fields in, claim, verdict and E for one symmetric network; every fifth one in float32."""
    case = drawn(name, seed)
    dtype = torch.float32 if seed % 5 == 4 else torch.float64
    report = check(case.model, case.symmetry, dtype=dtype, generator=torch.Generator().manual_seed(seed))
    return [report.verdict, _short(report.worst and report.worst.error), str(case.symmetry)]


def faults_of(case: Case, seed: int) -> Iterator[tuple[str, nn.Module]]:
    """One element in error, where the group is listed; inputs and outputs spoiled, but no output that stays."""
    if case.broken is not None:
        yield "one element", case.broken
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(10_000, generator=generator, dtype=torch.float64)
    kind = Spoiled if case.symmetry.batched else SpoiledOne
    first = next(leaf for _, leaf in leaves(case.symmetry.inputs))
    for name, spoil in SPOILS.items():
        if first.dtype is None:
            yield f"{name} of the input", kind(case.model, spoil, weight, "in")
        if case.symmetry.claim == "equivariant":
            yield f"{name} of the output", kind(case.model, spoil, weight, "out")


def size_of(model: nn.Module, case: Case, seed: int) -> float:
    """E as above; 0 for outputs that are 0."""
    generator = torch.Generator().manual_seed(100_000 + seed)
    symmetry = case.symmetry
    inputs = symmetry.sample(8, generator)
    with torch.no_grad():
        plain = symmetry.run(model, inputs)
        largest = 0.0
        for g in symmetry.group.tried(generator, 6)[:24]:
            moved, expected = symmetry.run(model, symmetry.act(g, inputs)), symmetry.act_out(g, plain)
            for (_, a), (_, b) in zip(leaves(moved), leaves(expected), strict=True):
                size = float(b.double().square().mean().sqrt())
                largest = max(largest, float((a - b).double().square().mean().sqrt()) / size if size > 0 else 0.0)
    return largest


def weakened(faulty: nn.Module, case: Case, seed: int) -> tuple[nn.Module, float] | None:
    """The fault at the size of 1 %, and its size; None where it breaks nothing, such as a weight of what is scaled."""
    part = 1.0
    for _ in range(6):
        mixed = Mixed(case.model, faulty, part)
        size = size_of(mixed, case, seed)
        if not 1e-6 < size < float("inf"):
            return None
        if SIZE <= size <= 1.1 * SIZE:
            return mixed, size
        part *= 1.05 * SIZE / size
    return None


def miss(name: str, seed: int) -> dict[str, Any]:
    """Verdicts on each fault of a case, with its size."""
    case = drawn(name, seed)
    found = {}
    for fault, faulty in faults_of(case, seed):
        if (weak := weakened(faulty, case, seed)) is not None:
            report = check(weak[0], case.symmetry, generator=torch.Generator().manual_seed(seed))
            found[fault] = [report.verdict, _short(weak[1]), str(case.symmetry)]
    return found


def sources() -> str:
    """A digest of what answers."""
    found = hashlib.sha256()
    root = Path(invariance.__file__).parent
    folders = [root / part for part in ("checking", "groups", "fields", "symmetry")] + [Path(__file__).parent]
    for file in sorted(file for folder in folders for file in folder.rglob("*.py")):
        found.update(file.name.encode() + file.read_bytes())
    return found.hexdigest()[:16]


def new_study(file: Path) -> dict[str, Any]:
    """What was kept in the file by the same sources, or an empty study."""
    empty = {"sources": sources(), "torch": torch.__version__.partition("+")[0], "alarms": {}, "faults": {}}
    if file.exists() and (kept := json.loads(file.read_text(encoding="utf-8")))["sources"] == empty["sources"]:
        return kept
    return empty


def run(
    study: dict[str, Any], *, alarms: int, faults: int, keep: Callable[[dict[str, Any]], None]
) -> Iterator[tuple[int, int]]:
    """Fill in what is missing, family by family in turn; yields how many of both there are."""
    torch.set_num_threads(1)
    names = [*AVERAGED, *CLASSICAL]
    jobs = [("faults", names[i % len(names)], i // len(names)) for i in range(faults)]
    jobs += [("alarms", names[i % len(names)], i // len(names)) for i in range(alarms)]
    for done, (part, name, seed) in enumerate(jobs, start=1):
        kept = study[part].setdefault(name, {})
        if str(seed) not in kept:
            kept[str(seed)] = alarm(name, seed) if part == "alarms" else miss(name, seed)
        if done % _KEEP_EVERY == 0 or done == len(jobs):
            keep(study)
            yield done, len(jobs)


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")
