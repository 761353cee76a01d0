"""What no command line may say: an option twice, an output over what it reads or over another output."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ..errors import ArgumentError
from .parameters import InputPath, OutputFile, Source

__all__ = ["require_one_meaning", "typed_name"]


def require_one_meaning(command: click.Command, ctx: click.Context, words: Sequence[str]) -> None:
    """Look at the words of a line before any is converted, for all commands.

    Raises:
        ArgumentError: an option that takes one value is given twice; a file that would be written is one that is read,
            lies in a folder that is read, or is written by another option, too.
    """
    values, _, order = command.make_parser(ctx).parse_args(list(words))
    if any("--help" in parameter.opts for parameter in order):
        return
    for parameter, times in Counter(order).items():
        if times > 1 and isinstance(parameter, click.Option) and not (parameter.multiple or parameter.count):
            value = values.get(parameter.name or "")
            raise ArgumentError(typed_name(parameter), value, f"given once, not {times} times")
    written: dict[Path, str] = {}
    read = [path for parameter in command.params for path in _read(parameter, values)]
    for parameter in command.params:
        if isinstance(parameter.type, OutputFile) and values.get(parameter.name or ""):
            option, name = typed_name(parameter), str(values[parameter.name or ""])
            if (path := _real(name)) is None:
                continue
            if (other := written.setdefault(path, option)) != option:
                raise ArgumentError(option, name, f"another name than that of {other}")
            for source, said in read:
                if path == source or (path.exists() and source in path.parents and source.is_dir()):
                    raise ArgumentError(option, name, f"another name: {said} reads it, and it would be lost")


def _read(parameter: click.Parameter, values: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """The files and folders that a parameter names, whole or as a part: LABEL=TARGET, FILE.py:NAME, NET@WEIGHTS."""
    reads = isinstance(parameter.type, Source | InputPath) and not isinstance(parameter.type, OutputFile)
    given = values.get(parameter.name or "") if reads else None
    words = [given] if isinstance(given, str) else list(map(str, given)) if isinstance(given, Sequence) else []
    for word in words:
        for part in {word, *re.split("[@=:]", word)} - {""}:
            if (path := _real(part)) is not None and path.exists():
                yield path, typed_name(parameter)


def typed_name(parameter: click.Parameter) -> str:
    """As it is typed, or as the help has it."""
    return parameter.opts[0] if isinstance(parameter, click.Option) else str(parameter.name).upper()


def _real(name: str) -> Path | None:
    """The file behind symbolic links; None where no file can have this name."""
    try:
        path = Path(name).resolve()
        path.exists()
    except (OSError, RuntimeError, ValueError):
        return None
    return path
