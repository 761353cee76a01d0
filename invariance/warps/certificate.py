"""Proofs that warps are invertible, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..errors import FoldingError

__all__ = ["Certificate"]


@dataclass(frozen=True, eq=False)
class Certificate:
    r"""What is proved about each warp of a batch.

    Attributes:
        margin: lower bound of $|\det d\varphi|$, rounding included; where it is ≤ 0 nothing is proved.
        orientation: sign of $\det d\varphi$: −1 where an invertible warp reverses orientation.
        method: what was checked, and why that is a proof.
        domain: where the warp is injective, on the whole plane or on $[-1,1]^2$.
        keeps_square: whether an invertible warp maps $[-1,1]^2$ onto itself.
    """

    margin: Float[Tensor, "b"]
    orientation: Int[Tensor, "b"]
    method: str
    domain: Literal["plane", "square"] = "plane"
    keeps_square: bool = False

    @classmethod
    def from_pieces(
        cls, derivatives: Float[Tensor, "b n 2 2"], method: str, *, keeps_square: bool = False
    ) -> Certificate:
        """All the determinants have one sign, beyond their rounding errors.

        The derivatives are sums of the identity and slopes that are exact to a few units in the last place.
        """
        (a, b), (c, d) = (row.unbind(-1) for row in derivatives.double().unbind(-2))
        determinant = a * d - b * c
        rounding = 8 * torch.finfo(torch.float64).eps * (1 + derivatives.abs().sum((-2, -1))) ** 2
        preserving, reversing = ((sign * determinant - rounding).amin(1) for sign in (1, -1))
        orientation = torch.where(preserving >= reversing, 1, -1)
        return cls(torch.maximum(preserving, reversing), orientation, method, keeps_square=keeps_square)

    @classmethod
    def of_contraction(cls, bound: Float[Tensor, "b"], method: str, *, keeps_square: bool = False) -> Certificate:
        r"""$\varphi = 1 + \tau$ with $\sup\|\nabla\tau\| \le \mathrm{bound} < 1$: then
        $\det d\varphi \ge (1 - \mathrm{bound})^2$ in two dimensions, and orientation is kept.
        """
        room = 1 - bound
        return cls(room * room.abs(), torch.ones_like(room, dtype=torch.int64), method, keeps_square=keeps_square)

    @property
    def invertible(self) -> Bool[Tensor, "b"]:
        """Of each warp, whether the margin is above 0: then φ is a diffeomorphism of the domain onto its image."""
        return self.margin > 0

    @property
    def preserves_orientation(self) -> Bool[Tensor, "b"]:
        """Invertible and no reflection."""
        return self.invertible & (self.orientation > 0)

    def require(self, *, orientation: bool = False) -> Certificate:
        """Itself where every warp is invertible and, if asked for, none reverses orientation.

        Raises:
            FoldingError: names the warps that are not, and the smallest margin among them.
        """
        bad = ~(self.preserves_orientation if orientation else self.invertible)
        if bad.any():
            rows = [str(row) for row in bad.nonzero().flatten().tolist()]
            listed = ", ".join(rows[:8]) + (", …" if len(rows) > 8 else "")
            wanted = "invertible without reflection" if orientation else "invertible"
            raise FoldingError(
                "warp",
                f"number {listed} of {len(bad)}, margin {float(self.margin[bad].min()):.3g}",
                f"{wanted}, by this criterion: {self.method}",
            )
        return self

    def __matmul__(self, inner: Certificate) -> Certificate:
        """For the composition of warps, where the determinants are multiplied."""
        a, b = torch.broadcast_tensors(self.margin, inner.margin)
        margin = torch.where((a > 0) & (b > 0), a * b, torch.minimum(a, b))
        method = f"both parts are invertible ({self.method}; {inner.method})"
        if self.domain == "square" and not inner.keeps_square:
            margin = margin.clamp(max=0)
            method = "the outer warp is proved on the square only, and the inner one may leave it"
        return Certificate(
            margin,
            self.orientation * inner.orientation,
            method,
            "plane" if self.domain == inner.domain == "plane" else "square",
            self.keeps_square and inner.keeps_square,
        )
