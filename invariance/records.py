"""Records that are read again: one schema for all kinds, `records.json`; what does not fit is said with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from .errors import ArgumentError
from .reading import read_json

__all__ = ["check_record", "read_record"]


def read_record(argument: str, path: Path, *kinds: str, error: type[ArgumentError] = ArgumentError) -> Any:
    """The record of one of these kinds that a file of JSON holds.

    Raises:
        error: no such file, not JSON, or no such record; says where in it.
    """
    content = read_json(argument, path, error=error)
    found = content.get("kind") if isinstance(content, dict) else None
    kind = found if found in kinds else kinds[0]
    try:
        check_record(content, kind)
    except ValueError as failure:
        raise error(argument, path, f"a record of kind {' or '.join(kinds)}: {failure}") from failure
    return content


def check_record(content: Any, kind: str) -> None:
    """Check content against the schema of a kind.

    >>> check_record({"history": [], "best": None, "scaler": {}}, "state")
    >>> check_record({"history": 3, "best": None, "scaler": {}}, "state")
    Traceback (most recent call last):
        ...
    ValueError: history must be array

    Raises:
        ValueError: says where it does not fit, and what is wanted there.
    """
    from fastjsonschema import JsonSchemaValueException

    try:
        _validator(kind)(content)
    except JsonSchemaValueException as failure:
        raise ValueError(re.sub(r"^data(\.| )", lambda at: "it " * (at[1] == " "), failure.message)[:300]) from failure


@cache
def _validator(kind: str) -> Callable[[Any], Any]:
    # Plain Python without dependencies, imported in 7 ms; jsonschema takes 0.4 s, pydantic a compiled library of 2 MB.
    import fastjsonschema

    schema = json.loads(files(__package__ or "").joinpath("records.json").read_text(encoding="utf-8"))
    return fastjsonschema.compile(schema | {"$ref": f"#/definitions/{kind}"})
