"""Certificates with one field changed: as an accident leaves them, and sealed anew by someone who means it."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from invariance.proving.checker import RefusedError, motion, seal, verify

__all__ = ["altered", "refused", "same"]

Path = tuple[Any, ...]


def _leaves(found: Any, path: Path = ()) -> Iterator[Path]:
    items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, item in items:
        yield from _leaves(item, (*path, key))
    if not isinstance(found, dict | list) or not found:
        yield path


def altered(certificate: dict[str, Any], draw: random.Random, *, sealed: bool) -> tuple[dict[str, Any], Path]:
    """One field changed; `sealed`: in the motions alone, and with a seal that fits."""
    changed = copy.deepcopy(certificate)
    fields = ("shape", "turn", "tables", "scales", "block")
    paths = [p for p in _leaves(changed) if not sealed or ("generators" in p and any(f in p for f in fields))]
    path = draw.choice(paths)
    where = changed
    for key in path[:-1]:
        where = where[key]
    where[path[-1]] = _other(where[path[-1]], draw)
    return (changed | {"seal": seal(changed)} if sealed else changed), path


def _other(value: Any, draw: random.Random) -> Any:
    if isinstance(value, bool) or value is None:
        return "x"
    if isinstance(value, int):
        return value + draw.choice([-1, 1])
    if isinstance(value, float):
        return -value
    return f"{value}x" if isinstance(value, str) else [0]


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two certificates state the same motions, written otherwise."""
    try:
        for a, b in zip(one["generators"], other["generators"], strict=True):
            stated = [(x, b["steps"][name]) for name, x in a["steps"].items()]
            stated += [*zip(a["inputs"], b["inputs"], strict=True), *zip(a["outputs"], b["outputs"], strict=True)]
            for x, y in stated:
                if ("turn" in (x or {})) != ("turn" in (y or {})):
                    return False
                if x and "turn" in x and not all(map(torch.equal, motion(x, ""), motion(y, ""))):
                    return False
    except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError):
        return False
    return True


def refused(certificate: dict[str, Any], model: nn.Module) -> str | None:
    """Why the checker refuses, or None."""
    try:
        verify(certificate, model)
    except RefusedError as error:
        return str(error)
    return None
