r"""Is a fault that shows on one kind of images alone found? Branches of a network that only such images take.

    python -m tools.check_study.kinds --seeds 50

What an image is taken for is told from its pixels, not from how `check` draws its own: values in [0, 1], mostly black,
flat areas, whole numbers beyond 50, faint, signed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.checking import check

__all__ = ["KINDS", "Branching", "found", "page"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "check_kinds.md"
SIZE = 12
LEAST = 0.95

Told = Callable[[Tensor], Tensor]


def share(x: Tensor) -> Tensor:
    return x.double().flatten(1).mean(1)


KINDS: dict[str, Told] = {
    "values in [0, 1] that fill half of it": lambda x: (
        (x.amin((1, 2, 3)) >= 0) & (x.amax((1, 2, 3)) <= 1) & (x.amax((1, 2, 3)) - x.amin((1, 2, 3)) > 0.5)
    ),
    "more than half of the pixels black": lambda x: share(x == 0) > 0.5,
    "neighbours alike in more than half of the pixels": lambda x: share(x[..., 1:] == x[..., :-1]) > 0.5,
    "values beyond 50": lambda x: x.amax((1, 2, 3)) > 50,
    "no value beyond 0.05": lambda x: x.abs().amax((1, 2, 3)) < 0.05,
    "values below -0.5": lambda x: x.amin((1, 2, 3)) < -0.5,
}


class Branching(nn.Module):
    """Four-fold filters, and for images of one kind another convolution beside them, which has no symmetry."""

    def __init__(self, kind: str, seed: int, fault: float) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        taps = torch.randn((2, 4, 3, 3, 3), generator=generator, dtype=torch.float64) / 5
        self.sound = nn.Parameter(sum((torch.rot90(taps[0], k, (-2, -1)) for k in range(1, 4)), taps[0]) / 2)
        self.other, self.told, self.fault = nn.Parameter(taps[1]), KINDS[kind], fault

    def forward(self, x: Tensor) -> Tensor:
        taken = self.told(x).to(x.dtype).view(-1, 1, 1, 1)
        y, wrong = (F.conv2d(x, taps.to(x.dtype), padding=1) for taps in (self.sound, self.other))
        return y.tanh() + self.fault * taken * wrong.tanh()


def found(kind: str, seed: int, fault: float = 0.01) -> bool:
    """Whether `check` calls it violated; the seed is that of the network and of the images."""
    generator = torch.Generator().manual_seed(seed)
    options = {"input_shape": (3, SIZE, SIZE), "group": "p4", "claim": "equivariant"}
    return check(Branching(kind, seed, fault), generator=generator, **options).verdict == "violated"


def page(counts: dict[str, int], seeds: int) -> str:
    rows = [f"| {kind} | {count} of {seeds} |" for kind, count in counts.items()]
    return "\n".join(
        (
            "# Faults that one kind of images shows",
            "",
            f"Written by `python -m tools.check_study.kinds --seeds {seeds}`. A network of four-fold filters has a",
            "branch without symmetry, 1 % of its size, that images of one kind alone take. `check` is asked with the",
            "images that it draws itself.",
            "",
            "| the branch is taken by images with | found |",
            "|---|---|",
            *rows,
            "",
        )
    )


def main() -> int:
    """Exit status 0: of every kind at least 95 % are found."""
    parser = argparse.ArgumentParser(prog="python -m tools.check_study.kinds", description=main.__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    torch.set_num_threads(1)
    counts = {kind: sum(found(kind, seed) for seed in range(options.seeds)) for kind in KINDS}
    options.page.write_text(page(counts, options.seeds), encoding="utf-8")
    print(counts)
    return int(min(counts.values()) < LEAST * options.seeds)


if __name__ == "__main__":
    sys.exit(main())
