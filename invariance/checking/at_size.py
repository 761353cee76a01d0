"""The error at one size for content of a stated bandwidth: for models whose windows are fixed in pixels.

As the grid is refined such a window shrinks to a point, and functions of single points are equivariant to
everything. So a refinement ladder says nothing of it, and what its users want is a number: how far it is from
symmetric on images of this size whose content goes up to so many cycles per pixel, beside what resampling does by
itself. The number is *measured*; with a tolerance it becomes a verdict.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import ArgumentError, UndefinedError
from ..images import AnalyticImage
from ..warps import Warp
from .bench import Bench, channels_of, sampled
from .exact import compared
from .inputs import noise
from .judge import CONSTANT, error_interval, within, worst_image
from .probe import Probe
from .question import Question
from .report import CheckReport, Row
from .torus import Torus

__all__ = ["BANDWIDTHS", "blind_to_grid", "fixed_in_pixels", "measured_at_size"]

BANDWIDTHS = {"1/16": 1 / 16, "1/8": 1 / 8, "1/4": 1 / 4}
"""Cycles per pixel: of well sampled photographs, of ordinary ones, and half of what the grid can carry."""

_MAIN = "1/8"
_EXACT = 1e-9
_TILE = 32  # pixels; flat areas twice as wide: windows up to 33 pixels are seen within one
_FURTHER = 3  # times finer is the second grid
_HALF = 0.5  # of a power of the grid, half way between what falls like 1 and what stays; see `fixed_in_pixels`


def measured_at_size(
    probe: Probe, question: Question, warps: dict[str, Warp], count: int, generator: torch.Generator, why: str
) -> CheckReport:
    """A row for each transformation at each bandwidth; at the middle one alone, where a tolerance judges."""
    rows = []
    for size in question.sizes or (question.input_shape[-1],):
        for name, cycles in BANDWIDTHS.items():
            if name != _MAIN and question.tolerance is not None:
                continue
            images = AnalyticImage.random(
                count, generator=generator, cutoff=cycles * size, window=0.15, channels=channels_of(question)
            )
            bench = Bench(probe, question, images, tuple(warps.values()))
            rows += [_row(bench, f"{warp}, {name} cycles/pixel", w, size, generator) for warp, w in warps.items()]
    told = [row for row in rows if row.error is not None and _MAIN in row.transformation]
    worst = max(told, key=lambda row: row.error or 0.0, default=None)
    said = [why]
    scope = ""
    if worst is not None:
        scope = f"E = {worst.error:.1e} at {worst.size[0]}×{worst.size[1]} on content up to {_MAIN} cycles per pixel"
        said.append(
            f"largest for {worst.transformation.partition(',')[0]}; interpolation of the output makes {worst.floor:.0e}"
        )
        if question.tolerance is None:
            said.append("for a verdict, ask again with the E that is good enough: tolerance=0.05 (--tolerance)")
    said += dict.fromkeys(row.note for row in rows if row.note)
    return CheckReport(question, tuple(rows), tuple(said), scope=scope)


def _row(bench: Bench, name: str, warp: Warp, size: int, generator: torch.Generator) -> Row:
    report, floor = bench.measure(warp, size), bench.floor(warp, size)
    if bench.is_constant(size):
        return Row(name, (size, size), None, None, floor, "undefined", note=CONSTANT)
    error, interval = error_interval(report, generator)
    tolerance = bench.question.tolerance
    verdict = "measured" if tolerance is None else within(interval, tolerance)
    inside = f"the interval of E under {name.partition(',')[0]} has the tolerance inside: show more images (images=)"
    note = inside if verdict == "undecided" else ""
    return Row(name, (size, size), error, interval, floor, verdict, *worst_image(report), note=note)


def blind_to_grid(bench: Bench, generator: torch.Generator) -> bool:
    """Whether the model does not know how fine the grid is, sees more than single pixels, and tells colours apart.

    Then tiling an image tiles the output, and flat areas of two colours differ in it. As the grid is refined, such a
    model becomes a function of single pixels. One that does not tell flat areas apart is made of differences, which
    become derivatives: that is for a ladder.
    """
    question, torus = bench.question, bench.probe.within(Torus((_TILE, _TILE)))
    if question.input_kind == "jacobian":  # a derivative is in units of the image, not of the pixel
        return False
    tile, flat = noise(question.shape(_TILE), 2, generator), noise((*question.input_shape[:-2], 1, 1), 2, generator)
    column = torch.arange(2 * _TILE) / (2 * _TILE)
    left = column < torch.tensor([0.5, 0.25]).view(2, *[1] * (tile.ndim - 1))
    halves = torch.where(left, flat[:1], flat[1:]).expand(2, *question.shape(2 * _TILE))
    try:
        once, tiled, coloured = (torus(x) for x in (tile, tile.repeat(*[1] * (tile.ndim - 2), 2, 2), halves))
        shuffled = torus(_shuffled(tile, 0))
    except ArgumentError:
        return False
    scale = _EXACT * once.square().mean().sqrt()
    if question.moves is None:
        there, here = coloured
        expected = once
    else:
        tiled = tiled[..., : once.shape[-2], : once.shape[-1]]
        width = coloured.shape[-1]
        there, here = coloured[0, ..., width // 4], coloured[0, ..., 3 * width // 4]
        expected = _shuffled(once, 0) if once.shape[-2:] == tile.shape[-2:] else once
    if tiled.shape != once.shape:
        return False
    same, single = ((x - y).abs().median() <= scale for x, y in ((tiled, once), (shuffled, expected)))
    return bool(same and not single and (there - here).abs().max() > scale)


def fixed_in_pixels(bench: Bench, sizes: tuple[int, ...], generator: torch.Generator) -> bool:
    """Whether the model sees a few pixels about each, on every grid; for those that `blind_to_grid` cannot tell.

    Shuffling the pixels of each 2×2 square then changes less and less as the grid is refined, like the distance of
    neighbours, which it does not where neighbours are subtracted and the difference is scaled with the grid. Exchanging
    two quarters of the image is felt along the seams alone, a part of the output that is thinner on finer grids, and
    stays as large where windows are as wide as a part of the image: how large it is does not depend on how the values
    themselves change with the grid, as E does. Outputs without pixels have E alone. A function of single pixels
    commutes with the shuffle and is equivariant indeed.
    """
    seed = int(torch.randint(2**31, (), generator=generator))
    small = sizes[0]
    large = next((n for n in sizes if n >= _FURTHER * small), sizes[-1])
    moves = bench.question.moves is not None

    def shuffle(size: int, expected: bool = False) -> float:
        inputs, plain = sampled(bench.question, bench.images, size), bench.plain(size)
        moved = expected and plain.shape[-2:] == inputs.shape[-2:]
        return compared(
            plain, bench.probe(_shuffled(inputs, seed)), lambda y: _shuffled(y, seed) if moved else y
        ).normalised

    def seams(size: int) -> float:
        plain = bench.plain(size)
        seen = bench.probe(_exchanged(sampled(bench.question, bench.images, size)))
        return _part(seen - _exchanged(plain)) if moves else compared(plain, seen, lambda y: y).normalised

    less = (large / small) ** _HALF
    try:
        if shuffle(small, expected=True) < _EXACT or shuffle(small) < shuffle(large) * less:
            return False
        return seams(small) > seams(large) * less
    except UndefinedError:  # a constant output, which the ladder tells
        return False


def _part(difference: Tensor) -> float:
    r"""The part of the pixels that a difference takes up, $(\sum_i d_i^2)^2 / (n \sum_i d_i^4)$: the participation
    ratio of its energy."""
    energy = difference.flatten(0, -3).square().mean(0)
    total = energy.square().sum()
    return float(energy.sum().square() / (energy.numel() * total)) if total > 0 else 0.0


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
