"""Continuous images on grids of any size, what the model makes of them, and what a warp should make of that."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ...actions import PointwiseAction
from ...images import AnalyticImage, ContinuousImage, pixel_grid
from ...jacobians import exact_jacobian
from ...measure import ErrorReport
from ...warps import Pullback, Warp, resample
from .exact import compared
from .grid import strides_of
from .probe import Probe
from .question import Question
from .rounding import Rounding

__all__ = ["Bench", "channels_of", "sampled", "smooth_images"]

_MARGIN = 0.1


def smooth_images(question: Question, count: int, generator: torch.Generator) -> AnalyticImage:
    """Images that are black on the border, also when they are enlarged by a half."""
    return AnalyticImage.random(count, generator=generator, cutoff=4, window=0.15, channels=channels_of(question))


def channels_of(question: Question) -> int:
    """How many functions on the plane an input is made of, or of whose derivatives."""
    factor = {"scalar": 1, "regular": question.input_shape[1], "jacobian": 3}
    return question.input_shape[0] * factor[question.input_kind]


class Bench:
    """The images, and what the model makes of them on each grid."""

    def __init__(self, probe: Probe, question: Question, images: AnalyticImage) -> None:
        self.probe, self.question, self.images = probe, question, images
        self._plain: dict[int, Tensor] = {}

    def plain(self, size: int) -> Tensor:
        if size not in self._plain:
            self._plain[size] = self.probe(sampled(self.question, self.images, size))
        return self._plain[size]

    def measure(self, warp: Warp, size: int) -> ErrorReport:
        plain = self.plain(size)
        moved = self.probe(sampled(self.question, Pullback(self.images, warp), size))
        if self.question.moves is None:
            return compared(plain, moved, lambda output: output)
        extent = _extent(self.probe, self.question, size, plain)
        return compared(
            plain,
            moved,
            lambda output: _pulled_back(output, warp, extent, jacobian=self.question.moves == "jacobian"),
            lambda h, w: _inside(warp, h, w, extent, plain.ndim),
        )

    def is_constant(self, report: ErrorReport, size: int) -> bool:
        """Whether rounding alone tells the outputs for two images apart."""
        assert report.spread is not None
        rounding = Rounding(self.probe, sampled(self.question, self.images, size))
        return float(report.spread.mean().sqrt()) <= rounding.allowed(float(report.reference.mean().sqrt()))

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


def sampled(question: Question, image: ContinuousImage, size: int | None = None) -> Float[Tensor, "b *c h w"]:
    """The input that the question asks for, of its own or another side length."""
    shape = question.shape(size)
    if question.input_kind == "jacobian":
        return exact_jacobian(image, *shape[-2:]).squeeze(1).unflatten(1, (-1, 3))
    return image(pixel_grid(*shape[-2:])[None]).reshape(len(image), *shape)


def _extent(probe: Probe, question: Question, size: int, plain: Tensor) -> float:
    """Half the side of the square that the output's pixels tile, in units of half the image's side."""
    _, stride = strides_of(probe, question.shape(size), plain)
    return float(stride * plain.shape[-1] / size)


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
