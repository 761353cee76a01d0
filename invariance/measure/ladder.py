r"""The refinement ladder: is the error the network's or the grid's?

Image and warp stay fixed in continuous coordinates while the grid is refined; $E(N) = E_\infty + C N^{-p}$ with
$E_\infty, C \ge 0$ separates what the discretisation owes ($p > 0$) from what no grid will mend ($E_\infty$).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import ArgumentError, ArgumentTypeError, UndefinedError
from .error import ErrorReport
from .interval import bootstrap_ratio, quantile_interval

__all__ = ["ROUNDING", "Ladder", "Verdict", "fitted_ladder", "refinement_ladder"]

Verdict = Literal["consistent", "violated", "undecided"]

_ORDERS = torch.linspace(0.1, 8, 159, dtype=torch.float64)
_MIXED_ORDERS = torch.tensor([0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0], dtype=torch.float64)
_SLOWEST = 0.25  # a lower order cannot be told from none over a ladder of a few octaves
_POOR = 0.4  # a relative residual from which on the fit says nothing
_REBOUND = 3.0  # times the error of a coarser grid: such errors depend on the size by more than an order
ROUNDING = 1e-8
"""Errors below are rounding, which grows with N, and what images have left at the border."""


@dataclass(frozen=True, eq=False)
class Ladder:
    """Errors on a ladder of grids with the fitted limit and order, their intervals, and the verdict.

    Attributes:
        sizes: N, the number of pixels along a side.
        difference, spread: mean squares by rung and image, as in `ErrorReport`.
        limit, rise, order: the fit $E_\\infty + r\\,(N/N_0)^{-p}$, $N_0$ the coarsest grid; the order is infinite where
            all errors from some grid on are rounding.
        order_interval: bootstrap interval of $p$.
        limit_interval: hull of the bootstrap intervals of $E_\\infty$ in that fit and in a second one, of several
            orders at once with coefficients ≥ 0: to a single power law, coarse rungs outside the asymptotic range look
            like a limit.
        verdict: *consistent* with exact equivariance when the limit may be 0, the order is positive and no error is far
            above that of a coarser grid; *violated* when the lower end of the limit's interval is above 0 and above the
            misfit, or when errors rise towards a limit; else *undecided*.
        misfit: the largest relative residual of the second fit, times the error on the finest grid.
    """

    sizes: tuple[int, ...]
    difference: Float[Tensor, "n b"]
    spread: Float[Tensor, "n b"]
    limit: float
    rise: float
    order: float
    limit_interval: tuple[float, float]
    order_interval: tuple[float, float]
    verdict: Verdict
    misfit: float = 0.0

    @property
    def error(self) -> Float[Tensor, "n"]:
        """E(N), the normalised error on each rung."""
        return (self.difference.mean(1) / self.spread.mean(1)).sqrt()

    def fitted(self, sizes: Float[Tensor, "m"]) -> Float[Tensor, "m"]:
        """The fitted curve at other sizes."""
        return self.limit + self.rise * (sizes / self.sizes[0]) ** -self.order


def refinement_ladder(
    measure: Callable[[int], ErrorReport],
    *,
    generator: torch.Generator,
    sizes: Sequence[int] = (32, 48, 64, 96, 128, 192, 256),
    resamples: int = 400,
    level: float = 0.95,
    floor: float = ROUNDING,
) -> Ladder:
    """Measure on every grid size and fit; `measure(N)` returns the error report of one and the same image and warp.

    Args:
        floor: errors up to this are the comparison's own, by rounding or by resampling on the finest grid, and no limit
            is read from them.

    Raises:
        ArgumentError: fewer than four sizes, sizes that do not increase, or reports without independent samples.
        UndefinedError: the model does not tell the images apart on some grid.
    """
    if isinstance(measure, nn.Module):
        wanted = "a function of the grid size, such as lambda n: warp_error(model, images, warp, size=n)"
        raise ArgumentTypeError("measure", type(measure).__name__, wanted)
    if len(sizes) < 4 or list(sizes) != sorted(set(sizes)):
        raise ArgumentError("sizes", tuple(sizes), "at least four increasing sizes, for three parameters")
    reports = [measure(size) for size in sizes]
    spreads = [report.spread for report in reports if report.spread is not None]
    if len(spreads) < len(reports):
        raise ArgumentError("measure", "reports of one sample", "at least two independent images")
    difference = torch.stack([report.difference for report in reports])
    options = {"resamples": resamples, "level": level, "floor": floor}
    return fitted_ladder(sizes, difference, torch.stack(spreads), generator=generator, **options)


def fitted_ladder(
    sizes: Sequence[int],
    difference: Float[Tensor, "n b"],
    spread: Float[Tensor, "n b"],
    *,
    generator: torch.Generator,
    resamples: int = 400,
    level: float = 0.95,
    floor: float = ROUNDING,
) -> Ladder:
    """`refinement_ladder` of what was measured: mean squares by rung and image, as in `ErrorReport`."""
    difference, spread = difference.double().cpu(), spread.double().cpu()
    if not (spread.mean(1) > 0).all():
        raise UndefinedError("error", "x/0", "the model is the same for all images: constant, not equivariant")
    error = (difference.mean(1) / spread.mean(1)).sqrt()
    rungs = torch.tensor(sizes, dtype=torch.float64)
    rounding = error <= floor
    if rounding[-2:].all() and rounding.equal(rounding.cummax(0).values):  # from some grid on, as where F is spectral
        top, orders = float(error[rounding].max()), (torch.inf, torch.inf)
        rise = float(error[0])
        return Ladder(tuple(sizes), difference, spread, 0.0, rise, torch.inf, (0.0, top), orders, "consistent")
    replicates = bootstrap_ratio(difference, spread, generator=generator, resamples=resamples)
    limit, rise, order = (float(value) for value in _fit(rungs, error[None]))
    limits, _, orders = _fit(rungs, replicates)
    hull = [quantile_interval(values, level) for values in (limits, _fit_mixed(rungs, replicates)[0])]
    low, high = float(min(ends[0] for ends in hull)), float(max(ends[1] for ends in hull))
    slow, fast = quantile_interval(orders, level).tolist()
    residual = float(_fit_mixed(rungs, error[None])[1])
    misfit = residual * float(error[-1])
    seen = error.clamp(min=floor)
    steady = bool((seen <= _REBOUND * seen.cummin(0).values).all())
    holds: Verdict = "consistent" if low <= floor and slow > _SLOWEST and steady else "undecided"
    verdict: Verdict = "violated" if low > max(misfit, floor) and residual < _POOR else holds
    first = _rises_from(rungs, seen)
    if verdict != "violated" and first is not None:
        limit, rise, order = (float(value) for value in _fit(rungs[first:], error[None, first:], rising=True))
        limits, _, orders = _fit(rungs[first:], replicates[:, first:], rising=True)
        (low, high), (slow, fast) = (quantile_interval(values, level).tolist() for values in (limits, orders))
        rise *= float((rungs[first] / rungs[0]) ** order)
        verdict = "violated" if slow > _SLOWEST else "undecided"
    return Ladder(tuple(sizes), difference, spread, limit, rise, order, (low, high), (slow, fast), verdict, misfit)


def _rises_from(sizes: Float[Tensor, "n"], error: Float[Tensor, "n"]) -> int | None:
    """The rung behind the smallest error, where errors rise from there on, ever more slowly, over three grids or more:
    the grid's error has the opposite sign of the network's and hid it.
    """
    least = int(error.argmin())
    slope = error[least:].diff() / sizes[least:].log().diff()
    rises = len(slope) >= 3 and bool((slope > 0).all()) and bool(slope[-1] < slope[-2])
    return least + 1 if rises else None


def _fit(sizes: Float[Tensor, "n"], error: Float[Tensor, "r n"], *, rising: bool = False) -> Float[Tensor, "3 r"]:
    """Limit, rise and order of least relative residual: for each order on a grid the other two are linear.

    Errors fall towards the limit, or with `rising` climb to it: the rise is negative then.
    """
    weight = error.mean(0).clamp(min=ROUNDING).pow(-2)
    basis = (sizes / sizes[0]) ** -_ORDERS[:, None]  # "p n"
    s0, s1, s2 = weight.sum(), basis @ weight, basis.square() @ weight
    t0, t1 = (error @ weight)[:, None], error @ (basis * weight).mT  # "r 1", "r p"
    determinant = s0 * s2 - s1.square()
    limit = ((s2 * t0 - s1 * t1) / determinant).clamp(min=0)
    slope = (t1 - limit * s1) / s2
    slope = slope.clamp(max=0) if rising else slope.clamp(min=0)
    limit = torch.where(slope != 0, limit, t0 / s0)
    residual = (error[:, None] - limit[..., None] - slope[..., None] * basis).square() @ weight
    best = residual.argmin(1, keepdim=True)
    return torch.stack((limit.gather(1, best), slope.gather(1, best), _ORDERS[best]))[..., 0]


def _fit_mixed(sizes: Float[Tensor, "n"], error: Float[Tensor, "r n"]) -> Float[Tensor, "2 r"]:
    """Limit of the best sum of powers with coefficients ≥ 0, in relative residuals, and the largest of these."""
    import numpy as np
    from scipy.optimize import nnls

    weight = 1 / error.mean(0).clamp(min=ROUNDING)
    basis = weight[:, None] * (sizes[:, None] / sizes[0]) ** -_MIXED_ORDERS
    relative = error * weight
    fits = torch.from_numpy(np.stack([nnls(basis.numpy(), row)[0] for row in relative.numpy()]))
    return torch.stack((fits[:, 0], (fits @ basis.mT - relative).abs().amax(1)))
