r"""Rotations, scalings, shears, affine maps and warps: no grid is mapped to itself, so a refinement ladder judges.

Images and warps are fixed in continuous coordinates and evaluated, never resampled; where the output moves,
$F(I)\circ\varphi$ is a quintic spline through $F(I)$, and what that spline makes of the images themselves is the floor.

A model whose windows are fixed in pixels, or that takes too few sizes, has no ladder: its error at one size is measured
(`at_size`), as it is where a tolerance is given.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence

import torch

from ..errors import UndefinedError
from ..images import AnalyticImage
from ..measure import ErrorReport, Ladder, refinement_ladder
from ..measure.ladder import ROUNDING
from ..warps import WARP_FAMILIES, Projective, Warp
from .at_size import blind_to_grid, fixed_in_pixels, measured_at_size
from .bench import Bench, sampled, smooth_images
from .elements import require_field
from .judge import CONSTANT, LEVEL, error_interval, worst_image
from .meter import Meter
from .probe import Probe
from .question import Question
from .report import CheckReport, Row
from .strides import exact_ladder

__all__ = ["IMAGES", "SIZES", "Progress", "check_continuous", "turns", "warps_of"]

IMAGES = 8
ANGLES = (17, 30, 45, 90)
"""In no small group, in C₁₂, in C₈, in C₄."""
SIZES = (32, 48, 64, 96, 128, 192, 256)

_FIXED = "windows are fixed in pixels: on finer grids they shrink to single pixels, so that refining tells nothing"
_NEGLIGIBLE = 1e-5  # a limit that resampling explains is taken for none up to here, and for undecided above


Progress = Callable[[int, int], object]
"""Hears how much has been done since it was last called, of how much in all."""


def warps_of(group: str, count: int, generator: torch.Generator) -> dict[str, Warp]:
    """The transformations that stand for a group: chosen ones, or one for each image at two scales."""
    match group:
        case "rotation":
            return {f"rotation by {angle}°": _rotation(angle) for angle in (17, 45, 100)}
        case "scale":
            return {f"scaling by {factor:g}": _linear(((1 / factor, 0), (0, 1 / factor))) for factor in (0.8, 1.25)}
        case "shear":
            shears = {"along x": ((1, 0.25), (0, 1)), "along y": ((1, 0), (-0.25, 1))}
            return {f"shear of 1/4 {axis}": _linear(matrix) for axis, matrix in shears.items()}
    scales = (0.05, 0.1) if group in ("affine", "affine-shift", "homography") else (0.1, 0.2)
    return {f"{group}, σ = {scale:g}": WARP_FAMILIES[group](count, scale, generator=generator) for scale in scales}


def turns() -> dict[str, Warp]:
    """The rotations that are measured at one size."""
    return {f"rotation by {angle}°": _rotation(angle) for angle in ANGLES}


def check_continuous(
    probe: Probe, question: Question, generator: torch.Generator, progress: Progress | None = None
) -> CheckReport:
    """A row for each transformation, with its ladder; `progress` hears of each rung, as much as it has pixels."""
    count = question.images or IMAGES
    images = smooth_images(question, count, generator)
    warps: dict[str, Warp] = warps_of(question.group, count, generator)
    size = question.input_shape[-1]
    first = sampled(question, images, size)
    probe.require_function(first[:2])
    plain = probe(first)
    require_field(question, plain)
    sizes: tuple[int, ...] = ()
    left_out = ""

    def rung(n: int) -> None:
        if progress is not None and sizes:
            progress(n**2, sum(n**2 for n in sizes))

    bench = Bench(probe, question, images, tuple(warps.values()), rung)
    why = ""
    if question.tolerance is not None:
        why = "judged by the tolerance at this size; without one, a refinement ladder judges where it can"
    elif blind_to_grid(bench, generator):
        why = _FIXED
    else:
        sizes, left_out = _sizes(probe, question, images[:1])
        if len(sizes) < 4:
            why = f"fewer than four sizes, asked for or taken by the model, for a refinement ladder{left_out}"
        elif fixed_in_pixels(bench, sizes, generator):
            why = _FIXED
    if why:
        if question.group == "rotation":
            warps = dict[str, Warp](turns())
        return measured_at_size(probe, question, dict(warps), count, generator, why)
    rows, ladders = [], {}
    for name, warp in warps.items():
        row, ladder = _climb(bench, name, warp, sizes, size, generator)
        rows.append(row)
        if ladder is not None:
            ladders[name] = ladder
    said = list(dict.fromkeys(row.note for row in rows if row.note))
    return CheckReport(
        question, tuple(rows), (*said, *([left_out.removeprefix("; ")] if left_out else [])), ladders=ladders
    )


def _sizes(probe: Probe, question: Question, image: AnalyticImage) -> tuple[tuple[int, ...], str]:
    """Those asked for, which the model has to take, or those of the default ladder that it takes; and what was left out
    for lack of memory or of time, each foretold from the sizes before."""
    if question.sizes:
        for n in question.sizes:
            probe(sampled(question, image, n))
        return tuple(sorted(set(question.sizes))), ""
    wanted = sorted({*exact_ladder(probe, question, SIZES), question.input_shape[-1]})
    passes = (len(warps_of(question.group, 2, torch.Generator().manual_seed(0))) + 1) * (question.images or IMAGES)
    taken: list[int] = []
    costs: list[tuple[int, float, float]] = []
    spent = 0.0
    for n in wanted:
        largest, seconds = _foretold(costs, n)
        budget = question.budget or math.inf
        if largest > _memory() or spent + passes * seconds > budget:
            reason = f"a budget of {budget:g} s" if spent + passes * seconds > budget else "the memory there is"
            return tuple(taken), f"; left out, beyond {reason}: sizes {', '.join(map(str, wanted[wanted.index(n) :]))}"
        meter, begun = Meter(), time.monotonic()
        if probe.within(meter).accepts(sampled(question, image, n)):
            taken.append(n)
            costs.append((n, meter.largest, time.monotonic() - begun))
            spent += passes * costs[-1][2]
    return tuple(taken), ""


def _foretold(costs: Sequence[tuple[int, float, float]], size: int) -> tuple[float, float]:
    """Bytes and seconds of a pass, by the power of the size that the last two have; at least the area's."""
    if len(costs) < 2:
        return 0.0, 0.0
    (n, *before), (m, *last) = costs[-2:]
    powers = [
        max(2.0, math.log(b / a) / math.log(m / n)) if a > 0 and b > 0 else 2.0
        for a, b in zip(before, last, strict=True)
    ]
    largest, seconds = (value * (size / m) ** power for value, power in zip(last, powers, strict=True))
    return largest, seconds


