r"""Rotations, scalings, shears, affine maps and warps: no grid is mapped to itself, so a refinement ladder judges.

Images and warps are fixed in continuous coordinates and evaluated, never resampled; where the output moves,
$F(I)\circ\varphi$ is a quintic spline through $F(I)$, and what that spline makes of the images themselves is the floor.

A window of fixed size in pixels shrinks to a point as the grid is refined, and a function of single pixels is
equivariant to everything. So a consistent ladder is believed only of a model that a second one tells from a function of
single pixels: with the pixels of every 2×2 square shuffled, a function of single pixels changes less and less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from ..errors import UndefinedError
from ..images import AnalyticImage
from ..measure import ErrorReport, Ladder, refinement_ladder
from ..measure.ladder import ROUNDING
from ..warps import WARP_FAMILIES, Projective, Warp
from .bench import Bench, sampled, smooth_images
from .elements import require_field
from .exact import compared
from .judge import CONSTANT, LEVEL, error_interval, worst_image
from .probe import Probe
from .question import Question
from .report import CheckReport, Row
from .strides import exact_ladder

__all__ = ["IMAGES", "SIZES", "check_continuous", "warps_of"]

IMAGES = 8
SIZES = (32, 48, 64, 96, 128, 192, 256)

_EXACT = 1e-9
_NEGLIGIBLE = 1e-5  # a limit that resampling explains is taken for none up to here, and for undecided above
_AS_FAST = 0.6  # of the order of the errors, or of 1, which is that of what the shuffle does to a function of points


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


def check_continuous(probe: Probe, question: Question, generator: torch.Generator) -> CheckReport:
    """A row for each transformation, with its ladder."""
    count = question.images or IMAGES
    images = smooth_images(question, count, generator)
    warps = warps_of(question.group, count, generator)
    size = question.input_shape[-1]
    first = sampled(question, images, size)
    probe.require_function(first[:2])
    plain = probe(first)
    require_field(question, plain)
    sizes = _sizes(probe, question, images[:1])
    bench = Bench(probe, question, images, tuple(warps.values()))
    if len(sizes) < 4:
        rows = [row for n in question.sizes or (size,) for row in _single_size(bench, warps, n, generator)]
        return CheckReport(question, tuple(rows), tuple(dict.fromkeys(row.note for row in rows)))
    rows, ladders = [], {}
    for name, warp in warps.items():
        row, ladder = _climb(bench, name, warp, sizes, size, generator)
        rows.append(row)
        if ladder is not None:
            ladders[name] = ladder
    orders = [row.order for row in rows if row.verdict == "consistent" and row.order is not None]
    if orders and _shrinks_to_points(bench, sizes, max(orders), generator):
        note = "on finer grids the output depends on single pixels alone, which every warp respects"
        rows = [replace(row, verdict="undecided", note=note) if row.verdict == "consistent" else row for row in rows]
    said = list(dict.fromkeys(row.note for row in rows if row.note))
    return CheckReport(question, tuple(rows), tuple(said), ladders=ladders)


def _sizes(probe: Probe, question: Question, image: AnalyticImage) -> tuple[int, ...]:
    """Those asked for, which the model has to take, or those of the default ladder that it takes."""
    if question.sizes:
        for n in question.sizes:
            probe(sampled(question, image, n))
        return tuple(sorted(set(question.sizes)))
    wanted = sorted({*exact_ladder(probe, question, SIZES), question.input_shape[-1]})
    return tuple(n for n in wanted if probe.accepts(sampled(question, image, n)))


def _climb(
    bench: Bench, name: str, warp: Warp, sizes: tuple[int, ...], size: int, generator: torch.Generator
) -> tuple[Row, Ladder | None]:
    shown = size if size in sizes else sizes[-1]
    reports: dict[int, ErrorReport] = {}

    def measure(n: int) -> ErrorReport:
        reports[n] = bench.measure(warp, n)
        return reports[n]

    doubt = bench.doubt(warp, sizes[-1]) if bench.question.moves else 0.0
    own = max(ROUNDING, min(doubt, _NEGLIGIBLE))
    try:
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
        verdict, note = "undecided", "the limit is not above what resampling the output does"
    fit = (ladder.limit, ladder.limit_interval, ladder.order, ladder.order_interval)
    return Row(name, (shown, shown), error, interval, floor, verdict, worst, image, *fit, note=note), ladder


def _single_size(bench: Bench, warps: dict[str, Warp], size: int, generator: torch.Generator) -> Iterator[Row]:
    for name, warp in warps.items():
        report, floor = bench.measure(warp, size), bench.floor(warp, size)
        if bench.is_constant(size):
            yield Row(name, (size, size), None, None, floor, "undefined", note=CONSTANT)
            continue
        error, interval = error_interval(report, generator)
        worst, image = worst_image(report)
        said = (
            "fewer than four sizes, asked for or taken by the model: one grid cannot tell its error from the network's"
        )
        yield Row(name, (size, size), error, interval, floor, "undecided", worst, image, note=said)


def _shrinks_to_points(bench: Bench, sizes: tuple[int, ...], order: float, generator: torch.Generator) -> bool:
    """Whether shuffling neighbours makes a difference that vanishes about as fast as the errors, which do by `order`.

    Not of a function of single pixels, which commutes with the shuffle at every size: that is equivariant indeed. Nor
    of windows as wide as a part of the image, which see on every grid that two quarters of it have changed places.
    """
    plain, inputs = bench.plain(sizes[0]), sampled(bench.question, bench.images, sizes[0])
    seed = int(torch.randint(2**31, (), generator=generator))
    expected = _shuffled(plain, seed) if plain.shape[-2:] == inputs.shape[-2:] else plain
    if compared(plain, bench.probe(_shuffled(inputs, seed)), lambda _: expected).normalised < _EXACT:
        return False

    def measure(size: int) -> ErrorReport:
        shuffled = _shuffled(sampled(bench.question, bench.images, size), seed)
        return compared(bench.plain(size), bench.probe(shuffled), lambda output: output)

    ladder = refinement_ladder(measure, generator=generator, sizes=sizes, level=LEVEL)
    if ladder.limit_interval[0] > 0 or ladder.order <= _AS_FAST * min(order, 1):
        return False

    def exchange(size: int) -> ErrorReport:
        moved = bench.probe(_exchanged(sampled(bench.question, bench.images, size)))
        return compared(bench.plain(size), moved, _exchanged if bench.question.moves else lambda output: output)

    ladder = refinement_ladder(exchange, generator=generator, sizes=sizes, level=LEVEL)
    return ladder.limit_interval[0] == 0


def _shuffled(field: Tensor, seed: int) -> Tensor:
    """The pixels of each square of 2×2 in an order of its own, the same for all channels; odd ones out stay."""
    height, width = (n // 2 * 2 for n in field.shape[-2:])
    generator = torch.Generator().manual_seed(seed)
    order = torch.rand((height // 2, width // 2, 4), generator=generator).argsort(-1)
    squares = field[..., :height, :width].unflatten(-1, (-1, 2)).unflatten(-3, (-1, 2)).transpose(-3, -2).flatten(-2)
    mixed = squares.gather(-1, order.expand(squares.shape)).unflatten(-1, (2, 2))
    shuffled = field.clone()
    shuffled[..., :height, :width] = mixed.transpose(-3, -2).flatten(-4, -3).flatten(-2)
    return shuffled


def _exchanged(field: Tensor) -> Tensor:
    """The first and the last quarter of the image in each other's place; of odd lengths the middle stays."""
    first = (..., *(slice(n // 2) for n in field.shape[-2:]))
    last = (..., *(slice(n - n // 2, None) for n in field.shape[-2:]))
    exchanged = field.clone()
    exchanged[first], exchanged[last] = field[last], field[first]
    return exchanged


def _rotation(degrees: float) -> Projective:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return _linear(((cos, -sin), (sin, cos)))


def _linear(matrix: tuple[tuple[float, float], tuple[float, float]]) -> Projective:
    return Projective.affine(torch.tensor([matrix], dtype=torch.float64))
