"""Training for a certificate: the cross-entropy of the worst that a diffeomorphism can make of the logits."""

from __future__ import annotations

from typing import Any

from jaxtyping import Float, Int64
from torch import Tensor, nn

from ..certifying import worst_logits
from .classifier import Classifier

__all__ = ["WorstCase"]


class WorstCase(nn.Module):
    """Images in [0, 1], their labels and a displacement in pixels to `worst_logits` of a classifier.

    Args:
        classifier: around a surface network of which `certify` knows how far its logits move.

    Raises:
        ArgumentError: when called, as `worst_logits`.
    """

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(
        self, images: Float[Tensor, "b c h w"], labels: Int64[Tensor, "b"], displacement: float
    ) -> Float[Tensor, "b classes"]:
        net: Any = self.classifier.net
        surface = net.pool.surface(self.classifier.standardised(images))
        return worst_logits(net, surface, labels, 2 * displacement / min(images.shape[-2:]))
