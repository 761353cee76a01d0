"""Examples in docstrings as code: griffe takes them for text where no heading stands before them."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

__all__ = ["Fenced", "fenced"]


def fenced(text: str) -> str:
    """Each paragraph that begins with a prompt, as a block of code.

    >>> print(fenced("Adds.\\n\\n>>> 1 + 1\\n2"))
    Adds.
    <BLANKLINE>
    ```pycon
    >>> 1 + 1
    2
    ```
    """
    return re.sub(r"(?m)^>>> .*\n?(?:.+\n?)*", lambda found: f"```pycon\n{found[0].rstrip()}\n```\n", text).rstrip("\n")


class Fenced(Extension):
    """Applied to every docstring that is read."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Once the object is there, and its docstring with it."""
        if obj.docstring is not None and ">>> " in obj.docstring.value:
            obj.docstring.value = fenced(obj.docstring.value)
