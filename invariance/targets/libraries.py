"""Networks of libraries by their names there; the libraries are imported when one is asked for."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from torch import nn

from ..errors import ArgumentError, reason_of

__all__ = ["LIBRARIES", "from_library"]


def _timm(library: ModuleType, name: str, weights: str) -> nn.Module:
    return library.create_model(f"{name}.{weights}" if weights else name, pretrained=bool(weights))


def _torchvision(library: ModuleType, name: str, weights: str) -> nn.Module:
    return library.get_model(name, weights=weights or None)


LIBRARIES: dict[str, tuple[str, Callable[[Any, str, str], nn.Module]]] = {
    "timm": ("timm", _timm),
    "torchvision": ("torchvision.models", _torchvision),
}
"""By prefix: the module, and how it makes a network of a name and of weights, which may be none."""


def from_library(library: str, name: str, *, seed: int = 0) -> nn.Module:
    """`NAME`, with random weights from `seed`; `NAME.WEIGHTS`, such as `resnet18.a1_in1k` or `resnet18.IMAGENET1K_V1`,
    with those that the library then downloads. In eval mode.

    Raises:
        ArgumentError: the library is not installed, or makes no such network; says why.
    """
    from importlib import import_module

    target, (module, make) = f"{library}:{name}", LIBRARIES[library]
    try:
        found = import_module(module)
    except ImportError as error:
        raise ArgumentError("TARGET", target, f"an installed library: pip install {library} ({error})") from error
    plain, _, weights = name.partition(".")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        try:
            return make(found, plain, weights).eval()
        except Exception as error:  # of any kind: an unknown name, weights that cannot be downloaded
            reason = reason_of(error)
            wanted = f"a network that {library} makes ({type(error).__name__}: {reason})"
            raise ArgumentError("TARGET", target, wanted) from error
