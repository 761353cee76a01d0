"""Trees of tensors and of fields: tuples, lists, dicts, dataclasses; a leaf has a path such as `pos` or `[0].h`.

Types of a few other libraries are trees too (`adapters`); one of one's own is, with methods `opened()`, its branches as
pairs of a name and a child, and `closed(branches)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from torch import Tensor

from ..errors import ArgumentError
from .adapters import adapter_of
from .field import Field

__all__ = ["beside", "leaves", "map_tree", "match_trees", "outline", "parted", "united", "unites"]


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, leaf), in order; the path of a single leaf is empty."""
    if (children := _children(tree)) is None:
        yield path, tree
        return
    for key, child in children:
        named = f"{path}.{key}" if path and not key.startswith("[") else f"{path}{key}"
        yield from leaves(child, named)


def beside(declared: Any, tree: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, leaf of what is declared, what a matching tree has in its place)."""
    if (children := _children(declared)) is None:
        yield path, declared, tree
        return
    found = dict(_like(tree, declared) or ())
    for key, child in children:
        yield from beside(child, found[key], f"{path}.{key}" if path and not key.startswith("[") else f"{path}{key}")


def map_tree(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """The same tree, with the function of the leaves of all trees at each place; None holds a place."""
    children = _children(tree)
    if children is None:
        return function(tree, *others)
    beside = [dict(_like(other, tree) or ()) for other in others]
    mapped = {key: map_tree(function, child, *(other[key] for other in beside)) for key, child in children}
    return _rebuilt(tree, mapped)


def unites(tree: Any) -> bool:
    """Whether there is something in it whose batches are one larger thing, as graphs of torch_geometric are."""
    if hasattr(adapter_of(tree), "united"):
        return True
    return any(unites(child) for _, child in _children(tree) or ())


def united(tree: Any) -> Any:
    """A tree whose leaves have a batch axis as batches of its library's own type, such as one graph of many."""
    if (adapter := adapter_of(tree)) is not None and hasattr(adapter, "united"):
        return adapter.united(tree)
    children = _children(tree)
    return tree if children is None else _rebuilt(tree, {key: united(child) for key, child in children})


def parted(tree: Any, count: int) -> Any:
    """What a model made of `count` samples that were united: tensors with an axis of samples again."""
    if (adapter := adapter_of(tree)) is not None and hasattr(adapter, "parted"):
        return adapter.parted(tree, count)
    if (children := _children(tree)) is not None:
        return _rebuilt(tree, {key: parted(child, count) for key, child in children})
    whole = isinstance(tree, Tensor) and tree.ndim > 0 and len(tree) != count and len(tree) % count == 0
    return tree.unflatten(0, (count, -1)) if whole else tree


def _rebuilt(tree: Any, mapped: dict[str, Any]) -> Any:
    if isinstance(tree, dict):
        return dict(zip(tree, mapped.values(), strict=True))
    if hasattr(tree, "closed"):
        return tree.closed(mapped)
    if (adapter := adapter_of(tree)) is not None:
        return adapter.closed(tree, mapped)
    if is_dataclass(tree) and not isinstance(tree, type):
        return replace(tree, **mapped)
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*mapped.values())
    return tuple(mapped.values()) if isinstance(tree, tuple) else list(mapped.values())


def outline(tree: Any, of: Callable[[Any], Any]) -> Any:
    """Equal for trees of the same branches whose leaves are equal under `of`; it can be hashed."""
    if (children := _children(tree)) is None:
        return of(tree)
    return type(tree), str(getattr(tree, "kind", "")), tuple((key, outline(child, of)) for key, child in children)


def match_trees(name: str, tree: Any, declared: Any, path: str = "") -> None:
    """Raises ArgumentError where a tree has other branches than the declared one; a leaf there fits anything."""
    wanted = _children(declared)
    if wanted is None:
        return
    found = _like(tree, declared)
    here = f"{name}{path}"
    if found is None:
        raise ArgumentError(here, type(tree).__name__, f"{type(declared).__name__} of {_keys(wanted)}, as declared")
    missing = [key for key, _ in wanted if key not in dict(found)]
    extra = [key for key, _ in found if key not in dict(wanted)]
    if missing or extra:
        told = f"without {', '.join(missing)}" if missing else f"with {', '.join(extra)} besides"
        raise ArgumentError(here, f"{type(tree).__name__} {told}", f"{_keys(wanted)}, as declared")
    for key, child in wanted:
        match_trees(name, dict(found)[key], child, f"{path}{key}" if key.startswith("[") else f"{path}.{key}")


def _children(tree: Any) -> list[tuple[str, Any]] | None:
    if isinstance(tree, Tensor | Field):
        return None
    if isinstance(tree, dict):
        return [(str(key), child) for key, child in tree.items()]
    if hasattr(tree, "opened"):
        return tree.opened()
    if (adapter := adapter_of(tree)) is not None:
        return adapter.opened(tree)
    if isinstance(tree, tuple | list):
        names = getattr(tree, "_fields", None) or [f"[{i}]" for i in range(len(tree))]
        return list(zip(names, tree, strict=True))
    if is_dataclass(tree) and not isinstance(tree, type):
        return [(item.name, getattr(tree, item.name)) for item in fields(tree)]
    return None


def _like(tree: Any, declared: Any) -> list[tuple[str, Any]] | None:
    """The branches; of tuples and lists by position, whatever names they have."""
    found, wanted = _children(tree), _children(declared)
    sequences = isinstance(tree, tuple | list) and isinstance(declared, tuple | list)
    if not sequences or found is None or wanted is None or len(found) != len(wanted):
        return found
    return [(name, child) for (name, _), (_, child) in zip(wanted, found, strict=True)]


def _keys(children: list[tuple[str, Any]]) -> str:
    return ", ".join(key for key, _ in children)
