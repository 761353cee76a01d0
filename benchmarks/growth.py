"""What grows with what: seconds of the processor and memory, each once.

python -m benchmarks.growth [PAGE]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from invariance import check
from invariance.files import write
from invariance.images import pixel_grid
from invariance.symmetry import Symmetry
from invariance.warps import random_homography, resample
from invariance_proofs import verify

from .commands import process
from .passes import deep, five
from .timing import seconds

__all__ = ["lines"]

_TINY, _SHARES = 1000, 2


class Circular(nn.Module):
    """Equivariant under all shifts of a sequence."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv1d(2, 3, 3, padding=1, padding_mode="circular")

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.conv(x))


def lines() -> Iterator[str]:
    """The table of the page."""
    yield "| what | sizes | seconds | power |"
    yield "|---|---|---|---|"
    ask = partial(check, group="p4", prove=False)
    net, sides = five(2, turned=True), (33, 65, 129, 257, 513)
    runs = [partial(ask, net, input_shape=(3, n, n), claim="equivariant") for n in sides]
    yield _grown("check of p4, five layers of 2 channels, side of the image", sides, runs)
    orders = (2, 4, 8, 12, 24, 48)
    shifts = [Symmetry(f"shifts({n})", f"sequence:2x{n}", f"sequence:3x{n}") for n in orders]
    runs = [partial(check, Circular(), symmetry, prove=False) for symmetry in shifts]
    yield _grown("check of shifts of a sequence, order of the group", orders, runs)
    nets = [deep(width) for width in (8, 32, 128, 512, 1176)]  # ResNet-50 has 25.6 million parameters
    counts = [sum(p.numel() for p in each.parameters()) for each in nets]
    runs = [partial(ask, each, input_shape=(3, 17, 17), blame=False, images=2) for each in nets]
    yield _grown("check of p4, 49 convolutions as in ResNet-50, 17×17, parameters", counts, runs)
    warp, sides = random_homography(1, 0.05, generator=torch.Generator().manual_seed(0)), (512, 1024, 2048, 4096)
    runs = [partial(_warped, warp, n) for n in sides]
    yield _grown("cubic warp of one channel, float32, side of the image", sides, runs)
    entries = [entry.seconds for entry in verify()]
    marks = [len(entries) // 4, len(entries) // 2, len(entries)]
    yield _told("ledger, entries", marks, [sum(entries[:n]) for n in marks])
    yield ""
    yield "| images of a curve under 25 rotations, in a stream | largest memory of the process |"
    yield "|---|---|"
    for count in (200, 2000, 10_000):
        found = re.search(r"(\d+) MiB", _run("benchmarks.curve", "one", str(count)))
        yield f"| {count:,} | {found.group(1) if found else '?'} MiB |"
    yield ""
    yield from _sweep()


def _warped(warp: Callable[[Tensor], Tensor], size: int) -> Tensor:
    image = torch.rand(1, 1, size, size, generator=torch.Generator().manual_seed(0))
    return resample(image, warp(pixel_grid(size, size, dtype=torch.float32)[None]), method="cubic")


def _sweep() -> Iterator[str]:
    """Tiny networks in few processes, and one in a process of its own."""
    asked = {"group": "p4", "input_shape": (1, 9, 9), "prove": False}

    def command(count: int) -> str:
        ask = f"[check(nn.Conv2d(1, 2, 1), **{asked}) for _ in range({count})]"
        return f"from invariance import check; from torch import nn; {ask}"

    together = sum(process("-c", command(_TINY // _SHARES)) for _ in range(_SHARES))
    alone = process("-c", command(1))
    yield (
        f"A sweep over {_TINY:,} tiny networks: {together:.0f} s of the processor in {_SHARES} processes one after the "
        f"other, imports included, {1e3 * together / _TINY:.0f} ms a network; in a process of its own one "
        f"takes {alone:.1f} s."
    )


def _grown(what: str, sizes: Sequence[int], runs: Sequence[Callable[[], object]]) -> str:
    return _told(what, sizes, [seconds(run) for run in runs])


def _told(what: str, sizes: Sequence[int], spent: Sequence[float]) -> str:
    (a, b), (s, t) = sizes[-2:], spent[-2:]
    power = torch.tensor(t / s).log() / torch.tensor(b / a).log()
    shown = ", ".join(f"{n:,}" for n in sizes), ", ".join(f"{n:.2g}" for n in spent)
    return f"| {what} | {shown[0]} | {shown[1]} | {float(power):.1f} |"


def _run(*words: str) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-m", *words], check=True, capture_output=True, text=True, env=environment
    ).stdout


def main() -> None:
    torch.set_num_threads(1)
    out = [
        "# What grows with what",
        "",
        "Written by `make growth` from one run: each once, on one thread, in seconds of the processor; the power is",
        "that of the last two.",
        "",
    ]
    for line in lines():
        print(line, flush=True)
        out.append(line)
    if sys.argv[1:]:
        text = Path(__file__).with_name("what_breaks.md").read_text()
        write(sys.argv[1], "\n".join((*out, "", text)))


if __name__ == "__main__":
    main()
