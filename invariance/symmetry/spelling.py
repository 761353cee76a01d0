"""Trees of fields as the user types them, as files hold them, and as reports tell them."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ArgumentTypeError
from ..fields import Field, adapter_of, field_named, fields_named, leaves, map_tree

__all__ = ["as_fields", "joined", "plain", "restored", "told"]


def as_fields(name: str, tree: Any) -> Any:
    """Fields, or their names, as fields.

    Raises:
        ArgumentError, ArgumentTypeError: a name, or a leaf, that is none.
    """
    if isinstance(tree, str):
        return fields_named(tree)

    def single(leaf: Any) -> Field:
        adapter = adapter_of(leaf)
        found = field_named(leaf) if isinstance(leaf, str) else leaf if adapter is None else adapter.as_field(leaf)
        if not isinstance(found, Field):
            raise ArgumentTypeError(
                name, type(leaf).__name__, "a field of invariance.fields, its name, or a tree of them"
            )
        if not isinstance(getattr(found, "shape", None), tuple):
            raise ArgumentTypeError(name, f"{type(found).__name__} without a shape", "a field whose `shape` is a tuple")
        return found

    return map_tree(single, tree)


def plain(name: str, tree: Any) -> Any:
    """For a file; raises ArgumentError where a part has no name."""
    if isinstance(tree, Field):
        if not tree.spec:
            wanted = "a field that has a name; write the symmetry to FILE.py and give FILE.py:NAME"
            raise ArgumentError(name, type(tree).__name__, wanted)
        return tree.spec
    if isinstance(tree, dict):
        return {"dict": {key: plain(name, child) for key, child in tree.items()}}
    if type(tree) in (tuple, list):
        return {type(tree).__name__: [plain(name, child) for child in tree]}
    raise ArgumentError(name, type(tree).__name__, "tuples, lists and dicts of fields, for a file")


def restored(data: Any) -> Any:
    """What `plain` wrote."""
    if isinstance(data, str):
        return field_named(data)
    ((kind, children),) = data.items()
    if kind == "dict":
        return {key: restored(child) for key, child in children.items()}
    return {"tuple": tuple, "list": list}[kind](restored(child) for child in children)


def told(tree: Any) -> str:
    """In words, on one line."""

    def shown(path: str, leaf: Any) -> str:
        text = str(leaf) if isinstance(leaf, Field) else type(leaf).__name__
        return text if not path or path.startswith("[") else f"{path}={text}"

    return ", ".join(shown(path, leaf) for path, leaf in leaves(tree))


def joined(name: str, path: str) -> str:
    """The path of a leaf behind the name of its tree."""
    if not name:
        return path
    return f"{name}.{path}" if path and not path.startswith("[") else f"{name}{path}"
