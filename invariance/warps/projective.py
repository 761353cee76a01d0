"""Affine and projective maps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import ArgumentError, SingularError
from .base import Warp
from .certificate import Certificate
from .finite import all_finite

__all__ = ["Projective"]


@dataclass(frozen=True, eq=False)
class Projective(Warp):
    r"""$\varphi(x) = (A x + t) / (v\cdot x + s)$ for matrices $H = \begin{pmatrix} A & t \\ v^\top & s \end{pmatrix}$;
    affine where $v = 0$, $s = 1$.

    $d\varphi = (A - \varphi\, v^\top) / (v\cdot x + s)$ and $\det d\varphi = \det H / (v\cdot x + s)^3$.

    Raises:
        ArgumentError: not "b 3 3", or not finite.
    """

    matrix: Float[Tensor, "b 3 3"]

    def __post_init__(self) -> None:
        if self.matrix.shape[1:] != (3, 3):
            raise ArgumentError("matrix.shape", tuple(self.matrix.shape), "(batch, 3, 3)")
        if not all_finite(self.matrix):
            raise ArgumentError("matrix", "NaN or infinite somewhere", "finite numbers")

    @classmethod
    def affine(cls, linear: Float[Tensor, "b 2 2"], shift: Float[Tensor, "b 2"] | None = None) -> Projective:
        r"""$x \mapsto A x + t$, with no shift where none is given."""
        matrix = torch.eye(3, dtype=linear.dtype, device=linear.device).repeat(len(linear), 1, 1)
        matrix[:, :2, :2] = linear
        if shift is not None:
            matrix[:, :2, 2] = shift
        return cls(matrix)

    def inverse(self) -> Projective:
        """The inverse map, where its own denominator is positive.

        Raises:
            SingularError: a determinant is 0 to rounding.
        """
        determinant, rounding = _determinant(self.matrix)
        if (singular := determinant.abs() <= rounding).any():
            raise SingularError("matrix", f"det H = 0 in {int(singular.sum())} of {len(self)}", "invertible matrices")
        return Projective(torch.linalg.inv(self.matrix))

    def in_front(self, points: Float[Tensor, "#b *n 2"]) -> Bool[Tensor, "b *n"]:
        r"""Where $v\cdot x + s > 0$; the line $v\cdot x + s = 0$, the horizon, goes to infinity.

        With $s > 0$ these are the points on the origin's side, where φ is a homeomorphism onto its image. Behind the
        horizon a camera sees nothing, though the formula has a value there.
        """
        matrix = self.matrix.to(points.device).view(len(self), *(1,) * (points.ndim - 2), 3, 3)
        return (matrix[..., 2, :2] * points).sum(-1) + matrix[..., 2, 2] > 0

    def _value(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 n"]:
        return self._value_and_denominator(points)[0]

    def _derivative(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 2 n"]:
        value, denominator = self._value_and_denominator(points)
        linear, slope = self.matrix[:, :2, :2, None], self.matrix[:, 2:, :2, None]
        return (linear - value.unsqueeze(2) * slope) / denominator.unsqueeze(1)

    def _value_and_denominator(self, points: Tensor) -> tuple[Tensor, Tensor]:
        # Not as a matrix product, which a GPU may be allowed to round to ten bits.
        x, y = points.unsqueeze(2).unbind(1)
        image = self.matrix[:, :, :1] * x + self.matrix[:, :, 1:2] * y + self.matrix[:, :, 2:]
        return image[:, :2] / image[:, 2:], image[:, 2:]

    def certificate(self) -> Certificate:
        r"""$\det H \ne 0$, and $|s| > |v_1| + |v_2|$, which is the smallest $|v\cdot x + s|$ on the square."""
        matrix = self.matrix.double()
        determinant, rounding = _determinant(matrix)
        slope, s = matrix[:, 2, :2].abs().sum(1), matrix[:, 2, 2]
        low = s.abs() - slope - 4 * torch.finfo(torch.float64).eps * (s.abs() + slope)
        margin = torch.where(low > 0, (determinant.abs() - rounding) / (s.abs() + slope) ** 3, low)
        return Certificate(
            margin,
            torch.where(determinant * s >= 0, 1, -1),
            "det H ≠ 0, and the denominator, linear in x, has one sign at the corners of the square and so inside it",
            "plane" if not slope.any() else "square",
        )


def _determinant(matrix: Float[Tensor, "b 3 3"]) -> tuple[Float[Tensor, "b"], Float[Tensor, "b"]]:
    """The determinants and bounds of their rounding errors (the permanent is at most the product of the row sums)."""
    first, second, third = matrix.unbind(1)
    determinant = (first * torch.linalg.cross(second, third)).sum(1)
    return determinant, 8 * torch.finfo(matrix.dtype).eps * matrix.abs().sum(2).prod(1)
