r"""Continuous layers on other images than mixtures: pointwise functions exactly, convolutions by Gauss–Hermite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ...images import ContinuousImage
from .mixture import GaussianMixture
from .polynomial import coefficients, monomials

__all__ = ["Applied", "Convolved"]

_CHUNK = 2**18


@dataclass(frozen=True, eq=False)
class Applied:
    r"""$\sigma \circ f$, with $\sigma'(f)\,\nabla f$ by automatic differentiation of σ: again a `ContinuousImage`."""

    image: ContinuousImage
    function: Callable[[Tensor], Tensor]

    @property
    def dtype(self) -> torch.dtype:
        return self.image.dtype

    @property
    def device(self) -> torch.device:
        return self.image.device

    def __len__(self) -> int:
        return len(self.image)

    def __call__(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b c *n"]:
        return self.function(self.image(points))

    def jacobian(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b c 2 *n"]:
        """(∂x, ∂y) at `points`, per unit of the domain."""
        with torch.enable_grad():
            value = self.image(points).detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.function(value).sum(), value)
        return slope.unsqueeze(2) * self.image.jacobian(points)


@dataclass(frozen=True, eq=False)
class Convolved:
    r"""$(f * \lambda)_o + b_o$ by a sum over `nodes`² points for each Gaussian of the filters.

    $\int F(x - y)\,p(y - m)\,e^{-\frac12 (y-m)^\top \Sigma^{-1} (y-m)} dy \approx \sqrt{\det\Sigma}
    \sum_k w_k\,p(L z_k)\,F(x - m - L z_k)$, $\Sigma = LL^\top$: exact where F is a polynomial of degree at most
    2·nodes − 1 less that of p, spectrally accurate where F is analytic, slow where it has kinks.

    Attributes:
        filters: one image for each output channel o, with a channel for each input channel i.
    """

    image: ContinuousImage
    filters: GaussianMixture
    bias: Float[Tensor, "o"]
    nodes: int

    @property
    def dtype(self) -> torch.dtype:
        return self.image.dtype

    @property
    def device(self) -> torch.device:
        return self.image.device

    def __len__(self) -> int:
        return len(self.image)

    def __call__(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b o *n"]:
        total = self._sum(self.image, points.flatten(1, -2)) + self.bias.unsqueeze(-1)
        return total.reshape(*total.shape[:2], *points.shape[1:-1])

    def jacobian(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b o 2 *n"]:
        """(∂x, ∂y) at `points`, per unit of the domain."""

        def flattened(at: Tensor) -> Tensor:
            return self.image.jacobian(at).movedim(2, 1).flatten(0, 1)  # "(b 2) i n"

        total = self._sum(flattened, points.flatten(1, -2)).unflatten(0, (-1, 2)).movedim(1, 2)
        return total.reshape(*total.shape[:3], *points.shape[1:-1])

    def _sum(self, function: Callable[[Tensor], Tensor], points: Float[Tensor, "#b n 2"]) -> Tensor:
        offsets, weights = self._rule()
        parts = []
        for part in points.split(max(1, _CHUNK // len(offsets)), dim=1):
            values = function((part.unsqueeze(2) - offsets).flatten(1, 2)).unflatten(-1, (-1, len(offsets)))
            parts.append(torch.einsum("bink,oik->bon", values, weights))
        return torch.cat(parts, -1)

    def _rule(self) -> tuple[Float[Tensor, "k 2"], Float[Tensor, "o i k"]]:
        """Offsets y and weights, for the Gaussians of all filters."""
        from numpy.polynomial.hermite_e import hermegauss

        filters = self.filters
        z, w = (torch.from_numpy(x).to(filters.mean) for x in hermegauss(self.nodes))
        z, w = torch.cartesian_prod(z, z), torch.outer(w, w).flatten()
        root = torch.linalg.cholesky(filters.covariance)
        u = z @ root.mT  # "o t k 2"
        n = filters.polynomial.shape[-1]
        values = torch.einsum("oitm,motk->oitk", coefficients(filters.polynomial), monomials(u, n))
        values = values * w * root.diagonal(dim1=-2, dim2=-1).prod(-1)[:, None, :, None]
        outputs, inputs, terms, nodes = values.shape
        weights = values.new_zeros(outputs, inputs, outputs, terms, nodes)
        index = torch.arange(outputs, device=values.device)
        weights[index, :, index] = values
        return (filters.mean.unsqueeze(2) + u).reshape(-1, 2), weights.flatten(2)
