r"""Convolutions and squares of mixtures in closed form, for all pairs of terms at once.

Squares multiply polynomials in the basis of monomials, convolutions in that of derivatives (the Hermite transform):
$p(u)\,e^{-\frac12 u^\top P u} = q(\partial)\,e^{-\frac12 u^\top P u}$, $P = \Sigma^{-1}$, with
$q(s) = e^{\frac12 \partial^\top P \partial}\,p(-\Sigma s)$ and $p(u) = [e^{-\frac12 \partial^\top P \partial} q](-Pu)$.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from ...errors import ArgumentError
from .mixture import GaussianMixture
from .polynomial import heat, multiply, substitute

__all__ = ["MAX_COEFFICIENTS", "convolve", "merged", "square"]

MAX_COEFFICIENTS = 2**25
"""The most polynomial coefficients that a result may have before equal terms are merged: 256 MiB in float64."""

_EQUAL = 1e-11


def convolve(f: GaussianMixture, filters: GaussianMixture) -> GaussianMixture:
    r"""$(f * \lambda)_o = \sum_i f_i * \lambda_{oi}$, exactly: `filters[o]` has a channel for each channel of f, and is
    for one channel of the result. Terms: those of f times the different Gaussians of all filters. Degrees add up.

    Raises:
        ArgumentError: filters with a constant, which are not integrable, or of another number of channels; a result of
            more than `MAX_COEFFICIENTS`.
    """
    outputs, inputs = filters.constant.shape
    if filters.constant.any():
        raise ArgumentError("filters.constant", filters.constant.tolist(), "0: a constant is not integrable")
    if inputs != f.constant.shape[1]:
        raise ArgumentError("filters", filters, f"{f.constant.shape[1]} channels, as many as {f} has")
    shared = _on_common_gaussians(filters)
    _require_room(f, outputs * f.terms * shared.terms, f.polynomial.shape[-1] + shared.polynomial.shape[-1] - 1)
    ours, theirs = f.covariance.unsqueeze(2), shared.covariance.unsqueeze(1)
    covariance = ours + theirs  # "b t s 2 2"
    mass = 2 * math.pi * (torch.linalg.det(ours) * torch.linalg.det(theirs) / torch.linalg.det(covariance)).sqrt()
    product = multiply(_to_derivatives(f), _to_derivatives(shared)[0].unflatten(0, (outputs, inputs)), _all_pairs)
    covariance = covariance.flatten(1, 2)
    return GaussianMixture(
        (f.mean.unsqueeze(2) + shared.mean.unsqueeze(1)).flatten(1, 2),
        covariance,
        _from_derivatives((product * mass[:, None, ..., None, None]).flatten(2, 3), covariance),
        f.constant @ filters.integral().mT,
    )


def _all_pairs(p: Tensor, q: Tensor) -> Tensor:
    return torch.einsum("bitkl,ois->botskl", p, q[..., 0, 0])


def square(f: GaussianMixture) -> GaussianMixture:
    r"""$f_c(x)^2$, exactly: T terms become T (T + 1) / 2, and T more where f has a constant; degrees double.

    Raises:
        ArgumentError: a result of more than `MAX_COEFFICIENTS`.
    """
    n = f.polynomial.shape[-1]
    _require_room(f, len(f.constant.mT) * f.terms * (f.terms + 1) // 2, 2 * n - 1)
    i, j = torch.triu_indices(f.terms, f.terms, device=f.device)
    first, second, apart = f.covariance[:, i], f.covariance[:, j], f.mean[:, j] - f.mean[:, i]
    pull = torch.linalg.solve(first + second, apart.unsqueeze(-1))  # (Σ₁ + Σ₂)⁻¹ (m₂ − m₁)
    covariance = first @ torch.linalg.solve(first + second, second)
    weight = torch.where(i == j, 1.0, 2.0).to(f.dtype) * torch.exp(-0.5 * (apart * pull.squeeze(-1)).sum(-1))
    eye = torch.eye(2, dtype=f.dtype, device=f.device).expand_as(covariance).unsqueeze(1)
    to_first, to_second = (first @ pull).squeeze(-1), -(second @ pull).squeeze(-1)  # from m_i, m_j to the new mean
    left, right = (
        substitute(f.polynomial[:, :, index], eye, step.unsqueeze(1)) for index, step in ((i, to_first), (j, to_second))
    )
    pairs = GaussianMixture(
        f.mean[:, i] + to_first,
        (covariance + covariance.mT) / 2,
        multiply(left, right) * weight[:, None, :, None, None],
        f.constant.square(),
    )
    if not f.constant.any():
        return pairs
    linear = 2 * f.constant[..., None, None, None] * f.polynomial
    return pairs + GaussianMixture(f.mean, f.covariance, linear, torch.zeros_like(f.constant))


def merged(f: GaussianMixture) -> GaussianMixture:
    """The same function with terms added up that have the same Gaussian in every image, and without those that vanish.

    Means and covariances count as the same where they agree to 1e-11 of the width of the image's Gaussians.
    """
    width = f.covariance.diagonal(dim1=-2, dim2=-1).mean((1, 2)).sqrt()[:, None]
    shape = torch.stack((f.covariance[..., 0, 0], f.covariance[..., 0, 1], f.covariance[..., 1, 1]), -1)
    key = torch.cat((f.mean / width.unsqueeze(-1), shape / width.unsqueeze(-1) ** 2), -1).detach()
    key = (key / _EQUAL).round().to(torch.int64).movedim(1, 0).flatten(1)
    used = f.polynomial.detach().ne(0).movedim(2, 0).flatten(1).any(1).nonzero().flatten()
    used = used if len(used) else torch.zeros(1, dtype=torch.int64, device=f.device)
    distinct, row = torch.unique(key[used], dim=0, return_inverse=True)
    first = torch.full((len(distinct),), f.terms, device=f.device).scatter_reduce(0, row, used, "amin")
    polynomial = torch.zeros_like(f.polynomial[:, :, : len(distinct)]).index_add(2, row, f.polynomial[:, :, used])
    return GaussianMixture(f.mean[:, first], f.covariance[:, first], polynomial, f.constant)


def _on_common_gaussians(filters: GaussianMixture) -> GaussianMixture:
    """One image with a channel for each pair of output and input channel, on the Gaussians of all filters."""
    outputs = torch.arange(len(filters), device=filters.device)
    o, i, t, n, _ = filters.polynomial.shape
    blocks = filters.polynomial.new_zeros(o, i, o, t, n, n)
    blocks[outputs, :, outputs] = filters.polynomial
    return merged(
        GaussianMixture(
            filters.mean.reshape(1, o * t, 2),
            filters.covariance.reshape(1, o * t, 2, 2),
            blocks.reshape(1, o * i, o * t, n, n),
            filters.constant.reshape(1, o * i),
        )
    )


def _to_derivatives(f: GaussianMixture) -> Float[Tensor, "b c t n n"]:
    covariance = f.covariance.unsqueeze(1)
    moved = substitute(f.polynomial, -covariance, torch.zeros_like(covariance[..., 0]))
    return heat(moved, f.precision.unsqueeze(1))


def _from_derivatives(q: Float[Tensor, "b c t n n"], covariance: Float[Tensor, "b t 2 2"]) -> Tensor:
    precision = torch.linalg.inv(covariance).unsqueeze(1)
    return substitute(heat(q, -precision), -precision, torch.zeros_like(precision[..., 0]))


def _require_room(f: GaussianMixture, polynomials: int, n: int) -> None:
    if (size := len(f) * polynomials * n * n) > MAX_COEFFICIENTS:
        raise ArgumentError("terms", f.terms, f"fewer: the result has {size} coefficients > {MAX_COEFFICIENTS}")
