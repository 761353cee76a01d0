"""One image under one transformation: the error that a search climbs and a file records."""

from __future__ import annotations

import torch
from jaxtyping import Bool
from torch import Tensor

from ..images import AnalyticImage
from ..measure import ErrorReport
from ..measure.error import Model
from ..warps import Warp
from .bench import Bench, sampled, smooth_images
from .elements import Element, require_field
from .exact import compared, expected_output
from .grid import strides_of
from .inputs import images
from .probe import Probe
from .question import LADDER, Question

__all__ = ["PairError"]

_REFERENCES = 8


class PairError:
    r"""$E = \mathrm{RMS}|F(gx) - \rho(g)F(x)|$ for one x and g, in units of the RMS difference of F between images.

    Raises:
        ArgumentError: as `check` does.
    """

    def __init__(self, model: Model, question: Question) -> None:
        self.question = question
        self.probe = Probe(model, dtype=question.dtype, device=question.device, batch=question.batch)
        self.size = question.input_shape[-1]
        generator = torch.Generator().manual_seed(question.seed)
        if question.group in LADDER:
            inputs = sampled(question, smooth_images(question, _REFERENCES, generator))
        else:
            inputs = images(question.input_shape, _REFERENCES, generator)
        self.probe.require_function(inputs[:2])
        plain = self.probe(inputs)
        require_field(question, plain)
        self._bench: Bench | None = None
        self.spread = float((plain - plain.roll(1, 0)).square().mean().sqrt())

    def of_warp(self, image: AnalyticImage, warp: Warp) -> float:
        """E for a warp, at the size of the question."""
        if self._bench is None or self._bench.images is not image:
            self._bench = Bench(self.probe, self.question, image)
        return self._normalised(self._bench.measure(warp, self.size))

    def of_element(self, image: AnalyticImage, element: Element) -> float:
        """E for a transformation that is exact on pixels."""
        inputs = sampled(self.question, image)
        plain, moved = self.probe(inputs), self.probe(element.act(self.question.input_kind, inputs))
        return self._normalised(compared(plain, moved, expected_output(self.question, element)))

    def of_shift(self, image: AnalyticImage, shift: tuple[int, int]) -> float:
        """E for a shift by pixels, in the inner half of an output that moves along."""
        inputs = sampled(self.question, image)
        plain, moved = self.probe(inputs), self.probe(inputs.roll(shift, (-2, -1)))
        if self.question.moves is None:
            return self._normalised(compared(plain, moved, lambda output: output))
        strides = strides_of(self.probe, self.question.input_shape, plain)
        by = [int(s / stride) for s, stride in zip(shift, strides, strict=True)]
        return self._normalised(compared(plain, moved, lambda output: output.roll(by, (-2, -1)), _inner_half))

    def _normalised(self, report: ErrorReport) -> float:
        return float(report.difference.mean().sqrt()) / self.spread


def _inner_half(height: int, width: int) -> Bool[Tensor, "1 1 h w"]:
    inside = torch.zeros((1, 1, height, width), dtype=torch.bool)
    inside[..., height // 4 : height - height // 4, width // 4 : width - width // 4] = True
    return inside
