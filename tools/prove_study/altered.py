"""Certificates with one field changed: every leaf of the file, as an accident leaves it, or sealed anew on purpose."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from torch import nn

from invariance.proving.checker import RefusedError, seal, verify

__all__ = ["alterations", "refused"]

Path = tuple[Any, ...]


def _leaves(found: Any, path: Path = ()) -> Iterator[Path]:
    items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, item in items:
        yield from _leaves(item, (*path, key))
    if path and (not isinstance(found, dict | list) or not found):
        yield path


def alterations(certificate: dict[str, Any], *, sealed: bool) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The certificate with each of its leaves changed in turn; `sealed`: with a seal that fits what was changed.

    What the group and its generators are called are words for the reader: no proof depends on them, so `sealed` leaves
    them out.
    """
    for path in _leaves(certificate):
        if sealed and (path[0] in ("seal", "torch", "group") or path[-1] == "name"):
            continue
        changed = copy.deepcopy(certificate)
        where = changed
        for key in path[:-1]:
            where = where[key]
        where[path[-1]] = _other(where[path[-1]])
        yield path, changed | {"seal": seal(changed)} if sealed else changed


def _other(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return "x"
    if isinstance(value, int | float):
        return value + 1
    return f"{value}x" if isinstance(value, str) else [0]


def refused(certificate: dict[str, Any], model: nn.Module, program: Any = None) -> str | None:
    """Why the checker refuses, or None. `program`: of `exported`."""
    try:
        verify(certificate, model, program)
    except RefusedError as error:
        return str(error)
    return None
