"""Public names that say nothing of themselves: `python -m tools.docstrings`; the tests hold the list empty.

Public is what a room of the reference has in `__all__`, and the methods and properties of these classes without an
underscore. A method that overrides one with a docstring has that one's: the law is said once. The `forward` of a layer
is what its class describes, and a jaxtyping annotation has its shapes.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from tools.site.reference import ROOMS, public_names

__all__ = ["NOT_INSTALLED", "main", "silent"]

_SAID_BY_THE_CLASS = {"forward", "extra_repr"}
NOT_INSTALLED = {"TrainerWatch"}  # its base is in transformers


def silent(rooms: Iterable[str] = tuple(ROOMS)) -> Iterator[str]:
    """Each public function, class, method and property without a docstring of its own or of a base in this library."""
    seen: set[int] = set()
    for room in rooms:
        module = importlib.import_module(room)
        for name in public_names(room):
            if name in NOT_INSTALLED or id(value := getattr(module, name)) in seen:
                continue
            seen.add(id(value))
            if inspect.isclass(value):
                yield from _of_class(f"{room}.{name}", value)
            elif inspect.isfunction(value) and not value.__doc__:
                yield f"{room}.{name}"


def _of_class(place: str, kind: type) -> Iterator[str]:
    """Of the class, and of what it has from bases, under the base's name."""
    if not kind.__doc__ or kind.__doc__.startswith(f"{kind.__name__}("):  # what dataclasses make up
        yield place
    for base in kind.__mro__:
        if not base.__module__.startswith("invariance"):
            continue
        for name, member in vars(base).items():
            if not name.startswith("_") and name not in _SAID_BY_THE_CLASS and not _said(kind, name, member):
                yield f"{base.__module__}.{base.__qualname__}.{name}"


def _said(kind: type, name: str, member: Any) -> bool:
    """Whether it, or what it overrides in this library, has a docstring; plain data need none."""
    function = getattr(member, "__func__", getattr(member, "fget", None) or getattr(member, "func", member))
    if not inspect.isfunction(function):
        return True
    ours = (base for base in kind.__mro__ if base.__module__.startswith("invariance") or base.__module__ == "abc")
    found = (vars(base).get(name) for base in ours)
    return any(getattr(each, "__doc__", None) for each in found if each is not None)


def main() -> int:
    """Print them; status 1 if there are any."""
    names = list(dict.fromkeys(silent()))
    print("\n".join(names))
    return int(bool(names))


if __name__ == "__main__":
    sys.exit(main())
