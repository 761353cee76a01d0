"""Groups that act on what a pixel holds: permutations and signs of channels, hue, gains."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch

from ..errors import ArgumentError
from .element import Element
from .group import CLOSE, ENUMERATED, FiniteGroup, Group, Tangent
from .moves import permutations
from .parts import Affine

__all__ = ["channel_permutations", "gains", "hue", "sign_flips"]

_MOST = 128  # channels, each a matrix of all, and a derivative of the network
_LOUDER = 0.5  # standard deviation of the logarithm of a gain


@dataclass(frozen=True, eq=False)
class ChannelGroup(Group):
    """Linear maps of the channels: diagonal ones, or rotations about the grey axis."""

    kind: Literal["gains", "signs", "hue"] = "gains"
    count: int = 3

    def sample(self, generator: torch.Generator) -> Element:
        if self.kind == "hue":
            return _turned(float(torch.rand((), generator=generator, dtype=torch.float64)) * 2 * math.pi)
        if self.kind == "signs":
            return _diagonal([1.0 - 2 * int(torch.randint(2, (), generator=generator)) for _ in range(self.count)])
        return _diagonal((_LOUDER * torch.randn(self.count, generator=generator, dtype=torch.float64)).exp().tolist())

    def contains(self, element: Element) -> bool:
        part = element.affine("channels")
        if (
            part is None
            or {*element.parts} != {"channels"}
            or part.dimension != self.count
            or part.translation is not None
        ):
            return element.is_identity
        if self.kind == "hue":
            grey = torch.ones(3, dtype=torch.float64)
            kept = part.matrix @ part.matrix.mT - torch.eye(3, dtype=torch.float64)
            return bool(kept.abs().max() < CLOSE and (part.matrix @ grey - grey).abs().max() < CLOSE)
        values = part.matrix.diagonal()
        diagonal = (part.matrix - torch.diag(values)).abs().max() < CLOSE
        fitting = (values > 0).all() if self.kind == "gains" else ((values.abs() - 1).abs() < CLOSE).all()
        return bool(diagonal and fitting)


@cache
def gains(channels: int) -> ChannelGroup:
    """Every channel times a positive factor of its own."""
    units = torch.eye(_some(channels), dtype=torch.float64)
    algebra = tuple(Tangent(f"gain of channel {c}", "channels", Affine(torch.diag(units[c]))) for c in range(channels))
    return ChannelGroup(f"gains({channels})", None, (), algebra, ("channels",), "gains", channels)


@cache
def sign_flips(channels: int) -> Group:
    """Every channel times ±1 of its own."""
    signs = [[-1.0 if c == i else 1.0 for c in range(_some(channels))] for i in range(channels)]
    steps = tuple(_diagonal(row, f"channel {i} times −1") for i, row in enumerate(signs))
    name = f"signs({channels})"
    if 2**channels <= ENUMERATED:
        group = FiniteGroup.generated(name, *steps)
        return FiniteGroup.of(name, group.listed, generators=steps, slots=("channels",))
    return ChannelGroup(name, 2**channels, steps, (), ("channels",), "signs", channels)


@cache
def hue() -> ChannelGroup:
    """Rotations of (red, green, blue) about grey, (1, 1, 1): a third of a turn exchanges them cyclically."""
    spin = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=torch.float64) / math.sqrt(3)
    return ChannelGroup("hue", None, (), (Tangent("hue", "channels", Affine(spin)),), ("channels",), "hue", 3)


def channel_permutations(channels: int) -> Group:
    r"""All orders of the channels: $(\sigma f)_{\sigma(c)} = f_c$, n! of them for n channels."""
    return permutations(channels, on="channels")


def _diagonal(values: list[float], label: str = "") -> Element:
    return Element({"channels": Affine(torch.diag(torch.tensor(values, dtype=torch.float64)))}, label)


def _turned(angle: float) -> Element:
    spin = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=torch.float64) / math.sqrt(3)
    turned = Affine(torch.linalg.matrix_exp(angle * spin))
    return Element({"channels": turned}, f"hue turned by {math.degrees(angle):.4g}°")


def _some(channels: int) -> int:
    if not 1 <= channels <= _MOST:
        raise ArgumentError("channels", channels, f"at least one, and at most {_MOST}")
    return channels
