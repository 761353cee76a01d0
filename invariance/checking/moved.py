"""What is compared: a model's outputs for some images, and for the same images moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

__all__ = ["Action", "Levels", "Moved"]

Action = Callable[[Tensor], Tensor]
Levels = Float[Tensor, "_images _channels _entries"]


def _same(output: Tensor) -> Tensor:
    return output


@dataclass(frozen=True, eq=False)
class Moved:
    r"""Outputs for some images under one transformation g; the batch comes first.

    Attributes:
        plain: F(x).
        moved: F(gx).
        inputs: gx, where it is known.
        read: F(gx) from what the model returns for gx.
        exact: g moves numbers without changing them, so that gx is not rounded.
        action: $\rho(g)$ on batches, then whatever is done to both sides before they are compared, such as a crop.
        channel: the axis of channels, None where there is none; an output (batch, k) has k channels.
    """

    plain: Tensor
    moved: Tensor
    action: Action
    channel: int | None = 1
    inputs: Tensor | None = None
    read: Action = _same
    exact: bool = False

    def levels(self, values: Tensor) -> Levels:
        """By image, channel and entry."""
        if self.channel is None or values.ndim == 1:
            return values.reshape(len(values), 1, -1)
        return values.movedim(self.channel, 1).flatten(2) if values.ndim > 2 else values.unsqueeze(2)
