"""Maps that are affine on a disc and the identity outside a larger one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError
from .base import Warp, identity_matrix
from .certificate import Certificate
from .finite import all_finite
from .sampling import Folding, draw_warps

__all__ = ["AffineDisc", "random_affine_disc"]

_REACH = 1.5 + 1e-9
"""The largest |h′| of h(t) = 1 − 3t² + 2t³ on [0, 1], at ½."""


@dataclass(frozen=True, eq=False)
class AffineDisc(Warp):
    r"""$\varphi(x) = x + \chi(|x - c|)\,(M (x - c) + b)$ with χ = 1 up to the radius r, 0 from 2r on, and
    $1 - 3t^2 + 2t^3$ between: C¹, affine on the inner disc, the identity outside the outer one.

    Raises:
        ArgumentError: not "b 2 3" and "b 2", not finite, or a radius that is not positive.
    """

    affine: Float[Tensor, "b 2 3"]
    """[M | b]."""
    centre: Float[Tensor, "b 2"]
    radius: Float[Tensor, "b"]

    def __post_init__(self) -> None:
        batch = len(self.affine)
        for name, wanted in (("affine", (batch, 2, 3)), ("centre", (batch, 2)), ("radius", (batch,))):
            found = getattr(self, name)
            if tuple(found.shape) != wanted:
                raise ArgumentError(f"{name}.shape", tuple(found.shape), str(wanted))
            if not all_finite(found):
                raise ArgumentError(name, "NaN or infinite somewhere", "finite numbers")
        if not (self.radius > 0).all():
            raise ArgumentError("radius", float(self.radius.min()), "a number > 0")

    def _value(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 n"]:
        _, bump, _, field = self._parts_at(points)
        return points + bump * field

    def _derivative(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 2 n"]:
        outward, bump, slope, field = self._parts_at(points)
        linear = self.affine[:, :, :2, None] * bump.unsqueeze(1)
        return identity_matrix(points) + linear + field.unsqueeze(2) * (slope * outward).unsqueeze(1)

    def _parts_at(self, points: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The unit vector away from the centre, χ, χ′, and M(x − c) + b."""
        local = points - self.centre[:, :, None]
        radius = self.radius[:, None, None]
        distance = local.norm(dim=1, keepdim=True)
        t = (distance / radius - 1).clamp(0, 1)
        field = self.affine[:, :, :2] @ local + self.affine[:, :, 2:]
        outward = local / distance.where(distance > 0, torch.ones_like(distance))
        return outward, 1 - t * t * (3 - 2 * t), -6 * t * (1 - t) / radius, field

    def certificate(self) -> Certificate:
        r"""$\sup\|\nabla\tau\| \le \|M\| + \sup|\chi'|\,(2r\|M\| + |b|) \le 4\|M\| + 1.5\,|b|/r < 1$: a contraction.

        The square is kept where the outer disc lies in it.
        """
        affine, radius, centre = self.affine.double(), self.radius.double(), self.centre.double()
        linear = torch.linalg.matrix_norm(affine[:, :, :2], 2)
        slope = linear * (1 + 2 * _REACH) + affine[:, :, 2].norm(dim=1) * _REACH / radius
        inside = bool((centre.abs().amax(1) + 2 * radius <= 1).all())
        return Certificate.of_contraction(
            slope * (1 + 64 * torch.finfo(torch.float64).eps),
            "4‖M‖ + 1.5|b|/r < 1, so that τ is a contraction",
            keeps_square=inside,
        )


def random_affine_disc(
    batch: int,
    scale: float,
    *,
    generator: torch.Generator,
    radius: float = 0.3,
    folding: Folding = "redraw",
    dtype: torch.dtype = torch.float64,
    device: torch.device | str | None = None,
) -> AffineDisc:
    """Normal entries of M with standard deviation `scale` and of b with `scale`·`radius`; discs uniform in the square.

    Args:
        radius: r of the inner disc, at most ½, so that the outer one fits.
        folding, dtype, device: as in `draw_warps`, which lists what is raised.
    """
    if not 0 < radius <= 0.5:
        raise ArgumentError("radius", radius, "a number above 0 and at most ½: the outer disc is twice as large")
    room = 1 - 2 * radius
    place = 2 * torch.rand((batch if batch > 0 else 1, 2), generator=generator, dtype=torch.float64) - 1
    size = torch.tensor([1.0, 1.0, radius], dtype=torch.float64)

    def build(noise: Float[Tensor, "b 2 3"]) -> AffineDisc:
        count = len(noise)
        # A redraw builds some of the rows; where the discs lie plays no part in whether they fold.
        return AffineDisc(noise * size, room * place[:count], torch.full((count,), radius, dtype=torch.float64))

    return draw_warps(build, (2, 3), batch, scale, generator=generator, folding=folding, dtype=dtype, device=device)
