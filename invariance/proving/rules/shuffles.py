"""Channels that become pixels, pixels that become channels, channels in another order: views of permuted views."""

from __future__ import annotations

from typing import Any

from ..registry import Step, rule
from ..values import Batch, Moving, Refusal
from .views import CITES


@rule("aten.pixel_shuffle.default", cites=CITES)
def pixel_shuffle(step: Step, input: Any, upscale_factor: int) -> Any:
    """Channels (c, i, j) go to the pixels of a block: a view, a permutation of axes, a view."""
    r = upscale_factor
    *lead, c, h, w = input.shape
    n = len(lead)
    _not_shuffled(input, n)
    action = input.settled().reshaped((*lead, c // (r * r), r, r, h, w))
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return Moving(action.permuted(order).reshaped(step.shape), input.batch)


@rule("aten.channel_shuffle.default", cites=CITES)
def channel_shuffle(step: Step, input: Any, groups: int) -> Any:
    """Channels (g, c) go to (c, g): a view, two axes exchanged, a view."""
    if input.batch != Batch(0):
        raise Refusal("the batch is not in front")
    b, channels, *grid = input.shape
    action = input.settled().reshaped((b, groups, channels // groups, *grid))
    return Moving(action.permuted((0, 2, 1, *range(3, action.rank))).reshaped(step.shape), input.batch)


@rule("aten.pixel_unshuffle.default", cites=CITES)
def pixel_unshuffle(step: Step, input: Any, downscale_factor: int) -> Any:
    """The pixels of a block go to channels (c, i, j): a view, a permutation of axes, a view."""
    r = downscale_factor
    *lead, c, h, w = input.shape
    n = len(lead)
    _not_shuffled(input, n)
    action = input.settled().reshaped((*lead, c, h // r, r, w // r, r))
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return Moving(action.permuted(order).reshaped(step.shape), input.batch)


def _not_shuffled(input: Moving, first: int) -> None:
    if input.batch is None or input.batch.axis >= first:
        raise Refusal("pixels and channels of several samples are shuffled: samples meet each other")
