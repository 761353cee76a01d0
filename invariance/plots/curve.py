"""Invariance error against scale, with its intervals, the resampling floor and what theory predicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..errors import ArgumentError
from ..measure import InvarianceCurve
from ..measure.theory import Bound, FittedSlope
from .style import COLOURS, axes, colour_and_marker, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_invariance"]


def plot_invariance(
    curves: InvarianceCurve | Sequence[InvarianceCurve],
    *,
    ax: Axes | None = None,
    floor: InvarianceCurve | None = None,
    slopes: Sequence[float] = (),
    bounds: Sequence[Bound | FittedSlope] = (),
    level: float = 0.95,
    generator: torch.Generator | None = None,
    xlabel: str = "scale σ",
    title: str | None = None,
    places: Sequence[int] | None = None,
) -> Axes:
    """Log-log lines of E with bootstrap bands, one for each curve; scale 0 has no place on them and is left out.

    Args:
        floor: the error that resampling alone makes, drawn as a grey band up to its own upper end.
        slopes: exponents of dotted guide lines, the orders in the scale that theory predicts.
        bounds: bounds, in the colour of the curve that they name, and fitted slopes; each with its verdict on it.
        generator: source of the bootstrap draws; a fixed seed where none is given.
        places: numbers of the colours and markers, where a curve has the same one in several figures.

    Raises:
        ArgumentError: no curves, or a bound on a curve that is not among them.
        ArgumentTypeError: what is no curve.
        UndefinedError: a curve of a constant model.
    """
    curves = [curves] if isinstance(curves, InvarianceCurve) else curves
    wanted = "what invariance_curve returns, or a list of such; `load` reads what was kept in a file"
    require("curves", [curves] if isinstance(curves, str | Mapping) else curves, InvarianceCurve, wanted)
    if not curves:
        raise ArgumentError("curves", curves, "at least one curve")
    generator = generator or torch.Generator().manual_seed(0)
    ax = axes(ax, width=8.5)
    for i, curve in zip(places or range(len(curves)), curves, strict=True):
        scales, error, (low, high) = _positive(curve, curve.error, curve.interval(generator=generator, level=level))
        ax.fill_between(scales, low, high, color=COLOURS[i % len(COLOURS)], alpha=0.2, linewidth=0)
        style = {**colour_and_marker(i), "markersize": 4}
        ax.plot(scales, error, label=curve.label, **style)
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel="normalised error E")
    bottom = ax.get_ylim()[0]
    if floor is not None:
        scales, _, (_, high) = _positive(floor, floor.error, floor.interval(generator=generator, level=level))
        ax.fill_between(
            scales, min(bottom, 0.5 * high.min()), high, color="0.85", zorder=0, label=f"{floor.label} floor"
        )
    for slope in slopes:
        _guide(ax, curves, slope)
    for bound in bounds:
        _predict(ax, curves, bound, generator)
    if title:
        ax.set_title(title, loc="left")
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    return ax


def _positive(curve: InvarianceCurve, *rows: torch.Tensor) -> tuple[np.ndarray, ...]:
    used = np.array([scale > 0 for scale in curve.scales])
    return np.array(curve.scales)[used], *(row.numpy()[..., used] for row in rows)


def _predict(
    ax: Axes, curves: Sequence[InvarianceCurve], bound: Bound | FittedSlope, generator: torch.Generator
) -> None:
    labels = [curve.label for curve in curves]
    if bound.curve not in labels:
        raise ArgumentError("bounds", bound.curve, f"bounds on the curves {', '.join(labels)}")
    i = labels.index(bound.curve)
    verdict = bound.verdict(curves[i], generator=generator)
    positive = np.array(bound.scales) > 0
    colour, line = (COLOURS[i % len(COLOURS)], "-.") if isinstance(bound, Bound) else ("0.2", (0, (1, 1.5)))
    style = {"color": colour, "linestyle": line, "linewidth": 1.2}
    label = f"{bound.curve}, {bound.name}" + (f"\n{bound.formula}: {verdict}" if bound.formula else "")
    ax.plot(np.array(bound.scales)[positive], bound.values.cpu().numpy()[positive], label=label, **style)


def _guide(ax: Axes, curves: Sequence[InvarianceCurve], slope: float) -> None:
    """A line of the given exponent, a little above all curves at the smallest scale."""
    scales = np.array([scale for scale in curves[0].scales if scale > 0])
    top = 2 * max(float(curve.error.max()) for curve in curves)
    start = 1.5 * max(float(_positive(curve, curve.error)[1][0]) for curve in curves)
    style = {"color": "0.3", "linestyle": ":" if slope == 1 else "--", "linewidth": 1}
    line = start * (scales / scales[0]) ** slope
    drawn = line < top
    power = r"\sigma" if slope == 1 else rf"\sigma^{{{slope:g}}}"
    if drawn.sum() > 1:
        ax.plot(scales[drawn], line[drawn], label=rf"theory: $E \propto {power}$", **style)
