"""Training for a certificate: the cross-entropy of the worst that a diffeomorphism can make of the logits."""

from __future__ import annotations

from typing import Any

from jaxtyping import Float, Int64
from torch import Tensor, nn

from ..certifying import worst_logits
from .classifier import Classifier

__all__ = ["WorstCase"]


class WorstCase(nn.Module):
    """Images in [0, 1] and their labels to `worst_logits` of a classifier around a surface network.

    Args:
        displacement: in pixels.

    Raises:
        ArgumentError: when called, as `worst_logits`.
    """

    def __init__(self, classifier: Classifier, displacement: float) -> None:
        super().__init__()
        self.classifier, self.displacement = classifier, displacement

    def forward(self, images: Float[Tensor, "b c h w"], labels: Int64[Tensor, "b"]) -> Float[Tensor, "b classes"]:
        net: Any = self.classifier.net
        surface = net.pool.surface(self.classifier.standardised(images))
        return worst_logits(net, surface, labels, 2 * self.displacement / min(images.shape[-2:]))
