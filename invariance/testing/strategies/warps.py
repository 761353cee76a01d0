"""Certified warps of every family, and compositions of them; each shrinks to the identity."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from hypothesis import strategies as st

from ...errors import ArgumentError, one_of
from ...warps import AffineDisc, PiecewiseLinear, Projective, Separable, Smooth, Warp
from ...warps.cpab import CPAB, Tessellation
from .numbers import bounded, number, numbers

__all__ = [
    "FAMILIES",
    "affine_disc_warps",
    "affine_warps",
    "compositions",
    "cpab_warps",
    "piecewise_linear_warps",
    "projective_warps",
    "rotations",
    "scalings",
    "separable_warps",
    "shears",
    "smooth_warps",
    "warps",
]


def rotations(*, angle: float = math.pi) -> st.SearchStrategy[Projective]:
    """Rotations about the centre by at most `angle`, in radians."""
    size = bounded("angle", angle, math.pi)
    return number(size).map(lambda a: _linear(math.cos(a), -math.sin(a), math.sin(a), math.cos(a)))


def scalings(*, factor: float = 1.5) -> st.SearchStrategy[Projective]:
    """Similarities about the centre, between 1/`factor` and `factor` ≥ 1."""
    if not 1 <= factor < math.inf:
        raise ArgumentError("factor", factor, "a finite number ≥ 1")
    return number(math.log(factor)).map(lambda s: _linear(math.exp(s), 0, 0, math.exp(s)))


def shears(*, size: float = 0.5) -> st.SearchStrategy[Projective]:
    r"""$x \mapsto x + s y$ or $y \mapsto y + s x$ with |s| ≤ `size`."""
    slope = number(bounded("size", size))
    return st.builds(lambda s, along_x: _linear(1, s * along_x, s * (1 - along_x), 1), slope, st.integers(0, 1))


def affine_warps(*, size: float = 0.2, shift: float = 0.0) -> st.SearchStrategy[Projective]:
    """The identity plus entries of at most `size` ≤ 0.4, and a shift of at most `shift` each way."""

    def build(entries: list[float], to: list[float]) -> Projective:
        noise = torch.tensor([entries], dtype=torch.float64).view(1, 2, 2)
        return Projective.affine(torch.eye(2, dtype=torch.float64) + noise, torch.tensor([to], dtype=torch.float64))

    return st.builds(build, numbers(4, bounded("size", size, 0.4)), numbers(2, bounded("shift", shift)))


def affine_disc_warps(*, gradient: float = 0.5) -> st.SearchStrategy[AffineDisc]:
    r"""A disc of radius 0.3 in the square, $\sup\|\nabla\tau\| \le 4\|M\| + 1.5|b|/r \le$ `gradient` < 1."""
    gradient, radius = bounded("gradient", gradient, 0.99), 0.3

    def build(entries: list[float], shift: list[float], place: list[float]) -> AffineDisc:
        linear = torch.tensor(entries, dtype=torch.float64).view(1, 2, 2)
        affine = torch.cat((linear, torch.tensor(shift, dtype=torch.float64).view(1, 2, 1)), 2)
        return AffineDisc(affine, torch.tensor([place], dtype=torch.float64), torch.tensor([radius]).double())

    # ‖M‖ ≤ 2 max|Mᵢⱼ| and |b| ≤ √2 max|bᵢ|; half of the gradient for each of the two.
    return st.builds(build, numbers(4, gradient / 17), numbers(2, gradient * radius / 4.5), numbers(2, 1 - 2 * radius))


def projective_warps(*, size: float = 0.2) -> st.SearchStrategy[Projective]:
    """The identity plus entries of at most `size` ≤ 0.2, affine or not; the denominator is at least 1 − 2 `size`."""

    def build(upper: list[float], lower: list[float]) -> Projective:
        noise = torch.tensor([*upper, *lower, 0.0], dtype=torch.float64).view(1, 3, 3)
        return Projective(torch.eye(3, dtype=torch.float64) + noise)

    size = bounded("size", size, 0.2)
    return st.builds(build, numbers(6, size), st.one_of(st.just([0.0, 0.0]), numbers(2, size)))


def smooth_warps(*, cutoff: int = 2, gradient: float = 0.5) -> st.SearchStrategy[Smooth]:
    r"""$\sum |C_{kij}|\,\pi\sqrt{i^2 + j^2} \le$ `gradient` < 1, which bounds $\sup\|\nabla\tau\|$."""
    gradient = bounded("gradient", gradient, 0.99)
    index = torch.arange(1, cutoff + 1, dtype=torch.float64)
    size = math.pi * torch.hypot(index[:, None], index)

    def build(drawn: list[float]) -> Smooth:
        coefficients = torch.tensor(drawn, dtype=torch.float64).view(1, 2, cutoff, cutoff) / size
        total = float((coefficients.abs() * size).sum())
        return Smooth(coefficients * (gradient / max(total, gradient)))

    return numbers(2 * cutoff**2, gradient).map(build)


def piecewise_linear_warps(*, cells: int = 2, gradient: float = 0.5) -> st.SearchStrategy[PiecewiseLinear]:
    r"""Inner vertices of a `cells`×`cells` grid moved, with $\|d\varphi - 1\| \le$ `gradient` < 1 on every triangle."""
    gradient = bounded("gradient", gradient, 0.99)
    inner = cells - 1

    def build(drawn: list[float]) -> PiecewiseLinear:
        offsets = torch.zeros(1, cells + 1, cells + 1, 2, dtype=torch.float64)
        offsets[:, 1:-1, 1:-1] = torch.tensor(drawn, dtype=torch.float64).view(1, inner, inner, 2)
        return PiecewiseLinear(offsets)

    return numbers(2 * inner**2, gradient / (2 * cells)).map(build)


def separable_warps(*, cells: int = 2, gradient: float = 0.4) -> st.SearchStrategy[Separable]:
    r"""Slopes of $u$ and $v$ of at most `gradient` < 1/2 in each entry, so that every $\det[p'_i \mid q'_j] > 0$."""
    gradient = bounded("gradient", gradient, 0.49)

    def build(drawn: list[float]) -> Separable:
        slopes = torch.tensor(drawn, dtype=torch.float64).view(1, 2, cells, 2)
        knots = torch.nn.functional.pad(slopes.cumsum(2), (0, 0, 1, 0)) * (2 / cells)
        return Separable(*(knots - knots.mean(2, keepdim=True)).unbind(1))

    return numbers(4 * cells, gradient).map(build)


def cpab_warps(*, cells: int = 2, gradient: float = 0.5) -> st.SearchStrategy[CPAB]:
    r"""Flows within the square, of velocities with $\|\nabla v\|_F \le$ `gradient` ≤ 1 on every triangle."""
    tessellation = Tessellation(cells, cells, zero_boundary=True)
    gradient = bounded("gradient", gradient, 1)

    def build(drawn: list[float]) -> CPAB:
        theta = torch.tensor([drawn], dtype=torch.float64)
        largest = float(tessellation.gradients(theta).square().sum((1, 2)).max().sqrt())
        return CPAB(theta * (gradient / max(largest, gradient)), tessellation)

    return numbers(tessellation.dimension, gradient / cells).map(build)


def warps(*families: str) -> st.SearchStrategy[Warp]:
    """One certified warp of any of the families, all of `FAMILIES` by default.

    Raises:
        ArgumentError: an unknown family.
    """
    for name in families:
        if name not in FAMILIES:
            raise ArgumentError("family", name, one_of(name, FAMILIES))
    return st.one_of(*(FAMILIES[name]() for name in families or FAMILIES))


def compositions() -> st.SearchStrategy[Warp]:
    """A linear map after a warp of the square, so that the composition is certified as both parts are."""
    return st.builds(
        lambda outer, inner: outer @ inner,
        warps("rotation", "scale", "shear", "affine"),
        warps("piecewise-linear", "smooth", "cpab"),
    )


def _linear(a: float, b: float, c: float, d: float) -> Projective:
    return Projective.affine(torch.tensor([[[a, b], [c, d]]], dtype=torch.float64))


FAMILIES: dict[str, Callable[[], st.SearchStrategy[Warp]]] = {
    "affine-disc": affine_disc_warps,
    "rotation": rotations,
    "scale": scalings,
    "shear": shears,
    "affine": affine_warps,
    "affine-shift": lambda: affine_warps(shift=0.2),
    "homography": projective_warps,
    "cpab": cpab_warps,
    "piecewise-linear": piecewise_linear_warps,
    "separable": separable_warps,
    "smooth": smooth_warps,
}
"""A strategy for the warps of each name that `check` and `WARP_FAMILIES` know."""
