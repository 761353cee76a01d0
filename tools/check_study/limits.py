"""How small a fault is seen: a single tap that is off by less and less, and lower precisions inside."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.layers import P4ConvZ2

from .faults.banks import Bank
from .subject import Fault, randomised

__all__ = ["LIMITS"]

OPTIONS = {"input_shape": (3, 9, 9), "group": "p4", "claim": "equivariant", "action": "regular"}


def layer() -> P4ConvZ2:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        found = P4ConvZ2(3, 2, 3)
        randomised(found)
    return found


def tap(change: float, dtype: torch.dtype) -> Fault:
    """One tap of one orientation, relative to it; the filters are stored in a precision."""

    def edit(filters: Tensor) -> Tensor:
        filters[0, 1, 0, 0, 0] *= 1 + change
        return filters

    return Fault(Bank(layer()), Bank(layer(), edit).to(dtype), OPTIONS)


class Cast(nn.Module):
    """The layer computed in another precision, whatever its input is."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.bank, self.dtype = Bank(layer()), dtype

    def forward(self, x: Tensor) -> Tensor:
        filters = self.bank.filters.to(self.dtype)
        y = F.conv2d(x.to(self.dtype), filters, self.bank.bias.to(self.dtype), padding=1)
        return y.to(x.dtype).unflatten(1, (-1, 4))


LIMITS: dict[str, Callable[[], Fault]] = {
    f"one tap off by 1e-{n}, filters in float64": lambda n=n: tap(10.0**-n, torch.float64) for n in range(1, 16, 2)
}
LIMITS |= {f"one tap off by 1e-{n}, filters in float32": lambda n=n: tap(10.0**-n, torch.float32) for n in range(1, 7)}
LIMITS |= {
    f"computed in {name}": lambda dtype=dtype: Fault(Bank(layer()), Cast(dtype), OPTIONS)
    for name, dtype in {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}.items()
}
