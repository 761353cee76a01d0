"""What options of several commands have in common: files that are tried before the work, seeds, devices, lists."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from ..errors import ArgumentError, ArgumentTypeError
from .sections import section

__all__ = [
    "COUNT",
    "GROUP_NAMES",
    "PICTURE",
    "SEED",
    "WARP_NAMES",
    "InputPath",
    "OutputFile",
    "OutputFolder",
    "Source",
    "Text",
    "Whole",
    "as_typed",
    "device_of",
    "listed",
    "question_options",
    "sample_size",
    "without_batch",
]

T = TypeVar("T")


class Text(click.ParamType):
    """Words that may not be empty."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not str(value).strip():
            self.fail("'' is empty: give a value, or leave the option out", param, ctx)
        return str(value)


class Source(Text):
    """Words that name what is read, such as a model: no output may be written over it."""


class Whole(click.ParamType):
    """A whole number from `least` to `most`, which has a name."""

    name = "integer"

    def __init__(self, least: int, most: int = 2**31 - 1, named: str = "2³¹ − 1") -> None:
        self.least, self.most = least, most
        self.wanted = f"a whole number from {least} to {named}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(value)
        except ValueError:
            number = self.least - 1
        if not self.least <= number <= self.most:
            raise ArgumentError(_option(param), value, self.wanted)
        return number


COUNT = Whole(1)
"""How many of something."""

SEED = Whole(0, 2**63 - 1, "2⁶³ − 1")
"""What `torch.Generator.manual_seed` takes."""


class InputPath(click.ParamType):
    """A file or folder that is read; the command that reads it says what is wrong with it."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if not str(value):
            self.fail("'' is no name of a file or folder", param, ctx)
        from ..reading import is_folder

        is_folder(_option(param), path := Path(value))  # of a name that no file can have, an error here
        return path


_BEGINNINGS = {
    **{".json": rb"\A\s*[{\[]", ".safetensors": rb"\A.{8}\{"},
    **{".png": rb"\A\x89PNG.*invariance", ".svg": rb"\A<\?xml.*invariance", ".pdf": rb"\A%PDF.*invariance"},
}
"""Of files by their kind, as patterns: what has another one was not written by the option that would replace it.

A picture says what drew it: a photograph, or a thesis, is none of ours."""


class OutputFile(InputPath):
    """A file that is written after the work, and tried before it; one of another kind that is there is kept.

    Args:
        suffixes: one of these it must have; without any it is JSON of any name.
        holds: a pattern of the files that may be replaced; by default what is known of their kind.
    """

    name = "file"

    def __init__(self, *suffixes: str, holds: bytes | None = None) -> None:
        self.suffixes, self.holds = suffixes, holds

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        from ..files import require_writable

        path = super().convert(value, param, ctx)
        option = _option(param)
        if str(value) == "-":
            raise ArgumentError(option, value, "the name of a file: this is not written to the screen (./- is a file)")
        if self.suffixes and path.suffix.lower() not in self.suffixes:
            raise ArgumentError(option, path, f"a file name that ends in {' or '.join(self.suffixes)}")
        kind = path.suffix.lower() if self.suffixes else ".json"
        require_writable(option, path, replaces=_BEGINNINGS.get(kind, b"") if self.holds is None else self.holds)
        return path


class OutputFolder(InputPath):
    """A folder in which files are written after the work, and tried before it."""

    name = "folder"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        from ..files import require_folder

        path = super().convert(value, param, ctx)
        require_folder(_option(param), path)
        return path


PICTURE = OutputFile(".png", ".svg", ".pdf")


def _option(param: click.Parameter | None) -> str:
    return "file" if param is None else param.opts[0]


def device_of(name: str) -> str:
    """cpu or cuda; of "auto" what there is.

    Raises:
        ArgumentError: another one, or one that this machine does not have.
    """
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cpu" or (name.partition(":")[0] == "cuda" and _has_cuda(name)):
        return name
    raise ArgumentError("--device", name, "cpu, or cuda on a machine that has it")


def _has_cuda(name: str) -> bool:
    import torch

    number = name.removeprefix("cuda").removeprefix(":") or "0"
    return number.isdecimal() and int(number) < torch.cuda.device_count()


@contextmanager
def as_typed(options: Mapping[str, str]) -> Iterator[None]:
    """Errors that name an argument of Python name the option that was typed for it; so for code in their advice."""
    try:
        yield
    except (ArgumentError, ArgumentTypeError) as error:
        argument, value, wanted = error.args
        advice = wanted
        for code, option in options.items():
            advice = advice.replace(code, option) if "(" in code else advice
        if argument not in options and advice == wanted:
            raise
        raise type(error)(options.get(argument, argument), value, advice) from error


def listed(option: str, text: str, kind: Callable[[str], T]) -> tuple[T, ...]:
    """Values separated by commas.

    Raises:
        ArgumentError: one that `kind`, int or float, does not read.
    """
    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError as error:
        what, example = ("whole numbers", "3,33,33") if kind is int else ("numbers", "0.1,0.2")
        raise ArgumentError(option, text, f"{what} separated by commas, such as {example}") from error


def sample_size(shape: tuple[int, ...] | None, symmetry: Any) -> int:
    """How many numbers one sample has: of a shape, or of the fields of a symmetry, which may leave it open."""
    from ..fields.tree import leaves

    shapes = [shape] if shape else [field.shape for _, field in leaves(symmetry.inputs)]
    return sum(abs(math.prod(of_one)) for of_one in shapes)


@contextmanager
def without_batch(shape: tuple[int, ...] | None) -> Iterator[None]:
    """Of a network that refuses a shape (1, C, H, W), or of a command that does, what was meant is told."""
    try:
        yield
    except ArgumentError as error:
        argument, value, wanted = error.args
        if argument not in ("model", "input_shape") or not shape or len(shape) != 4 or shape[0] != 1:
            raise
        inner = ",".join(map(str, shape[1:]))
        raise type(error)(argument, value, f"{wanted}; without the batch axis it is --input {inner}") from error


GROUP_NAMES = (
    "translation, batch, p2, pm, cm, p4, p4m, colour-gain, block-fields, rotation, scale, shear, affine, "
    "affine-disc, affine-shift, cpab, homography, piecewise-linear, separable, smooth"
)
"""Groups and families of warps that `check` knows, here as words: help is printed without importing them."""

WARP_NAMES = (
    "affine, affine-disc, affine-shift, cpab, homography, piecewise-linear, separable, smooth, rotation, scale, "
    "shear, translation"
)
"""Families of warps and motions, for `curve` and `compare`."""

_QUESTION = (
    click.option("--input", "input_shape", type=Text(), metavar="C,H,W", help="Shape of one image, or C,LENGTH."),
    click.option("--group", type=Text(), help=f"{GROUP_NAMES}, C(8), O(3), S(12), …; see `invariance groups`."),
    click.option(
        "--in", "fields_in", type=Text(), metavar="FIELDS", help="Such as pos=points:16; see `invariance fields`."
    ),
    click.option("--out", "fields_out", type=Text(), metavar="FIELDS", help="Of the outputs; without it they stay."),
    click.option(
        "--symmetry", "source", type=Source(), metavar="FILE.py:NAME", help="A Symmetry that a line cannot spell."
    ),
)


def question_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that name a group and the fields that it acts on."""
    return section("What is asked", *_QUESTION)(command)
