"""A group and a field of one's own in one file: p6m on a hexagonal patch, in axial coordinates (q, r).

The place (q, r) lies at q·(1, 0) + r·(1/2, √3/2); a patch of radius R has |q|, |r|, |q + r| ≤ R, in a square array
whose other corners are empty. In this basis the sixth of a turn and the reflection are whole numbers: places move.
"""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from invariance.checking import check
from invariance.errors import ArgumentError
from invariance.fields import Field, check_field_laws
from invariance.groups import Affine, Element, FiniteGroup, check_group_laws
from invariance.symmetry import Symmetry

SIXTH = Element({"space": Affine.of([[0, -1], [1, 1]])}, "60°")
MIRROR = Element({"space": Affine.of([[0, 1], [1, 0]])}, "reflection")
P6M = FiniteGroup.generated("p6m", SIXTH, MIRROR)


class HexPatch(Field):
    """(batch, channels, 2R + 1, 2R + 1), zero outside the hexagon."""

    spec = ""

    def __init__(self, channels: int, radius: int) -> None:
        self.shape = (channels, 2 * radius + 1, 2 * radius + 1)
        line = torch.arange(-radius, radius + 1)
        places = torch.cartesian_prod(line, line)
        self.places, self.radius = places[places.sum(1).abs() <= radius], radius

    def act(self, g: Element, tensor: Tensor) -> Tensor:
        part = g.affine()
        if part is None:
            return tensor
        sources = (self.places.double() @ part.inverse().matrix.mT).round().long() + self.radius
        moved = torch.zeros_like(tensor)
        there = self.places + self.radius
        moved[..., there[:, 0], there[:, 1]] = tensor[..., sources[:, 0], sources[:, 1]]
        return moved

    def moves_only(self, g: Element) -> bool:
        return True

    def sample(self, batch: int, generator: torch.Generator, *, smooth: bool = False) -> Tensor:
        return self.mask() * torch.randn((batch, *self.shape), generator=generator, dtype=torch.float64)

    def mask(self) -> Tensor:
        inside = torch.zeros(self.shape[1:], dtype=torch.float64)
        inside[self.places[:, 0] + self.radius, self.places[:, 1] + self.radius] = 1
        return inside


def convolution(x: Tensor, fault: float = 0.0) -> Tensor:
    """Seven taps, the six neighbours alike; the neighbours of (q, r) in the array are all but two corners of a 3×3."""
    taps = torch.tensor([[0, 1, 1], [1, 2, 1], [1, 1, 0]], dtype=x.dtype)
    taps[0, 1] += fault
    return torch.tanh(F.conv2d(x, taps[None, None], padding=1)) * HexPatch(1, 4).mask().to(x)


def test_the_laws(generator: torch.Generator) -> None:
    assert P6M.order == 12
    check_group_laws(P6M, generator)
    check_field_laws("patch", HexPatch(2, 4), P6M, generator)


@pytest.mark.parametrize(("fault", "verdict"), [(0.0, "consistent"), (0.01, "violated")])
def test_a_hexagonal_convolution(fault: float, verdict: str) -> None:
    symmetry = Symmetry(P6M, HexPatch(1, 4), HexPatch(1, 4))
    assert check(lambda x: convolution(x, fault), symmetry).verdict == verdict


def test_a_square_grid_is_no_patch(generator: torch.Generator) -> None:
    with pytest.raises(ArgumentError, match="differ"):
        check_field_laws("patch", type("Square", (HexPatch,), {"act": lambda s, g, x: x.mT})(1, 2), P6M, generator)
