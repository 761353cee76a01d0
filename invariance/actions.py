r"""The pointwise action of $GL(2)$-valued fields on Jacobian fields, $(J \cdot M)(x) = J(x)\,M(x)$.

It moves no pixel. A warp does both: $d(I\circ\varphi)(x) = J(\varphi(x))\,d\varphi(x)$ is this action of $d\varphi$
and a resampling; the two are kept apart (warps are in `invariance.warps`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from .errors import ArgumentError, SingularError
from .images import pixel_grid

__all__ = ["ACTION_FAMILIES", "PointwiseAction", "block_action", "constant_action", "smooth_action"]


@dataclass(frozen=True, eq=False)
class PointwiseAction:
    r"""A field $M: x \mapsto M(x) \in GL(2)$, acting on the right: $(J\cdot M)\cdot N = J\cdot(MN)$.

    `field` is "b 2 2 h w", rows then columns; a batch, height or width of one serves all.

    Raises:
        SingularError: the field is singular to working precision somewhere, or not finite.
    """

    field: Float[Tensor, "b 2 2 h w"]

    def __post_init__(self) -> None:
        if self.field.ndim != 5 or self.field.shape[1:3] != (2, 2):
            raise ArgumentError("field.shape", tuple(self.field.shape), "(batch, 2, 2, height, width)")
        if not self.field.isfinite().all():
            raise SingularError("field", "NaN or infinite somewhere", "a finite matrix at every pixel")
        size = self.field.square().sum((1, 2))
        singular = self.determinant.abs() <= 4 * torch.finfo(self.field.dtype).eps * size
        if singular.any():
            raise SingularError(
                "field", f"singular at {int(singular.sum())} pixels", "an invertible matrix at every pixel"
            )

    @classmethod
    def constant(cls, matrix: Float[Tensor, "b 2 2"]) -> PointwiseAction:
        """One matrix for the whole domain: the paper's $H_{K,K}$ read literally (a subgroup equal to GL(2))."""
        return cls(matrix[..., None, None])

    @classmethod
    def blocks(cls, matrices: Float[Tensor, "b 2 2 rows columns"], block: int) -> PointwiseAction:
        """One matrix for each `block`×`block` square of pixels: $H_{K,K}$ read block by block."""
        if block < 1:
            raise ArgumentError("block", block, "a block has at least one pixel")
        return cls(matrices.repeat_interleave(block, -2).repeat_interleave(block, -1))

    @classmethod
    def of(
        cls,
        derivative: Callable[[Tensor], Tensor],
        height: int,
        width: int,
        *,
        dtype: torch.dtype = torch.float64,
    ) -> PointwiseAction:
        """The field of a function on points "1 *n 2" with values "b *n 2 2", such as a warp's `jacobian`."""
        return cls(derivative(pixel_grid(height, width, dtype=dtype)[None]).movedim((-2, -1), (1, 2)))

    @property
    def determinant(self) -> Float[Tensor, "b h w"]:
        r"""$\det M(x) = ad - bc$ at every pixel; it is 0 nowhere."""
        (a, b), (c, d) = (row.unbind(1) for row in self.field.unbind(1))
        return a * d - b * c

    def __call__(self, jac: Float[Tensor, "b c 3 2 h w"]) -> Float[Tensor, "b c 3 2 h w"]:
        if jac.ndim != 6 or jac.shape[3] != 2:
            raise ArgumentError("jac.shape", tuple(jac.shape), "(batch, channels, 3, 2, height, width)")
        ours = self.field.shape[:1] + self.field.shape[-2:]
        theirs = jac.shape[:1] + jac.shape[-2:]
        if any(m not in (1, n) for m, n in zip(ours, theirs, strict=True)):
            raise ArgumentError(
                "jac.shape", tuple(jac.shape), f"the batch, height and width {tuple(ours)} of the field"
            )
        return (jac.unsqueeze(4) * self.field[:, None, None].to(jac.dtype)).sum(3)

    def __matmul__(self, other: PointwiseAction) -> PointwiseAction:
        """The pointwise product: acting with `self @ other` is acting with `self`, then with `other`."""
        return PointwiseAction((self.field.unsqueeze(3) * other.field.unsqueeze(1)).sum(2))

    def inverse(self) -> PointwiseAction:
        r"""The field $M^{-1} = \mathrm{adj}\,M / \det M$ at every pixel: acting with both changes no Jacobian field."""
        (a, b), (c, d) = (row.unbind(1) for row in self.field.unbind(1))
        adjugate = torch.stack((torch.stack((d, -b), 1), torch.stack((-c, a), 1)), 1)
        return PointwiseAction(adjugate / self.determinant[:, None, None])


def _exponential(log: Float[Tensor, "b 2 2 h w"]) -> PointwiseAction:
    r"""$e^G = e^m (c\, I + s\,(G - mI))$ with $m = \frac12 \mathrm{tr}\, G$, since $(G - mI)^2 = \delta I$:
    $c = \cosh\sqrt\delta$ and $s = \sinh\sqrt\delta / \sqrt\delta$, or cosine and sine of $\sqrt{-\delta}$ where δ < 0.
    """
    (a, b), (c, d) = (row.unbind(1) for row in log.unbind(1))
    mean, half = (a + d) / 2, (a - d) / 2
    square = half * half + b * c
    root = square.abs().sqrt()
    even = torch.where(square > 0, root.cosh(), root.cos())
    odd = torch.where(square > 0, root.sinh() / root, torch.special.sinc(root / math.pi))
    rows = ((even + odd * half, odd * b), (odd * c, even - odd * half))
    return PointwiseAction(mean.exp()[:, None, None] * torch.stack([torch.stack(row, 1) for row in rows], 1))


def _noise(batch: int, scale: float, height: int, width: int, generator: torch.Generator) -> Tensor:
    if not 0 <= scale < float("inf"):
        raise ArgumentError("scale", scale, "a finite number ≥ 0")
    shape = (batch, 2, 2, height, width)
    return scale * torch.randn(shape, generator=generator, dtype=torch.float64, device=generator.device)


def constant_action(batch: int, scale: float, *, generator: torch.Generator) -> PointwiseAction:
    r"""$M = e^{\sigma G}$, $G$ a standard normal 2×2 matrix: one for each sample, invertible for every σ ≥ 0."""
    return _exponential(_noise(batch, scale, 1, 1, generator))


def block_action(
    batch: int, scale: float, *, generator: torch.Generator, size: tuple[int, int], block: int
) -> PointwiseAction:
    r"""Independent $M = e^{\sigma G}$ on every `block`×`block` square of an image of `size` (height, width)."""
    if any(length % block for length in size):
        raise ArgumentError("size", size, f"multiples of block = {block}")
    log = _noise(batch, scale, size[0] // block, size[1] // block, generator)
    return PointwiseAction.blocks(_exponential(log).field, block)


def smooth_action(
    batch: int, scale: float, *, generator: torch.Generator, size: tuple[int, int], nodes: int = 5
) -> PointwiseAction:
    r"""$M(x) = e^{\sigma G(x)}$ with $G$ a bicubic field through `nodes`×`nodes` standard normal matrices."""
    log = _noise(batch, scale, nodes, nodes, generator)
    fine = F.interpolate(log.flatten(1, 2), size=size, mode="bicubic", align_corners=True)
    return _exponential(fine.unflatten(1, (2, 2)))


ACTION_FAMILIES = {"constant": constant_action, "block": block_action, "smooth": smooth_action}
