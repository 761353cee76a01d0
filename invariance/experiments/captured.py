"""A step of training as one launch: on a card, small networks otherwise wait for the host that starts their kernels."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor

from ..errors import reason_of

__all__ = ["CapturedStep"]

_WARM = 3
"""Steps as they are before one is captured: they make the optimiser's moments and the buffers of the libraries."""

Step = Callable[[Tensor, Tensor], Tensor]
Capture = Callable[[Callable[[], Tensor]], tuple[Callable[[], None], Tensor]]


class CapturedStep:
    """`step`, recorded once for each size of a batch as a CUDA graph and replayed for every other batch of that size.

    The numbers are those of the step as it is. A step that waits for the card within, as one that asks for the value of
    a number does, cannot be recorded: it goes on as it is, with a warning.

    Args:
        step: (images, labels) ↦ loss; everything else that it reads or writes stays at its place in memory.
        capture: how it is recorded: gives what replays it and the loss that this writes.

    Attributes:
        refused: why it could not be recorded; "" while it can.
    """

    def __init__(self, step: Step, capture: Capture | None = None) -> None:
        self._step = step
        self._capture = capture or _as_graph
        self._warm = _WARM
        self._kept: dict[int, tuple[Tensor, Tensor, Callable[[], None], Tensor]] = {}
        self.refused = ""

    def __call__(self, images: Shaped[Tensor, "b c h w"], labels: Int64[Tensor, "b"]) -> Float[Tensor, ""]:
        if self.refused:
            return self._step(images, labels)
        if self._warm:
            self._warm -= 1
            return _aside(self._step, images, labels)
        if len(labels) not in self._kept:
            given = images.clone(), labels.clone()
            try:
                self._kept[len(labels)] = *given, *self._capture(partial(self._step, *given))
            except RuntimeError as error:  # nothing was computed: kernels are noted down, not run
                self.refused = str(error) or type(error).__name__
                warnings.warn(
                    f"the training step cannot be recorded as a CUDA graph and runs slower ({reason_of(error)})",
                    stacklevel=2,
                )
                return self._step(images, labels)
        to_images, to_labels, replay, loss = self._kept[len(labels)]
        to_images.copy_(images)
        to_labels.copy_(labels)
        replay()
        return loss


def _as_graph(step: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = step()
    return graph.replay, loss


def _aside(step: Step, images: Tensor, labels: Tensor) -> Tensor:
    """On a stream of its own: what autograd makes on the default stream cannot be captured later."""
    if not images.is_cuda:
        return step(images, labels)
    here, aside = torch.cuda.current_stream(), torch.cuda.Stream()
    aside.wait_stream(here)
    with torch.cuda.stream(aside):
        loss = step(images, labels)
    here.wait_stream(aside)
    return loss
