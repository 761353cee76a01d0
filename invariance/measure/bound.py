r"""The term that the proof of Theorem 2 drops, and the bound that holds for it.

$d(I \circ \varphi)(x) = J(\varphi(x))\,d\varphi(x) \approx J(x)\,d\varphi(x)$ leaves out
$|(J(\varphi(x)) - J(x))\,d\varphi(x)| \le \mathrm{Lip}(J)\,|\varphi(x) - x|\,\|d\varphi(x)\|$.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ..actions import PointwiseAction
from ..errors import ArgumentError
from ..images import ContinuousImage, pixel_grid
from ..warps import Warp
from ..warps.base import operator_norm
from .curve import Family, InvarianceCurve, draws_by_scale, family_of
from .theory import Bound

__all__ = ["dropped_term", "dropped_term_curve", "lipschitz_constant"]


def lipschitz_constant(image: ContinuousImage, *, size: int = 128, step: float = 1e-4) -> Float[Tensor, "b"]:
    r"""The largest $\|DJ(x)\|$ on the grid, in the Frobenius norm of J: Lip(J) on $[-1,1]^2$, to the grid's resolution.

    $DJ$ by central differences of the exact Jacobian over `step` to either side, in units of the domain.
    """
    grid = pixel_grid(size, size, dtype=image.dtype, device=image.device)[None].flatten(1, 2)
    shifts = step * torch.eye(2, dtype=image.dtype, device=image.device)
    slopes = [(image.jacobian(grid + s) - image.jacobian(grid - s)).flatten(1, 2) / (2 * step) for s in shifts]
    (xx, xy), (_, yy) = ([(a * b).sum(1) for b in slopes] for a in slopes)
    return ((xx + yy + torch.hypot(xx - yy, 2 * xy)) / 2).sqrt().amax(1)  # the larger eigenvalue of DJᵀ DJ


def dropped_term(
    image: ContinuousImage, warp: Warp, *, size: int, lipschitz: Float[Tensor, "b"] | None = None
) -> tuple[Float[Tensor, "b"], Float[Tensor, "b"]]:
    r"""For each image, the maximum over the grid of the dropped term and of its bound, both exact but for Lip(J).

    The Frobenius norm of J, the operator norm of $d\varphi$.

    Args:
        lipschitz: Lip(J) where it is known; else `lipschitz_constant`.

    Raises:
        ArgumentError: the warp leaves $[-1,1]^2$, where Lip(J) was not looked at.
    """
    grid = pixel_grid(size, size, dtype=image.dtype, device=image.device)[None].flatten(1, 2)
    moved = warp(grid)
    if (reach := float(moved.abs().max())) > 1 + 1e-12:
        raise ArgumentError("warp", f"a map that reaches {reach:.3g}", "a map of [-1, 1]² to itself")
    derivative = warp.jacobian(grid)
    change = (image.jacobian(moved) - image.jacobian(grid)).movedim(3, 1)  # "b n c 2"
    dropped = torch.linalg.matrix_norm(change @ derivative).amax(1)
    factor = (moved - grid).norm(dim=-1) * operator_norm(derivative.movedim(1, -1))
    return dropped, (lipschitz_constant(image) if lipschitz is None else lipschitz) * factor.amax(1)


def dropped_term_curve(
    images: ContinuousImage,
    *,
    warp: str | Family,
    scales: Sequence[float],
    generator: torch.Generator,
    size: int = 48,
    draws: int = 1,
) -> tuple[InvarianceCurve, Bound]:
    r"""The term that Theorem 2 drops and its bound, both largest over the image, in units of the RMS of $J - J'$:
    $\|J(\varphi(x))d\varphi(x) - J(x)d\varphi(x)\| \le \mathrm{Lip}(J)\,|\varphi(x) - x|\,\|d\varphi(x)\|$ (T2.g).
    """
    lipschitz = lipschitz_constant(images)

    def both(warp: Warp | PointwiseAction) -> Float[Tensor, "2 b"]:
        if not isinstance(warp, Warp):
            raise ArgumentError("warp", type(warp).__name__, "a family of warps: pointwise actions drop nothing")
        return torch.stack(dropped_term(images, warp, size=size, lipschitz=lipschitz))

    drawn = draws_by_scale(family_of(warp), scales, len(images), draws, generator)
    measured, bound = torch.stack([torch.stack(list(map(both, row))) for row in drawn]).square().unbind(2)  # "s d b"
    grid = pixel_grid(size, size, dtype=images.dtype, device=images.device)[None]
    jac = images.jacobian(grid)
    spread = (jac - jac.roll(1, 0)).square().sum((1, 2)).mean((1, 2))
    counts = torch.full(measured.shape, size**2)
    label = "dropped term"
    curve = InvarianceCurve(label, "invariant", tuple(scales), measured, spread, counts, torch.zeros_like(counts))
    values = (bound.mean((1, 2)) / spread.mean()).sqrt()
    formula = r"$\mathrm{Lip}(J)\,|\varphi(x) - x|\,\|d\varphi(x)\|$"
    return curve, Bound(label, "Lipschitz bound", formula, "T2.g", curve.scales, values)