def _memory() -> float:
    """A third of what is free: an operation has its inputs beside its output."""
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 3


def _climb(
    bench: Bench, name: str, warp: Warp, sizes: tuple[int, ...], size: int, generator: torch.Generator
) -> tuple[Row, Ladder | None]:
    shown = size if size in sizes else sizes[-1]
    reports: dict[int, ErrorReport] = {}

    def measure(n: int) -> ErrorReport:
        reports[n] = bench.measure(warp, n)
        return reports[n]

    try:
        doubt = bench.doubt(warp, sizes[-1]) if bench.question.moves else 0.0
        own = max(ROUNDING, min(doubt, _NEGLIGIBLE))
        ladder = refinement_ladder(measure, generator=generator, sizes=sizes, level=LEVEL, floor=own)
    except UndefinedError:
        return Row(name, (shown, shown), None, None, 0.0, "undefined", note=CONSTANT), None
    floor = bench.floor(warp, shown)
    if bench.is_constant(shown):
        return Row(name, (shown, shown), None, None, floor, "undefined", note=CONSTANT), None
    error, interval = error_interval(reports[shown], generator)
    worst, image = worst_image(reports[shown])
    verdict, note = ladder.verdict, ""
    if verdict == "violated" and ladder.limit_interval[0] <= 2 * max(doubt, bench.floor(warp, sizes[-1])):
        verdict = "undecided"
        note = "the limit is not above what resampling the output does: ask with a tolerance, or with larger sizes"
    fit = (ladder.limit, ladder.limit_interval, ladder.order, ladder.order_interval)
    return Row(name, (shown, shown), error, interval, floor, verdict, worst, image, *fit, note=note), ladder


def _rotation(degrees: float) -> Projective:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return _linear(((cos, -sin), (sin, cos)))


def _linear(matrix: tuple[tuple[float, float], tuple[float, float]]) -> Projective:
    return Projective.affine(torch.tensor([matrix], dtype=torch.float64))
