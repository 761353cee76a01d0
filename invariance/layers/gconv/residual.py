"""The residual block."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from ...errors import ArgumentError

__all__ = ["Residual"]


class Residual(nn.Module):
    """body(x) + shortcut(x), equivariant where both are; the shortcut is the identity by default.

    A pre-activation block (He et al. 2016) is a body of batch norm, ReLU and group convolution, twice; where it has a
    stride, the shortcut is a 1×1 convolution with the same stride.

    Raises:
        ArgumentError: the two branches differ in shape; broadcasting them would hide it.
    """

    def __init__(self, body: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.body = body
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, features: Float[Tensor, "b *in h w"]) -> Float[Tensor, "b *out h2 w2"]:
        body, shortcut = self.body(features), self.shortcut(features)
        if body.shape != shortcut.shape:
            raise ArgumentError("shortcut(x).shape", tuple(shortcut.shape), f"that of body(x), {tuple(body.shape)}")
        return body + shortcut
