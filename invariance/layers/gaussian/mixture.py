r"""Images that are finite sums of Gaussians times polynomials, closed under all that a continuous CNN does to them.

$$f_c(x) = b_c + \sum_t p_{ct}(x - m_t)\, e^{-\frac12 (x - m_t)^\top \Sigma_t^{-1} (x - m_t)}.$$
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from ...errors import ArgumentError, ArgumentTypeError, SingularError
from ...images import pixel_grid
from .polynomial import coefficients, degree_mask, derivatives, heat, monomials, substitute, times_linear

__all__ = ["GaussianMixture"]

_CHUNK = 2**22


@dataclass(frozen=True, eq=False, repr=False)
class GaussianMixture:
    r"""A batch of images; a `ContinuousImage`, with exact values and gradients on the whole plane.

    The channels of an image share its Gaussians and have polynomials of their own: `polynomial[…, i, j]` is the
    coefficient of $u_1^i u_2^j$, $u = x - m_t$, zero where $i + j \ge n$. Means are in units of the domain $[-1, 1]^2$.

    Raises:
        ArgumentError: shapes that do not fit, no terms, a total degree of n or more, a covariance that is not symmetric
            and positive definite, numbers that are not finite.
        ArgumentTypeError: not all of one floating dtype.
    """

    mean: Float[Tensor, "b t 2"]
    covariance: Float[Tensor, "b t 2 2"]
    polynomial: Float[Tensor, "b c t n n"]
    constant: Float[Tensor, "b c"]

    def __post_init__(self) -> None:
        tensors = {name: getattr(self, name) for name in ("mean", "covariance", "polynomial", "constant")}
        batch, terms = (*self.mean.shape, 0, 0)[:2]
        channels, n = (*self.polynomial.shape, 0, 0)[1], self.polynomial.shape[-1]
        if terms < 1 or channels < 1:
            raise ArgumentError("mixture", f"{terms} terms, {channels} channels", "at least one term in one channel")
        shapes = (batch, terms, 2), (batch, terms, 2, 2), (batch, channels, terms, n, n), (batch, channels)
        for (name, tensor), shape in zip(tensors.items(), shapes, strict=True):
            if tensor.shape != shape:
                raise ArgumentError(f"{name}.shape", tuple(tensor.shape), f"{shape} beside the other tensors")
            if not tensor.is_floating_point() or tensor.dtype != self.mean.dtype:
                raise ArgumentTypeError(f"{name}.dtype", tensor.dtype, "one floating dtype for all four tensors")
            if not tensor.isfinite().all():
                raise ArgumentError(name, "NaN or infinite somewhere", "finite numbers")
        if self.polynomial[..., ~degree_mask(n, self.device)].any():
            raise ArgumentError("polynomial", f"a total degree of {n} or more", f"zeros where i + j ≥ {n}")
        (a, b), (c, d) = (row.unbind(-1) for row in self.covariance.unbind(-2))
        skew = (b - c).abs() > 1e-9 * (a.abs() + d.abs())
        if (bad := skew | ~((a > 0) & (a * d - b * c > 0))).any():
            worst = self.covariance[bad][0].tolist()
            raise ArgumentError("covariance", worst, "symmetric and positive definite matrices")

    @classmethod
    def random(
        cls,
        batch: int,
        *,
        generator: torch.Generator,
        terms: int = 3,
        channels: int = 1,
        degree: int = 0,
        width: float = 0.12,
        spread: float = 0.25,
    ) -> GaussianMixture:
        r"""Normal means of deviation `spread`, normal coefficients, one covariance for all terms of an image, and every
        channel scaled to a peak of 1 on a grid of 64×64 points.

        The covariance is $w^2 R\,\mathrm{diag}(\kappa, 1/\kappa) R^\top$, $1 \le \kappa \le 2$. Sharing it lets many
        terms of a square coincide, see `merged`. Coefficients are scaled by $w^{-(i+j)}$, so that all powers matter.
        """

        def draw(*shape: int, normal: bool = True) -> Tensor:
            sampler = torch.randn if normal else torch.rand
            return sampler(shape, generator=generator, dtype=torch.float64, device=generator.device)

        angle, kappa = math.pi * draw(batch, 1, normal=False), 2 ** draw(batch, 1, normal=False)
        axis = torch.stack((angle.cos(), angle.sin()), -1).unsqueeze(-1)
        eye = torch.eye(2, dtype=torch.float64, device=axis.device)
        covariance = width**2 * (eye / kappa[..., None, None] + (kappa - 1 / kappa)[..., None, None] * axis @ axis.mT)
        power = torch.arange(degree + 1, device=axis.device)
        scale = width ** -(power[:, None] + power).double() * degree_mask(degree + 1, axis.device)
        image = cls(
            spread * draw(batch, terms, 2),
            covariance.expand(-1, terms, 2, 2).contiguous(),
            scale * draw(batch, channels, terms, degree + 1, degree + 1),
            torch.zeros(batch, channels, dtype=torch.float64, device=axis.device),
        )
        peak = image(pixel_grid(64, 64, device=axis.device)[None]).flatten(2).abs().amax(2)
        return replace(image, polynomial=image.polynomial / peak[..., None, None, None])

    def __repr__(self) -> str:
        batch, channels, terms, n, _ = self.polynomial.shape
        return f"GaussianMixture({batch} images of {channels} channels, {terms} terms of degree {n - 1})"

    @property
    def dtype(self) -> torch.dtype:
        """Of values and derivatives."""
        return self.mean.dtype

    @property
    def device(self) -> torch.device:
        """Where values are computed."""
        return self.mean.device

    @property
    def terms(self) -> int:
        """The number of Gaussians in an image."""
        return self.mean.shape[1]

    @cached_property
    def precision(self) -> Float[Tensor, "b t 2 2"]:
        r"""$\Sigma^{-1}$."""
        return torch.linalg.inv(self.covariance)

    def __len__(self) -> int:
        return len(self.mean)

    def __getitem__(self, index: slice) -> GaussianMixture:
        return GaussianMixture(*(x[index] for x in (self.mean, self.covariance, self.polynomial, self.constant)))

    def __call__(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b c *n"]:
        """Values at `points`; a batch of one set of points serves every image."""
        if points.ndim < 2 or points.shape[-1] != 2 or points.shape[0] not in (1, len(self)):
            raise ArgumentError("points.shape", tuple(points.shape), f"(1 or {len(self)}, …, 2)")
        weights = coefficients(self.polynomial).flatten(2)  # "b c (t m)"
        size = max(1, _CHUNK // (len(self) * weights.shape[-1]))
        parts = [weights @ self._basis(part) for part in points.flatten(1, -2).split(size, dim=1)]
        values = torch.cat(parts, -1) + self.constant.unsqueeze(-1)
        return values.reshape(*values.shape[:2], *points.shape[1:-1])

    def _basis(self, points: Float[Tensor, "#b n 2"]) -> Float[Tensor, "b tm n"]:
        """All monomials times their Gaussians."""
        u = points.unsqueeze(1) - self.mean.unsqueeze(2)
        xx, xy, yy = (self.precision[..., i, j, None] for i, j in ((0, 0), (0, 1), (1, 1)))
        x, y = u.unbind(-1)
        envelope = torch.exp(-0.5 * (x * (xx * x + 2 * xy * y) + yy * y * y))
        return (monomials(u, self.polynomial.shape[-1]) * envelope).movedim(0, 2).flatten(1, 2)

    @cached_property
    def derivative(self) -> GaussianMixture:
        r"""$(\partial_x f, \partial_y f)$ as a mixture of twice as many channels, (x, y) of the first channel first."""
        n = self.polynomial.shape[-1]
        raised = torch.nn.functional.pad(self.polynomial, (0, 1, 0, 1))
        rows = self.precision.unsqueeze(1).unbind(-2)
        forms = [torch.nn.functional.pad(row, (0, 1)) for row in rows]
        parts = [d - times_linear(raised, form) for d, form in zip(derivatives(raised), forms, strict=True)]
        polynomial = torch.stack(parts, 2).flatten(1, 2) * degree_mask(n + 1, self.device)
        return replace(self, polynomial=polynomial, constant=torch.zeros_like(self.constant).repeat(1, 2))

    def jacobian(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b c 2 *n"]:
        """Exact (∂x, ∂y) at `points`, per unit of the domain."""
        return self.derivative(points).unflatten(1, (-1, 2))

    def integral(self) -> Float[Tensor, "b c"]:
        r"""$\int (f_c - b_c)\,dx$, the constant left out."""
        mass = 2 * math.pi * torch.linalg.det(self.covariance).sqrt()
        mean = heat(self.polynomial, self.covariance.unsqueeze(1))[..., 0, 0]
        return (mean * mass.unsqueeze(1)).sum(-1)

    def transform(self, linear: Float[Tensor, "#b 2 2"], shift: Float[Tensor, "#b 2"] | None = None) -> GaussianMixture:
        r"""$(T_h f)(x) = f(h^{-1}x)$ for $h(x) = Ax + t$: means $Am + t$, covariances $A\Sigma A^\top$, $p(A^{-1}u)$.

        Raises:
            SingularError: a matrix is not invertible, to rounding.
            ArgumentError: neither one map nor one for each image.
        """
        if linear.shape[1:] != (2, 2) or linear.shape[0] not in (1, len(self)):
            raise ArgumentError("linear.shape", tuple(linear.shape), f"(1 or {len(self)}, 2, 2)")
        if shift is not None and shift.shape not in ((1, 2), (len(self), 2)):
            raise ArgumentError("shift.shape", tuple(shift.shape), f"(1 or {len(self)}, 2)")
        (a, b), (c, d) = (row.unbind(-1) for row in linear.unbind(-2))
        determinant, rounding = a * d - b * c, 4 * torch.finfo(linear.dtype).eps * ((a * d).abs() + (b * c).abs())
        if not (determinant.abs() > rounding).all():
            raise SingularError("linear", linear.tolist(), "invertible matrices")
        moved = self.mean @ linear.mT if shift is None else self.mean @ linear.mT + shift.unsqueeze(1)
        covariance = linear.unsqueeze(1) @ self.covariance @ linear.unsqueeze(1).mT
        back = torch.linalg.inv(linear)[:, None, None]
        polynomial = substitute(self.polynomial, back, torch.zeros_like(back[..., 0]))
        return replace(self, mean=moved, covariance=(covariance + covariance.mT) / 2, polynomial=polynomial)

    def __mul__(self, factor: float) -> GaussianMixture:
        return replace(self, polynomial=factor * self.polynomial, constant=factor * self.constant)

    def __add__(self, other: GaussianMixture) -> GaussianMixture:
        """The sum, with the terms of both.

        Raises:
            ArgumentError: not the same number of images and channels.
        """
        if other.constant.shape != self.constant.shape:
            raise ArgumentError("other", other, f"as many images and channels as {self}")
        n = max(self.polynomial.shape[-1], other.polynomial.shape[-1])
        grown = [torch.nn.functional.pad(p, (0, n - p.shape[-1]) * 2) for p in (self.polynomial, other.polynomial)]
        return GaussianMixture(
            torch.cat((self.mean, other.mean), 1),
            torch.cat((self.covariance, other.covariance), 1),
            torch.cat(grown, 2),
            self.constant + other.constant,
        )
