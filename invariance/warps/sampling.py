"""Random warps: noise from a generator, times a scale, with a policy for the draws that fold."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Literal, TypeVar, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError, FoldingError, one_of
from ..randomness import require_generator
from .base import Warp

__all__ = ["MAX_ATTEMPTS", "Folding", "draw_warps"]

Folding = Literal["redraw", "keep", "raise"]
"""What happens to a draw that is not proved to be invertible and orientation preserving."""

MAX_ATTEMPTS = 100

W = TypeVar("W", bound=Warp)


def draw_warps(
    build: Callable[[Float[Tensor, "b *shape"]], W],
    shape: tuple[int, ...],
    batch: int,
    scale: float,
    *,
    generator: torch.Generator,
    folding: Folding = "redraw",
    dtype: torch.dtype = torch.float64,
    device: torch.device | str | None = None,
) -> W:
    """`build(scale * noise)` for standard normal noise of shape (`batch`, *`shape`).

    The noise, and that of every redraw, depends on the generator's state only: with the same seed `scale` merely
    multiplies it, dtype and device change nothing but the rounding, and each call advances the generator by the same
    amount, however many draws fold.

    Args:
        scale: size of the noise; 0 gives the identity.
        folding: "redraw" replaces a folding draw by the next one, up to `MAX_ATTEMPTS` times, and counts that in
            `redraws`; "keep" leaves it; "raise" refuses it.

    Raises:
        ArgumentError: batch < 1; a scale that is negative, NaN or infinite; an unknown policy.
        ArgumentTypeError: a generator that is none, such as a seed.
        FoldingError: a draw folds and is not to be kept, or all its redraws fold too.
    """
    require_generator(generator)
    if batch < 1:
        raise ArgumentError("batch", batch, "at least one warp")
    if not 0 <= scale < math.inf:
        raise ArgumentError("scale", scale, "a finite number ≥ 0")
    if folding not in get_args(Folding):
        raise ArgumentError("folding", folding, one_of(folding, get_args(Folding)))

    def normal(source: torch.Generator) -> Tensor:
        noise = torch.randn((batch, *shape), generator=source, dtype=torch.float64, device=source.device)
        return noise.cpu()

    noise = normal(generator)
    seed = torch.randint(2**62, (), generator=generator, device=generator.device)
    spare = torch.Generator().manual_seed(int(seed))
    redraws = torch.zeros(batch, dtype=torch.int64)
    rows = torch.arange(batch if folding != "keep" else 0)
    while len(rows):
        certificate = build(scale * noise[rows]).certificate()
        if folding == "raise":
            certificate.require(orientation=True)
        rows = rows[~certificate.preserves_orientation]
        if len(rows) and redraws.max() == MAX_ATTEMPTS:
            raise FoldingError(
                "scale",
                scale,
                f"a size at which warps do not fold; {len(rows)} of {batch} still do after {MAX_ATTEMPTS} redraws",
            )
        redraws[rows] += 1
        noise[rows] = normal(spare)[rows]
    return dataclasses.replace(build(scale * noise).to(device, dtype), redraws=redraws.to(device))
