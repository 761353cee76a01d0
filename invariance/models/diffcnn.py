r"""DiffCNN: the invariant representation that Kan et al. put in front of a classifier (figure 2)."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..jacobians import Scheme
from ..layers import JacobianConv2d, JacobianFront, JacobianHead, LogDetInvariant, SignNonlinearity

__all__ = ["DiffCNN"]


class DiffCNN(nn.Module):
    r"""$I \mapsto U$: Jacobian front, `depth` times convolution and sign nonlinearity, log-determinant layer.

    The output covers the image's domain: with stride 1 the field is continued by zeros, with `stride=kernel_size` the
    windows tile it. With K = 1 it is covariant under every C¹ diffeomorphism, $U[I\circ\varphi] = U[I]\circ\varphi$, as
    the grid is refined; with `stride=kernel_size` it is invariant under block fields; with K > 1 and stride 1 neither.

    Args:
        channels: number of output channels, at least 3.
        cayley, surrogate: of the sign layers, which do nothing for $|a| \le 1$; see `SignNonlinearity`.
        dilation: distance of the taps in pixels.
        eps, degenerate: as in `LogDetInvariant`.
        generator: source of the initial parameters.
    """

    def __init__(
        self,
        channels: int = 8,
        kernel_size: int = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
        depth: int = 1,
        symmetric: bool = False,
        cayley: tuple[float, float, float] = (0.0, 0.0, 0.0),
        surrogate: float | None = None,
        scheme: Scheme = "central",
        eps: float = 0.0,
        degenerate: Literal["zero", "nan"] = "zero",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        padding = dilation * (kernel_size - 1) // 2 if stride == 1 else 0
        layers: list[nn.Module] = []
        for i in range(depth):
            layers += [
                JacobianConv2d(
                    channels if i else 1,
                    channels,
                    kernel_size,
                    stride=stride,
                    padding=padding,
                    dilation=dilation,
                    symmetric=symmetric,
                    generator=generator,
                ),
                SignNonlinearity(cayley, surrogate=surrogate),
            ]
        self.front = JacobianFront(scheme)
        self.head = JacobianHead(*layers, LogDetInvariant(eps=eps, degenerate=degenerate))

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h2 w2"]:
        # Differences of channels and their determinants cancel: autocast's bfloat16 would leave mostly rounding.
        with torch.autocast(images.device.type, enabled=False):
            return self.head(self.front(images))
