"""Types of other libraries in trees of fields and tensors, each in a file that is imported once such a type is met.

A file has `opened(tree)`, its branches or None for a leaf, `closed(tree, branches)`, the same with other branches, and
`as_field(leaf)`, the field that a leaf stands for.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["adapter_of"]

_FILES = {"e3nn": "e3nn", "escnn": "escnn", "torch_geometric": "geometric"}
_KNOWN: dict[type, ModuleType | None] = {}


def adapter_of(tree: Any) -> ModuleType | None:
    """The file for this type, or for one that it is derived from; None for types that are not of these libraries."""
    kind = type(tree)
    if kind not in _KNOWN:
        packages = [base.__module__.partition(".")[0] for base in kind.__mro__]
        found = next((_FILES[name] for name in packages if name in _FILES), None)
        _KNOWN[kind] = None if found is None else import_module(f"{__name__}.{found}")
    return _KNOWN[kind]
