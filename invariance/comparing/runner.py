"""A network on batches of images, and what it says of images that it does not take."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..checking.probe import Probe
from ..errors import ArgumentError, ArgumentTypeError, reason_of
from ..measure.error import Model
from ..measure.warping import taken_instead
from ..modes import to_evaluation
from .models import Named

__all__ = ["Runner"]


class Runner:
    """A network on batches; what it raises about its input is said in one line, with its label."""

    def __init__(self, named: Named, dtype: torch.dtype, device: str, batch: int) -> None:
        self.label, self._batch = named.label, batch
        self._probe = Probe(named.model, dtype=dtype, device=device, batch=batch)
        self._dtype, self._device = dtype, device
        self._ready = False

    def _prepare(self, x: Tensor) -> Model:
        if not self._ready:
            self._probe.give_shapes(x)
            self._ready = True
            if isinstance(model := self._probe.model, nn.Module):
                to_evaluation(model)
        return self._probe.model

    def _required(self, output: object) -> Tensor:
        """One tensor with a number for each image."""
        if not isinstance(output, Tensor) or not output.is_floating_point():
            found = output.dtype if isinstance(output, Tensor) else type(output).__name__
            wanted = "one floating-point tensor: a function, or a module around it, that returns the part to compare"
            raise ArgumentTypeError(f"output of {self.label}", found, wanted)
        if output.ndim and not output.isfinite().flatten(1).any(1).all():
            raise ArgumentError(f"output of {self.label}", "NaN or infinite", "finite numbers for each image")
        return output

    def __call__(self, x: Tensor) -> Tensor:
        x = x.to(self._device, self._dtype)
        parts = []
        for part in x.split(self._batch):
            try:
                with torch.no_grad():
                    parts.append(self._required(self._prepare(part)(part)))
            except (ArgumentError, ArgumentTypeError):
                raise
            except Exception as error:  # code of others: whatever it raises, the input is what it refused
                reason = f"{type(error).__name__}: {reason_of(error)}"
                advice = f"; {said}" if (said := taken_instead(self._probe.model, part)) else ""
                wanted = f"images of a shape and dtype that {self.label} takes ({reason}){advice}"
                raise ArgumentError("images", f"{tuple(part.shape[1:])} of {self._dtype}", wanted) from error
        return torch.cat(parts) if len(parts) > 1 else parts[0]
