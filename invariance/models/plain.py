"""A plain CNN with DiffCNN's receptive field: the control that no theorem speaks for."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["PlainCNN"]


class PlainCNN(nn.Module):
    """A 3×3 convolution to six channels, as many as the Jacobian field has, a K×K convolution and a ReLU.

    `head` is the part behind the first layer; it also takes a Jacobian field "b 1 3 2 h w", as its six channels.
    """

    def __init__(
        self,
        channels: int = 8,
        kernel_size: int = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        padding = dilation * (kernel_size - 1) // 2 if stride == 1 else 0
        self.front = nn.Conv2d(3, 6, 3, padding=1, padding_mode="replicate")
        second = nn.Conv2d(6, channels, kernel_size, stride=stride, padding=padding, dilation=dilation)
        self.head = nn.Sequential(nn.Flatten(1, -3), second, nn.ReLU())
        for parameter in self.parameters():
            bound = 1.0 if parameter.ndim == 1 else (6 / parameter[0].numel()) ** 0.5
            nn.init.uniform_(parameter, -bound, bound, generator=generator)

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h2 w2"]:
        return self.head(self.front(images))
