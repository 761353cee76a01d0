r"""How much of a difference is rounding: that of the arithmetic, and that of the numbers the model is stored in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from .probe import Probe

__all__ = ["Rounding"]

_SAFETY = 30
_UNITS = 64
_STORED_SAFETY = 30  # a filter that was summed from n terms in that precision is off by √n roundings
_FINE = 3e-10  # a two-hundredth of a step of float32: one number in two hundred changes, by a whole step


@dataclass(frozen=True)
class Rounding:
    """For one model on one batch of inputs; all root mean squares over the output."""

    probe: Probe
    inputs: Tensor

    @cached_property
    def computed(self) -> float:
        r"""$30\,\rho$ with ρ the difference to the same model in another precision, scaled by the machine epsilons.

        In float64 $\rho = \|F_{32}(x) - F_{64}(x)\|\,\epsilon_{64}/\epsilon_{32}$, which sees the conditioning of every
        step inside. Zero where the model does not run in the other precision.
        """
        other = torch.float64 if self.probe.dtype == torch.float32 else torch.float32
        ratio = min(1.0, torch.finfo(self.probe.dtype).eps / torch.finfo(other).eps)
        there = self.probe.in_precision(other, self.inputs)
        return 0.0 if there is None else _SAFETY * ratio * _rms(there - self.plain)

    def allowed(self, reference: float) -> float:
        """What the arithmetic may make of an output of this size."""
        return self.computed + _UNITS * torch.finfo(self.probe.dtype).eps * reference

    @cached_property
    def stored(self) -> float:
        """What rounding the parameters does, if they were stored in a lower precision: filters that were symmetrised in
        float32 are symmetric to float32.

        Zero where something inside computes in a lower precision, since that is for the arithmetic to answer for. It is
        told by changes of the input far below a step of float32, which it turns into whole steps of its own.
        """
        if self._is_grainy:
            return 0.0
        return _STORED_SAFETY * _rms(self.probe.with_rounded_state(self.inputs) - self.plain)

    @cached_property
    def plain(self) -> Tensor:
        return self.probe(self.inputs)

    @property
    def _is_grainy(self) -> bool:
        noise = torch.randn(self.inputs.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        fine, coarse = (
            _rms(self.probe(self.inputs * (1 + step * noise)) - self.plain) / step for step in (_FINE, 1e-5)
        )
        return fine > 3 * coarse


def _rms(values: Tensor) -> float:
    return float(values.square().mean().sqrt())
