"""Continuous images on grids of any size, what the model makes of them, and what a warp should make of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..actions import PointwiseAction
from ..images import AnalyticImage, ContinuousImage, pixel_grid
from ..jacobians import exact_jacobian
from ..measure import ErrorReport
from ..warps import Method, Pullback, Warp, resample
from .exact import compared
from .grid import strides_of
from .judge import judge
from .moved import Moved
from .probe import Probe
from .question import Question
from .rounding import measured

__all__ = ["Bench", "channels_of", "sampled", "smooth_images"]

_MARGIN = 0.1
_KEPT = 2**26  # bytes of an output


def smooth_images(question: Question, count: int, generator: torch.Generator) -> AnalyticImage:
    """Images that are black on the border, also when they are enlarged by a half."""
    return AnalyticImage.random(count, generator=generator, cutoff=4, window=0.15, channels=channels_of(question))


def channels_of(question: Question) -> int:
    """How many functions on the plane an input is made of, or of whose derivatives."""
    factor = {"scalar": 1, "regular": question.input_shape[1], "jacobian": 3}
    return question.input_shape[0] * factor[question.input_kind]


class Bench:
    """The images, and what the model makes of them and of their pullbacks by some warps on each grid.

    `rung` hears of each size that all warps have been measured at.
    """

    def __init__(
        self,
        probe: Probe,
        question: Question,
        images: AnalyticImage,
        warps: Sequence[Warp] = (),
        rung: Callable[[int], object] = lambda size: None,
    ) -> None:
        self.probe, self.question, self.images, self.warps, self.rung = probe, question, images, tuple(warps), rung
        self._plain: dict[int, Tensor] = {}
        self._extents: dict[int, float] = {}
        self._reports: dict[int, list[ErrorReport]] = {}
        self._doubted: set[int] = set()
        self._doubts: dict[tuple[int, int], float] = {}

    def plain(self, size: int) -> Tensor:
        """F(I), kept where it is small."""
        if size in self._plain:
            return self._plain[size]
        output = self.probe(sampled(self.question, self.images, size))
        if output.nbytes <= _KEPT:
            self._plain[size] = output
        return output

    def measure(self, warp: Warp, size: int) -> ErrorReport:
        """The error under a warp; all warps of the bench are measured when the first one is."""
        which = next((i for i, known in enumerate(self.warps) if known is warp), None)
        if which is None:
            return next(self._measured((warp,), size))
        if size not in self._reports:
            self._reports[size] = list(self._measured(self.warps, size))
            self.rung(size)
        return self._reports[size][which]

    def _measured(self, warps: Sequence[Warp], size: int) -> Iterator[ErrorReport]:
        """Several warps in one pass, where that leaves room for it and samples do not see each other."""
        plain = self.plain(size)
        several = max(1, self.probe.batch // len(self.images)) if self._shares else 1
        for start in range(0, len(warps), several):
            some = warps[start : start + several]
            pulled = [sampled(self.question, Pullback(self.images, warp), size) for warp in some]
            for warp, moved in zip(some, self.probe(torch.cat(pulled)).split(len(self.images)), strict=True):
                yield self._compared(warp, size, plain, moved)

    @property
    def _shares(self) -> bool:
        return self.probe.batch >= 2 * len(self.images) and len(self.warps) > 1 and self._separates

    @cached_property
    def _separates(self) -> bool:
        inputs = sampled(self.question, self.images[:2])
        return self.probe.separates(inputs, self.probe(inputs))

    def _compared(self, warp: Warp, size: int, plain: Tensor, moved: Tensor) -> ErrorReport:
        if self.question.moves is None:
            return compared(plain, moved, lambda output: output)
        expected = self._pulled_back(plain, warp, size)
        if size in self._doubted:
            self._doubts[id(warp), size] = self._doubt(plain, expected, warp, size)
        return compared(plain, moved, lambda output: expected, self._region(plain, warp, size))

    def _pulled_back(self, plain: Tensor, warp: Warp, size: int, method: Method = "quintic") -> Tensor:
        jacobian = self.question.moves == "jacobian"
        return _pulled_back(plain, warp, self._extent(size, plain), jacobian=jacobian, method=method)

    def _region(self, plain: Tensor, warp: Warp, size: int) -> Callable[[int, int], Tensor]:
        return lambda h, w: _inside(warp, h, w, self._extent(size, plain), plain.ndim)

    def _extent(self, size: int, plain: Tensor) -> float:
        """Half the side of the square that the output's pixels tile, in units of half the image's side."""
        if size not in self._extents:
            _, stride = strides_of(self.probe, self.question.shape(size), plain)
            self._extents[size] = float(stride * plain.shape[-1] / size)
        return self._extents[size]

    def is_constant(self, size: int) -> bool:
        """Whether rounding alone tells the outputs for two images apart."""
        inputs, plain = sampled(self.question, self.images, size), self.plain(size)
        (rounding,) = measured(self.probe, [(inputs, plain)], alone=self._separates)
        case = Moved(plain, plain, lambda output: output)
        return judge("", (size, size), case, rounding, family=1, generator=torch.Generator()).verdict == "undefined"

    def floor(self, warp: Warp, size: int) -> float:
        """E of the spline alone, on the images sampled as finely as the output."""
        if self.question.moves is None:
            return float(torch.finfo(self.question.dtype).eps)
        plain = self.plain(size)
        height, width = plain.shape[-2:]
        extent = self._extent(size, plain)
        grid = extent * pixel_grid(height, width)[None]
        report = compared(
            self.images(grid),
            self.images(warp(grid)),
            lambda output: _pulled_back(output, warp, extent, jacobian=False),
            lambda h, w: _inside(warp, h, w, extent, 4),
        )
        return report.normalised

    def doubt(self, warp: Warp, size: int) -> float:
        """E between a quintic and a cubic spline through the output itself: more than the better of them is off by.

        The floor does not say this where a model makes frequencies that the images do not have. Asked before the
        warp is measured on that grid, it needs no second quintic.
        """
        self._doubted.add(size)
        self.measure(warp, size)
        if (id(warp), size) not in self._doubts:
            plain = self.plain(size)
            return self._doubt(plain, self._pulled_back(plain, warp, size), warp, size)
        return self._doubts[id(warp), size]

    def _doubt(self, plain: Tensor, quintic: Tensor, warp: Warp, size: int) -> float:
        cubic = self._pulled_back(plain, warp, size, "cubic")
        report = compared(cubic, quintic, lambda output: output, self._region(plain, warp, size))
        return report.normalised


def sampled(question: Question, image: ContinuousImage, size: int | None = None) -> Float[Tensor, "b *c h w"]:
    """The input that the question asks for, of its own or another side length."""
    shape = question.shape(size)
    if question.input_kind == "jacobian":
        return exact_jacobian(image, *shape[-2:]).squeeze(1).unflatten(1, (-1, 3))
    return image(pixel_grid(*shape[-2:])[None]).reshape(len(image), *shape)


def _pulled_back(output: Tensor, warp: Warp, extent: float, *, jacobian: bool, method: Method = "quintic") -> Tensor:
    height, width = output.shape[-2:]
    grid = extent * pixel_grid(height, width)[None]
    channels = output.flatten(1, -3)
    moved = resample(channels, warp(grid) / extent, method=method, padding="border").reshape(output.shape)
    if not jacobian:
        return moved
    return PointwiseAction(warp.jacobian(grid).movedim((-2, -1), (1, 2)))(moved)


def _inside(warp: Warp, height: int, width: int, extent: float, axes: int) -> Bool[Tensor, "..."]:
    points = extent * pixel_grid(height, width)[None]
    reach = min(1.0, extent) - _MARGIN
    inside = torch.maximum(points.abs(), warp(points).abs()).amax(-1).le(reach)
    return inside.view(-1, *[1] * (axes - 3), height, width)
