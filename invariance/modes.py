"""Networks in evaluation mode."""

from __future__ import annotations

import copy
import warnings
from contextlib import suppress

from torch import nn

__all__ = ["in_evaluation", "to_evaluation"]


def to_evaluation(net: nn.Module) -> nn.Module:
    """The network itself, in evaluation mode; an exported program has one mode and is left as it is."""
    with suppress(NotImplementedError):
        net.eval()
    return net


def in_evaluation(net: nn.Module) -> nn.Module:
    """A copy in evaluation mode."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch's own, when exported programs are copied
        return to_evaluation(copy.deepcopy(net))
