"""Examples in docstrings as code, which griffe takes for text where no heading stands before them; formulae as such."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

__all__ = ["Fenced", "displayed", "fenced"]


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


def displayed(text: str) -> str:
    """Each formula between two $$ that begins a line, as a paragraph: inside of one it would be shown as it is typed.

    >>> displayed("So\n$$a = b,$$\nand")
    'So\n\n$$a = b,$$\n\nand'
    """
    return re.sub(r"(?ms)^\$\$(.+?)\$\$[ \t]*$", r"\n$$\1$$\n", text)


class Fenced(Extension):
    """Applied to every docstring that is read."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Once the object is there, and its docstring with it."""
        if obj.docstring is not None:
            text = displayed(obj.docstring.value)
            obj.docstring.value = fenced(text) if ">>> " in text else text
