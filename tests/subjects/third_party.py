"""Packages of others that the toolkit is pointed at (extra `subjects`): imported where they are installed.

A package that is there and does not import is a failure, not a skip.
"""

import warnings
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from tools.check_study.symmetric import elsewhere

__all__ = ["antialiased", "e3nn", "egnn", "escnn", "geometric", "heterogeneous", "scattering"]


def escnn() -> Any:
    """escnn, whose groups in space alone need lie-learn (built for NumPy 1) and py3nj (built with Fortran)."""
    _require("escnn")
    return elsewhere.escnn()


def scattering() -> Any:
    """kymatio's Scattering2D; its transform in space imports a function that SciPy 1.17 no longer has."""
    _require("kymatio")
    from scipy import special

    if not hasattr(special, "sph_harm"):
        special.sph_harm = None  # pyright: ignore[reportAttributeAccessIssue]
    return import_module("kymatio.torch").Scattering2D


def antialiased() -> Any:
    """Zhang's own blur-pool, and torchvision's ResNet with it."""
    _require("antialiased_cnns")
    return import_module("antialiased_cnns")


def _require(name: str) -> None:
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed")


def e3nn() -> Any:
    """e3nn's `o3` and `nn`; o3 compiles with torch.jit, which torch calls deprecated."""
    _require("e3nn")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module("e3nn.o3"), import_module("e3nn.nn")


def geometric() -> Any:
    """torch_geometric's `nn` and `Data`."""
    _require("torch_geometric")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module("torch_geometric.nn"), import_module("torch_geometric.data").Data


def heterogeneous() -> Any:
    """An empty graph of several kinds of nodes."""
    geometric()
    return import_module("torch_geometric.data").HeteroData()


def egnn() -> Any:
    """Phil Wang's EGNN layer."""
    _require("egnn_pytorch")
    geometric()
    return import_module("egnn_pytorch").EGNN
