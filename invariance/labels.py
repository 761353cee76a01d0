"""Classes of images."""

from __future__ import annotations

from torch import Tensor

from .errors import ArgumentError, ArgumentTypeError

__all__ = ["require_labels"]


def require_labels(labels: object, count: int) -> None:
    """Raises ArgumentTypeError, ArgumentError for what is no tensor of `count` whole numbers."""
    if not isinstance(labels, Tensor) or labels.is_floating_point() or labels.is_complex():
        found = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
        raise ArgumentTypeError(
            "labels", found, "a tensor of whole numbers, the class of each image: torch.tensor([…])"
        )
    if labels.ndim != 1 or len(labels) != count:
        raise ArgumentError("labels.shape", tuple(labels.shape), f"({count},), one for each image")
