"""A function of x and buffers as a module, and what is asked of it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

FLIP: dict[str, Any] = {"input_shape": (1, 2), "group": "flip", "claim": "equivariant", "search": False}
SIGN: dict[str, Any] = {"input_shape": (1, 2), "group": "sign", "claim": "invariant", "search": False}


class Of(nn.Module):
    """A function of x and buffers, as a module."""

    def __init__(self, function: Callable[..., Any], *tensors: Tensor) -> None:
        super().__init__()
        self.function = function
        for k, tensor in enumerate(tensors):
            self.register_buffer(f"t{k}", tensor)

    def forward(self, x: Tensor) -> Any:
        return self.function(x, *self.buffers())


def doubles(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)
