r"""Motions of the plane by how far they go: rotation by an angle, scaling, shear, a shift by parts of a pixel.

The random families of `families` have a size of their noise; these have a unit. Every sample moves by the same amount,
a shift in a direction of its own. They move pixels, so that the image's height and width belong to them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError
from .projective import Projective

__all__ = ["MOTIONS", "Motion"]


@dataclass(frozen=True)
class Motion:
    r"""A family $\varphi_a$ of maps in pixels from the centre of the image, output to input.

    Attributes:
        name, unit: of the amount $a$.
        identity: the amount that moves nothing.
        matrix: the linear part for an amount.
        least: amounts are larger than it.
        directed: whether it is a shift by the amount, in a direction drawn for each sample.
    """

    name: str
    unit: str
    identity: float
    matrix: Callable[[float], Sequence[Sequence[float]]]
    least: float = -math.inf
    directed: bool = False

    def check(self, amounts: Sequence[float]) -> None:
        """Raises ArgumentError for amounts that are not finite, not increasing, or that it cannot take."""
        wanted = f"increasing finite numbers, {self.unit}"
        if not amounts or not all(map(math.isfinite, amounts)) or list(amounts) != sorted(set(amounts)):
            raise ArgumentError("scales", tuple(amounts), wanted)
        if min(amounts) <= self.least:
            raise ArgumentError("scales", tuple(amounts), f"{wanted}: each above {self.least:g}")

    def family(self, height: int, width: int) -> Callable[..., Projective]:
        """`family(batch, amount, *, generator)` on images of this size."""
        half = torch.tensor([width / 2, height / 2], dtype=torch.float64)

        def draw(batch: int, amount: float, *, generator: torch.Generator) -> Projective:
            linear = torch.tensor(self.matrix(amount), dtype=torch.float64) * half / half[:, None]
            if not self.directed:
                return Projective.affine(linear[None])
            return Projective.affine(linear.expand(batch, 2, 2), amount * _directions(batch, generator) / half)

        return draw


def _directions(batch: int, generator: torch.Generator) -> Float[Tensor, "b 2"]:
    angle = 2 * math.pi * torch.rand(batch, generator=generator, dtype=torch.float64, device=generator.device).cpu()
    return torch.stack((angle.cos(), angle.sin()), -1)


def _turn(degrees: float) -> Sequence[Sequence[float]]:
    """Exact at quarter turns: cos 90° is no 6e-17."""
    quarters, rest = divmod(degrees, 90)
    cos, sin = math.cos(math.radians(rest)), math.sin(math.radians(rest))
    for _ in range(int(quarters) % 4):
        cos, sin = -sin, cos
    return ((cos, -sin), (sin, cos))


MOTIONS: dict[str, Motion] = {
    motion.name: motion
    for motion in (
        Motion("rotation", "degrees", 0, _turn),
        Motion("scale", "the factor by which the image grows", 1, lambda f: ((1 / f, 0), (0, 1 / f)), least=0),
        Motion("shear", "the slope", 0, lambda s: ((1, s), (0, 1))),
        Motion("translation", "pixels", 0, lambda _: ((1, 0), (0, 1)), directed=True),
    )
}
"""By name, those of `check`: what continuous motions are beside the random families."""
