r"""Irreducible representations of O(3) and O(2), from the harmonic polynomials that they act on.

With $Y_l$ the real harmonic polynomials of degree l, $Y_l(Rx) = D_l(R)\,Y_l(x)$. The basis of O(3) is e3nn's: polar
axis y, azimuth from z towards x, m from −l to l, so that l = 1 is (x, y, z); of O(2), (Re zᵏ, Im zᵏ) with z = x + iy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError

__all__ = ["Block", "irrep_matrices", "irrep_matrix", "irrep_polynomials", "parse_irreps"]

Block = tuple[int, int, str]
"""Multiplicity, degree, parity: "e" or "o", or "" for that of the polynomials."""

_TERM = re.compile(r"(?:(\d+)x)?(\d+)([eo]?)")
_HIGHEST = 11


def parse_irreps(text: str) -> tuple[Block, ...]:
    """ "8x0e+4x1o" as blocks.

    Raises:
        ArgumentError: a term that is none, or a degree above 11.
    """
    blocks = []
    for term in text.replace(" ", "").split("+"):
        matched = _TERM.fullmatch(term)
        if not matched or int(matched[2]) > _HIGHEST or matched[1] == "0":
            raise ArgumentError("irreps", text, f"terms such as 4x1o joined by +, degrees up to {_HIGHEST}")
        blocks.append((int(matched[1] or 1), int(matched[2]), matched[3]))
    return tuple(blocks)


def irrep_matrix(matrix: Float[Tensor, "n n"], degree: int, parity: str) -> Float[Tensor, "d d"]:
    """$D_l$ of an orthogonal matrix of the plane or of space; times its determinant where the parity asks for that.

    In space parity is that under inversion, "e" even and "o" odd; in the plane "o" changes sign under reflections.
    """
    return irrep_matrices(matrix, ((1, degree, parity),))[0]


def irrep_matrices(matrix: Float[Tensor, "n n"], blocks: Sequence[Block]) -> list[Float[Tensor, "d d"]]:
    r"""$D_l$ of each block, from one ladder $D_l = A_l\,(D_{l-1} \otimes R)\,A_l^+$.

    A few operations for each degree: a check repeats them with every operation rounded, and differentiates them.
    """
    ladder = [torch.ones((1, 1), dtype=matrix.dtype, device=matrix.device), matrix]
    for degree in range(2, 1 + max(degree for _, degree, _ in blocks)):
        onto, back = _top(len(matrix), degree)
        pairs = ladder[-1][:, None, :, None] * matrix[:, None]
        ladder.append(onto @ pairs.reshape(len(back), -1) @ back)
    in_space = len(matrix) > 2
    sign = torch.linalg.det(matrix.detach()).sign()

    def of_block(degree: int, parity: str) -> Tensor:
        natural = "o" if in_space and degree % 2 else "e"
        return ladder[degree] * sign if parity and parity != natural else ladder[degree]

    return [of_block(degree, parity) for _, degree, parity in blocks]


@cache
def _top(dimension: int, degree: int) -> tuple[Tensor, Tensor]:
    r"""$A_l$ with $A_l\,(Y_{l-1}(x) \otimes x) = Y_l(x)$, from $V_{l-1} \otimes V_1$ onto $V_l$, and its inverse there.

    On the sphere $Y_{l-1}(x) \otimes x$ has parts in $V_l$ and $V_{l-2}$, which are independent functions: the solution
    of least norm vanishes on the latter and on the rest, and so commutes with the group.
    """
    generator = torch.Generator().manual_seed(degree)
    points = torch.randn((8 * degree + 8, dimension), generator=generator, dtype=torch.float64)
    points = points / points.norm(dim=1, keepdim=True)
    pairs = (irrep_polynomials(points, degree - 1)[:, :, None] * points[:, None]).flatten(1)
    onto = (torch.linalg.pinv(pairs, rtol=1e-9) @ irrep_polynomials(points, degree)).mT
    return onto, torch.linalg.pinv(onto)


def irrep_polynomials(points: Float[Tensor, "p n"], degree: int) -> Float[Tensor, "p d"]:
    """$Y_l$ at points of the plane or of space."""
    if points.shape[1] == 2:
        real, imaginary = _powers(points[:, 0], points[:, 1], degree)[degree]
        return torch.stack((real, imaginary), 1) if degree else real[:, None]
    x, y, z = points.unbind(1)
    waves = _powers(z, x, degree)
    square = points.square().sum(1)
    columns = {}
    for m in range(degree + 1):
        # P_l^m(y) without its factor (1 − y²)^{m/2}, which is |z + ix|^m, and without the sign of Condon and Shortley.
        before, legendre = torch.zeros_like(y), torch.full_like(y, math.prod(range(1, 2 * m, 2)))
        for n in range(m + 1, degree + 1):
            before, legendre = legendre, ((2 * n - 1) * y * legendre - (n + m - 1) * square * before) / (n - m)
        norm = math.sqrt((2 if m else 1) * math.factorial(degree - m) / math.factorial(degree + m))
        columns[m], columns[-m] = (norm * legendre * part for part in waves[m])
        if m == 0:
            columns[0] = norm * legendre
    return torch.stack([columns[m] for m in range(-degree, degree + 1)], 1)


def _powers(real: Tensor, imaginary: Tensor, most: int) -> list[tuple[Tensor, Tensor]]:
    """(a + ib)^m for m up to `most`."""
    powers = [(torch.ones_like(real), torch.zeros_like(real))]
    for _ in range(most):
        a, b = powers[-1]
        powers.append((a * real - b * imaginary, a * imaginary + b * real))
    return powers
