r"""Rotations, scalings, shears, affine maps and warps: no grid is mapped to itself, so a refinement ladder judges.

Images and warps are fixed in continuous coordinates and evaluated, never resampled; where the output moves,
$F(I)\circ\varphi$ is a quintic spline through $F(I)$, and what that spline makes of the images themselves is the floor.

A window of fixed size in pixels shrinks to a point as the grid is refined, and a function of single pixels is
equivariant to everything. So a consistent ladder is believed only of a model that a second one tells from a function of
single pixels: with the pixels of every 4×4 square shuffled, a function of single pixels changes less and less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ...actions import PointwiseAction
from ...errors import UndefinedError
from ...images import AnalyticImage, ContinuousImage, pixel_grid
from ...jacobians import exact_jacobian
from ...measure import ErrorReport, Ladder, refinement_ladder
from ...warps import WARP_FAMILIES, Projective, Pullback, Warp, resample
from .elements import require_field
from .exact import compared
from .judge import CONSTANT, LEVEL, error_interval, worst_image
from .probe import Probe
from .question import Question
from .report import CheckReport, Row
from .strides import exact_ladder

__all__ = ["IMAGES", "SIZES", "check_continuous", "smooth_images", "warps_of"]

IMAGES = 8
SIZES = (32, 48, 64, 96, 128, 192, 256)

_MARGIN = 0.1
_SQUARE = 4
_EXACT = 1e-9


def smooth_images(question: Question, count: int, generator: torch.Generator) -> AnalyticImage:
    """Images that are black on the border, also when they are enlarged by a half."""
    channels = question.input_shape[0] * (3 if question.input_kind == "jacobian" else 1)
    return AnalyticImage.random(count, generator=generator, cutoff=4, window=0.15, channels=channels)


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
    first = _sampled(question, images, size)
    probe.require_function(first[:2])
    plain = probe(first)
    require_field(question, plain)
    wanted = question.sizes or tuple(sorted({*exact_ladder(probe, question, SIZES), size}))
    sizes = tuple(n for n in wanted if probe.accepts(_sampled(question, images[:1], n)))
    bench = _Bench(probe, question, images)
    if len(sizes) < 4:
        row = _single_size(bench, warps, size, generator)
        return CheckReport(question, tuple(row), tuple(dict.fromkeys(r.note for r in row)))
    rows, ladders, said = [], {}, []
    for name, warp in warps.items():
        row, ladder = _climb(bench, name, warp, sizes, size, generator)
        rows.append(row)
        if ladder is not None:
            ladders[name] = ladder
    if any(row.verdict == "consistent" for row in rows) and bench.shrinks_to_points(sizes, generator):
        note = "on finer grids the output depends on single pixels alone, which every warp respects"
        rows = [replace(row, verdict="undecided", note=note) if row.verdict == "consistent" else row for row in rows]
    said = list(dict.fromkeys(row.note for row in rows if row.note))
    return CheckReport(question, tuple(rows), tuple(said), ladders=ladders)


class _Bench:
    """The images and what the model makes of them on each grid, kept for one grid at a time."""

    def __init__(self, probe: Probe, question: Question, images: AnalyticImage) -> None:
        self.probe, self.question, self.images = probe, question, images
        self._plain: dict[int, Tensor] = {}

    def plain(self, size: int) -> Tensor:
        if size not in self._plain:
            self._plain[size] = self.probe(_sampled(self.question, self.images, size))
        return self._plain[size]

    def measure(self, warp: Warp, size: int) -> ErrorReport:
        plain = self.plain(size)
        moved = self.probe(_sampled(self.question, Pullback(self.images, warp), size))
        if self.question.moves is None:
            return compared(plain, moved, lambda output: output)
        extent = _extent(self.probe, self.question, size, plain)
        return compared(
            plain,
            moved,
            lambda output: _pulled_back(output, warp, extent, jacobian=self.question.moves == "jacobian"),
            lambda h, w: _inside(warp, h, w, extent, plain.ndim),
        )

    def floor(self, warp: Warp, size: int) -> float:
        """E of the spline alone, on the images sampled as finely as the output."""
        if self.question.moves is None:
            return float(torch.finfo(self.question.dtype).eps)
        plain = self.plain(size)
        height, width = plain.shape[-2:]
        extent = _extent(self.probe, self.question, size, plain)
        grid = extent * pixel_grid(height, width)[None]
        report = compared(
            self.images(grid),
            self.images(warp(grid)),
            lambda output: _pulled_back(output, warp, extent, jacobian=False),
            lambda h, w: _inside(warp, h, w, extent, 4),
        )
        return report.normalised

    def shrinks_to_points(self, sizes: tuple[int, ...], generator: torch.Generator) -> bool:
        """Whether shuffling neighbours makes a difference that vanishes as the grid is refined.

        Not of a function of single pixels, which commutes with the shuffle at every size: that is equivariant indeed.
        """

        def measure(size: int) -> ErrorReport:
            shuffled = _shuffled(_sampled(self.question, self.images, size), generator)
            return compared(self.plain(size), self.probe(shuffled), lambda output: output)

        size = sizes[0]
        inputs, seed = _sampled(self.question, self.images, size), torch.Generator().manual_seed(0)
        output = self.plain(size)
        moved = self.probe(_shuffled(inputs, seed))
        if output.shape[-2:] == inputs.shape[-2:]:
            output = _shuffled(output, seed.manual_seed(0))
        if compared(self.plain(size), moved, lambda _: output).normalised < _EXACT:
            return False
        return refinement_ladder(measure, generator=generator, sizes=sizes, level=LEVEL).verdict == "consistent"


def _climb(
    bench: _Bench, name: str, warp: Warp, sizes: tuple[int, ...], size: int, generator: torch.Generator
) -> tuple[Row, Ladder | None]:
    shown = size if size in sizes else sizes[-1]
    reports: dict[int, ErrorReport] = {}

    def measure(n: int) -> ErrorReport:
        reports[n] = bench.measure(warp, n)
        return reports[n]

    try:
        ladder = refinement_ladder(measure, generator=generator, sizes=sizes, level=LEVEL)
    except UndefinedError:
        return Row(name, (shown, shown), None, None, 0.0, "undefined", note=CONSTANT), None
    floor = bench.floor(warp, shown)
    error, interval = error_interval(reports[shown], generator)
    worst, image = worst_image(reports[shown])
    verdict, note = ladder.verdict, ""
    if verdict == "violated" and ladder.limit_interval[0] <= 2 * bench.floor(warp, sizes[-1]):
        verdict, note = "undecided", "the limit is not above what resampling the output does"
    fit = (ladder.limit, ladder.limit_interval, ladder.order, ladder.order_interval)
    return Row(name, (shown, shown), error, interval, floor, verdict, worst, image, *fit, note=note), ladder


def _single_size(bench: _Bench, warps: dict[str, Warp], size: int, generator: torch.Generator) -> Iterator[Row]:
    for name, warp in warps.items():
        report, floor = bench.measure(warp, size), bench.floor(warp, size)
        assert report.spread is not None
        if report.spread.mean().sqrt() <= 1e-12 * report.reference.mean().sqrt():
            yield Row(name, (size, size), None, None, floor, "undefined", note=CONSTANT)
            continue
        error, interval = error_interval(report, generator)
        worst, image = worst_image(report)
        said = "the model takes fewer than four sizes: one grid cannot tell its error from the network's"
        yield Row(name, (size, size), error, interval, floor, "undecided", worst, image, note=said)


def _sampled(question: Question, image: ContinuousImage, size: int) -> Float[Tensor, "b *c n n"]:
    if question.input_kind == "jacobian":
        return exact_jacobian(image, size).squeeze(1).unflatten(1, (-1, 3))
    return image(pixel_grid(size, size)[None])


def _extent(probe: Probe, question: Question, size: int, plain: Tensor) -> float:
    """Half the side of the square that the output's pixels tile, in units of half the image's side."""
    from .translation import stride_of

    stride = stride_of(probe, question.shape(size), plain)
    return stride * plain.shape[-1] / size


def _pulled_back(output: Tensor, warp: Warp, extent: float, *, jacobian: bool) -> Tensor:
    height, width = output.shape[-2:]
    grid = extent * pixel_grid(height, width)[None]
    channels = output.flatten(1, -3)
    moved = resample(channels, warp(grid) / extent, method="quintic", padding="border").reshape(output.shape)
    if not jacobian:
        return moved
    return PointwiseAction(warp.jacobian(grid).movedim((-2, -1), (1, 2)))(moved)


def _inside(warp: Warp, height: int, width: int, extent: float, axes: int) -> Bool[Tensor, "..."]:
    points = extent * pixel_grid(height, width)[None]
    reach = min(1.0, extent) - _MARGIN
    inside = torch.maximum(points.abs(), warp(points).abs()).amax(-1).le(reach)
    return inside.view(-1, *[1] * (axes - 3), height, width)


def _shuffled(field: Tensor, generator: torch.Generator) -> Tensor:
    """The pixels of each square of 4×4 in another order, one order for all; what is left over stays."""
    height, width = (n // _SQUARE * _SQUARE for n in field.shape[-2:])
    order = torch.randperm(_SQUARE**2, generator=generator)
    squares = field[..., :height, :width].unflatten(-1, (-1, _SQUARE)).unflatten(-3, (-1, _SQUARE))
    mixed = squares.transpose(-3, -2).flatten(-2)[..., order].unflatten(-1, (_SQUARE, _SQUARE))
    shuffled = field.clone()
    shuffled[..., :height, :width] = mixed.transpose(-3, -2).flatten(-4, -3).flatten(-2)
    return shuffled


def _rotation(degrees: float) -> Projective:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return _linear(((cos, -sin), (sin, cos)))


def _linear(matrix: tuple[tuple[float, float], tuple[float, float]]) -> Projective:
    return Projective.affine(torch.tensor([matrix], dtype=torch.float64))
