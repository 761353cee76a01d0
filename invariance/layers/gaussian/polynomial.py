r"""Polynomials in two variables: $p(u) = \sum_{i+j<n} a_{ij} u_1^i u_2^j$ as "… n n", zero where $i + j \ge n$.

All leading axes are a batch and broadcast; loops run over powers, never over terms.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import pad

__all__ = ["coefficients", "degree_mask", "derivatives", "heat", "monomials", "multiply", "substitute", "times_linear"]


def degree_mask(n: int, device: torch.device | None = None) -> Bool[Tensor, "n n"]:
    """Where $i + j < n$."""
    return torch.ones(n, n, dtype=torch.bool, device=device).triu().flip(1)


def monomials(u: Float[Tensor, "*t 2"], n: int) -> Float[Tensor, "m *t"]:
    """$u_1^i u_2^j$ for all $i + j < n$; m = n (n + 1) / 2."""
    powers = [torch.ones_like(u)]
    for _ in range(n - 1):
        powers.append(powers[-1] * u)
    x, y = torch.stack(powers).unbind(-1)
    i, j = degree_mask(n, u.device).nonzero(as_tuple=True)
    return x[i] * y[j]


def coefficients(p: Float[Tensor, "*t n n"]) -> Float[Tensor, "*t m"]:
    """Those of `monomials`, in their order."""
    return p[..., degree_mask(p.shape[-1], p.device)]


def multiply(
    p: Float[Tensor, "*s n n"], q: Float[Tensor, "*t m m"], contract: Callable[[Tensor, Tensor], Tensor] = torch.mul
) -> Float[Tensor, "*u k k"]:
    """The product p q, k = n + m − 1; `contract` multiplies p by one coefficient of q, "*t 1 1", and may sum."""
    m = q.shape[-1]
    total = None
    for i in range(m):
        for j in range(m - i):
            part = contract(p, q[..., i : i + 1, j : j + 1])
            shifted = pad(part, (j, m - 1 - j, i, m - 1 - i))
            total = shifted if total is None else total + shifted
    assert total is not None
    return total


def times_linear(p: Float[Tensor, "*#t n n"], form: Float[Tensor, "*#t 3"]) -> Float[Tensor, "*u n n"]:
    r"""$(\ell_1 u_1 + \ell_2 u_2 + \ell_3)\,p(u)$ for p of degree below n − 1, so that there is room for it."""
    x, y, one = form[..., None, None].unbind(-3)
    return x * pad(p[..., :-1, :], (0, 0, 1, 0)) + y * pad(p[..., :-1], (1, 0)) + one * p


def substitute(
    p: Float[Tensor, "*#t n n"], linear: Float[Tensor, "*#t 2 2"], shift: Float[Tensor, "*#t 2"]
) -> Float[Tensor, "*u n n"]:
    r"""$p(Au + v)$, by Horner's scheme in the two linear forms."""
    n = p.shape[-1]
    first, second = torch.cat((linear, shift.unsqueeze(-1)), -1).unbind(-2)
    corner = torch.zeros(n, n, dtype=p.dtype, device=p.device)
    corner[0, 0] = 1

    inner = [[p[..., i, j, None, None] * corner for j in range(n - i)] for i in range(n)]
    return _horner([_horner(row, second) for row in inner], first)


def _horner(rows: list[Tensor], form: Tensor) -> Tensor:
    total = rows[-1]
    for row in reversed(rows[:-1]):
        total = times_linear(total, form) + row
    return total


def derivatives(p: Float[Tensor, "*t n n"]) -> tuple[Float[Tensor, "*t n n"], Float[Tensor, "*t n n"]]:
    r"""$\partial_1 p$ and $\partial_2 p$."""
    powers = torch.arange(1, p.shape[-1], dtype=p.dtype, device=p.device)
    return pad(p[..., 1:, :] * powers[:, None], (0, 0, 0, 1)), pad(p[..., 1:] * powers, (0, 1))


def heat(p: Float[Tensor, "*#t n n"], matrix: Float[Tensor, "*#t 2 2"]) -> Float[Tensor, "*u n n"]:
    r"""$\exp(\tfrac12 \partial^\top M \partial)\,p$, a finite sum; for M the covariance of z it is $E\,p(u + z)$."""
    xx, xy, yy = (matrix[..., i, j, None, None] for i, j in ((0, 0), (0, 1), (1, 1)))
    total = term = p
    for k in range(1, (p.shape[-1] - 1) // 2 + 1):
        x, y = derivatives(term)
        (dxx, dxy), (_, dyy) = derivatives(x), derivatives(y)
        term = (xx * dxx + 2 * xy * dxy + yy * dyy) / (2 * k)
        total = total + term
    return total
