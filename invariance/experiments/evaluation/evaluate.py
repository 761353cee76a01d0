"""Classifiers on warped test images: what each makes of each image in each cell of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor, nn

from ...errors import ArgumentError
from ..classifier import channel_statistics
from ..data import Dataset, to_float
from .corruptions import Setting, corruption
from .draws import Draws, draw_all
from .protocol import Protocol
from .warping import warped

__all__ = ["Answers", "evaluate"]


@dataclass(frozen=True, eq=False)
class Answers:
    """Of one classifier, by cell of the protocol and image.

    Attributes:
        correct: whether the largest logit is that of the image's class; false where a logit is not finite.
        undefined: in how many images of a cell one is not.
    """

    correct: Bool[Tensor, "cells n"]
    undefined: Int[Tensor, "cells"]


@torch.inference_mode()
def evaluate(
    classifiers: Mapping[str, nn.Module],
    data: Dataset,
    protocol: Protocol,
    *,
    draws: Sequence[Draws] | None = None,
    batch: int = 500,
    device: torch.device | str = "cpu",
    tick: Callable[[int], None] | None = None,
) -> dict[str, Answers]:
    """Each classifier, images in [0, 1] to logits, on the data in every cell of the protocol.

    An image is corrupted once, warped once a cell, and shown to all classifiers; `batch` images are under way at a
    time, which bounds the memory.

    Args:
        draws: those of `draw_all`, made here where not given.
        tick: called with the number of images times cells that are done since the last call.

    Raises:
        ArgumentError: no classifiers or images, a batch < 1, a classifier in training mode or with logits of another
            shape than (images, classes).
    """
    if not classifiers or not len(data):
        raise ArgumentError("classifiers, data", (len(classifiers), len(data)), "at least one classifier and image")
    if batch < 1:
        raise ArgumentError("batch", batch, "at least one image")
    for name, net in classifiers.items():
        if net.training:
            raise ArgumentError("classifiers", name, "networks in eval mode, or dropout and batch statistics are on")
        net.to(device)
    count, size = len(data), (int(data.images.shape[2]), int(data.images.shape[3]))
    draws = draw_all(protocol, count, size) if draws is None else draws
    corrupt, seed = corruption(protocol.corruption), protocol.seed
    mean, std = (s.view(-1, 1, 1).to(device) for s in channel_statistics(data.images))
    answers = {
        name: Answers(torch.zeros(len(draws), count, dtype=torch.bool), torch.zeros(len(draws), dtype=torch.int64))
        for name in classifiers
    }
    for first in range(0, count, batch):
        rows = slice(first, first + batch)
        part = data[rows].to(device)
        clean = to_float(part.images)
        source = corrupt(clean, Setting(first, seed, mean, std))
        for cell, drawn in enumerate(draws):
            images = clean if drawn.warp is None else warped(source, drawn.warp[rows], protocol)
            for name, net in classifiers.items():
                logits = _logits(name, net, images, len(data.classes))
                finite = logits.isfinite().all(1)
                answers[name].correct[cell, rows] = ((logits.argmax(1) == part.labels) & finite).cpu()
                answers[name].undefined[cell] += int((~finite).sum())
            if tick:
                tick(len(part))
    return answers


def _logits(name: str, net: nn.Module, images: Tensor, classes: int) -> Tensor:
    logits = net(images)
    if not isinstance(logits, Tensor) or logits.shape != (len(images), classes):
        found = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise ArgumentError(name, found, f"logits of shape ({len(images)}, {classes})")
    return logits
