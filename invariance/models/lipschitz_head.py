r"""A head of which is known how far its logits move when the integrals that it reads are moved by a warp.

Integrals $V_{k\omega} = \int f_k w_\omega |n|$ of functions $f_k \ge 0$ over a partition of unity add up to the
invariants $m_k = \sum_\omega V_{k\omega} = \int f_k |n|$, which no diffeomorphism of the square changes. What moves are
the shares $s = (V - m/g^2) / (\mathrm{Lip}(W)\,|m|)$, in Euclidean norm by at most sup|φ − id| (`SurfacePool2d`): so a
function of m may be anything, and one of s has to be Lipschitz.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ..errors import ArgumentError
from ..layers.surface import Windows

__all__ = ["LipschitzHead"]


class LipschitzHead(nn.Module):
    r"""$z = C\,\mathrm{ReLU}(a(m) + \kappa B s)$ with a free perceptron a and matrices B, C of spectral norm 1.

    So $|z_i - z_j|$ moves by at most $\kappa\,|C_i - C_j|\,\|B\|$ times the displacement, per unit of [−1, 1]².

    Args:
        functions: how many are integrated; none of them is negative.
        windows: their partition of unity.
        hidden: units of both hidden layers.
        sharpness: κ: the larger, the better clean images are told apart and the less a displacement may be.

    Raises:
        ArgumentError: κ is not finite and positive.
    """

    shares: nn.Linear
    logits: nn.Linear

    def __init__(self, functions: int, windows: Windows, hidden: int, classes: int, *, sharpness: float) -> None:
        super().__init__()
        if not 0 < sharpness < math.inf:
            raise ArgumentError("sharpness", sharpness, "a finite number > 0")
        self.functions, self.windows, self.sharpness = functions, windows, sharpness
        self.invariants = nn.Sequential(
            nn.BatchNorm1d(functions + 1, affine=False),
            nn.Linear(functions + 1, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
        )
        self.shares = nn.Linear(functions * windows.count**2, hidden, bias=False)
        self.logits = nn.Linear(hidden, classes)
        for layer in (self.shares, self.logits):
            spectral_norm(layer, n_power_iterations=2)

    def forward(
        self, integrals: Float[Tensor, "b inputs"], log_area: Float[Tensor, "b 1"]
    ) -> Float[Tensor, "b classes"]:
        return self.logits(self.hidden(integrals, log_area).relu())

    def hidden(self, integrals: Float[Tensor, "b inputs"], log_area: Float[Tensor, "b 1"]) -> Float[Tensor, "b hidden"]:
        """a(m) + κBs."""
        parts = integrals.unflatten(1, (self.functions, -1))
        invariant = parts.sum(2)
        fixed = self.invariants(torch.cat((invariant, log_area.to(invariant.dtype)), 1))
        if self.windows.count == 1:
            return fixed
        even = invariant[:, :, None] / parts.shape[2]
        shares = (parts - even) * self.scale(invariant)[:, None, None]
        return fixed + self.shares(shares.flatten(1))

    def scale(self, invariant: Float[Tensor, "b k"]) -> Float[Tensor, "b"]:
        """κ / (Lip(W)|m|), 0 for an image without a surface."""
        size = invariant.norm(dim=1) * self.windows.lipschitz
        return self.sharpness / size.masked_fill(size == 0, math.inf)
