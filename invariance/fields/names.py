"""Fields by name, as the command line and files spell them: `image:3x33x33`, `nodes:16x5:vector`, `points:16`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any, get_args

from ..errors import ArgumentError, one_of
from . import make
from .fibres import Fibre
from .field import Field, Invariant, Layout

__all__ = ["KINDS", "FieldKind", "fibre_named", "field_named", "fields_named"]


@dataclass(frozen=True)
class FieldKind:
    """A line of the list: how it is made, an example, the tensor's shape, what it is, and a group that acts on it."""

    make: Callable[..., Field]
    example: str
    shape: str
    about: str
    counts: tuple[int, ...]
    group: str
    given: str = ""

    @property
    def line(self) -> str:
        """Options of `invariance check` that ask about it; what is only an output has an input beside it."""
        fields = f"--in {self.given} --out {self.example}" if self.given else f"--in {self.example}"
        return f'{fields} --group "{self.group}"'


KINDS: dict[str, FieldKind] = {
    "image": FieldKind(make.image, "image:3x33x33", "(b, c, [fibre,] h, w)", "pixels", (2, 3), "p4"),
    "volume": FieldKind(make.volume, "volume:1x16x16x16", "(b, c, [fibre,] d, h, w)", "voxels", (3, 4), "cube"),
    "video": FieldKind(make.video, "video:3x8x32x32", "(b, c, [fibre,] t, h, w)",
                       "frames in time", (3, 4), "time-reversal"),
    "sequence": FieldKind(make.sequence, "sequence:2x64", "(b, c, [fibre,] length)",
                          "samples in time", (1, 2), "time-reversal"),
    "points": FieldKind(make.points, "points:16", "(b, n, 3)",
                        "places in space; points:16x2 in the plane", (1, 2), "E(3)"),
    "vectors": FieldKind(make.vectors, "vectors:16", "(b, n, [c,] 3)", "directions at items", (1, 2), "O(3)"),
    "scalars": FieldKind(make.scalars, "scalars:16x5", "(b, n[, c])", "numbers at items", (1, 2), "S(16)"),
    "nodes": FieldKind(make.nodes, "nodes:12x5", "(b, n[, c][, fibre])",
                       "features of items, of any fibre", (1, 2), "S(12)"),
    "pairs": FieldKind(make.pairs, "pairs:12x4", "(b, n, n[, c][, fibre])",
                       "features of pairs of items", (1, 2), "S(12)"),
    "adjacency": FieldKind(make.adjacency, "adjacency:12", "(b, n, n)", "a graph as 0 and 1", (1,), "S(12)"),
    "edges": FieldKind(make.edges, "edges:12x40", "(b, 2, e)",
                       "a graph by ends of edges: nodes x edges", (2,), "S(12)"),
    "links": FieldKind(make.links, "links:6x4x10:on=atoms:to=rings", "(b, 2, e)",
                       "edges from one kind of items to another: items x items x edges",
                       (3,), "S(6, atoms) x S(4, rings)"),
    "mask": FieldKind(make.mask, "mask:12", "(b, n)", "which items are there", (1,), "S(12)"),
    "types": FieldKind(make.types, "types:12x5", "(b, n)", "what each item is, as whole numbers: items x kinds", (2,),
                       "S(12)"),
    "features": FieldKind(make.features, "features:4:vector", "(b[, c][, fibre])",
                          "numbers of a whole sample", (0, 1), "O(3)"),
    "irreps": FieldKind(lambda text: make.features(fibre=make.irreps(text)), "irreps:8x0e+4x1o", "(b, dim)",
                        "irreducible representations of O(3), as e3nn lays them out", (), "O(3)"),
    "labels": FieldKind(make.labels, "labels:10", "(b, …)", "class numbers, of an output", (1,), "p4", "image:3x8x8"),
    "boxes": FieldKind(make.boxes, "boxes:5x32x32", "(b, n, 4)",
                       "boxes on an image, corners in pixels", (2, 3), "p4", "image:3x32x32"),
    "invariant": FieldKind(lambda: Invariant(), "invariant", "any", "an output that stays", (0,), "p4", "image:3x8x8"),
}  # fmt: skip

_NAMED = re.compile(r"(?:([A-Za-z_]\w*)=)?([^=]*(?::.*)?)", re.DOTALL)
_CHANNELLESS = {"image": 2, "volume": 3, "video": 3, "sequence": 1}


def field_named(text: str) -> Field:
    """The field that is spelled so: a kind, its lengths, and options, separated by colons.

    Options are a fibre, a layout, `on=NAME` for the kind of items, `in=2` for fibres of the plane at items, and
    `scale=10` for how far apart random points are.

    Raises:
        ArgumentError: what is none, with the part that is not understood.

    >>> field_named("image:4x33x33:regular(C(8)):folded").shape, field_named("points:16").shape
    ((32, 33, 33), (16, 3))
    """
    kind, *rest = [part.strip() for part in _split(text, ":")]
    if kind not in KINDS:
        raise ArgumentError("field", text, one_of(kind, [k.example for k in KINDS.values()]))
    known = KINDS[kind]
    if kind == "irreps":
        return _call(text, known, [":".join(rest)], {})
    sized = bool(rest) and re.fullmatch(r"\d+(x\d+)*", rest[0]) is not None
    numbers: list[int | None] = [int(n) for n in rest.pop(0).split("x")] if sized else []
    if len(numbers) not in known.counts:
        raise ArgumentError("field", text, f"lengths as in {known.example}")
    if _CHANNELLESS.get(kind) == len(numbers):
        numbers.insert(0, None)
    options: dict[str, Any] = {}
    for part in rest:
        if part in get_args(Layout):
            options["layout"] = part
        elif part.startswith("on="):
            options["on"] = part[3:]
        elif part.startswith("to=") and kind == "links":
            options["to"] = part[3:]
        elif part.startswith("in=") and part[3:].isdigit():
            options["dimension"] = int(part[3:])
        elif part.startswith("scale="):
            options["scale"] = _number(text, part[6:])
        elif kind == "boxes":
            options["form"] = part
        else:
            options["fibre"] = part
    return _call(text, known, numbers, options)


def fields_named(text: str) -> Field | tuple[Field, ...] | dict[str, Field]:
    """One field; or several, separated by commas, by position, or by name as in "pos=points:16,h=nodes:16x5".

    Raises:
        ArgumentError: as `field_named` does; some with a name and some without, or a name twice.
    """
    named = [_NAMED.fullmatch(part.strip()) for part in _split(text, ",")]
    found = [(match[1], field_named(match[2])) for match in named if match]
    if len({name for name, _ in found}) == len(found) and all(name for name, _ in found):
        return dict(found)
    if any(name for name, _ in found):
        raise ArgumentError("fields", text, "a different name for each, as in pos=points:16,h=nodes:16x5, or for none")
    return found[0][1] if len(found) == 1 else tuple(field for _, field in found)


def fibre_named(text: str) -> Fibre:
    """A fibre with arguments: regular(C(8)), quotient(D(4), C(2)), irreps(4x1o), or irreps2(3x1) of the plane."""
    name, _, inner = text.removesuffix(")").partition("(")
    parts = [part.strip() for part in _split(inner, ",")]
    match name:
        case "regular" if len(parts) == 1:
            return make.regular(parts[0])
        case "quotient" if len(parts) == 2:
            return make.quotient(parts[0], parts[1])
        case "irreps" | "irreps2" if len(parts) == 1:
            return make.irreps(parts[0], 2 if name == "irreps2" else 3)
    raise ArgumentError("fibre", text, "regular(GROUP), quotient(GROUP, SUBGROUP) or irreps(8x0e+4x1o)")


def _number(text: str, written: str) -> float:
    try:
        value = float(written)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ArgumentError("field", text, f"a positive number for scale, not {written!r}")
    return value


def _call(text: str, known: FieldKind, numbers: list[Any], options: dict[str, Any]) -> Field:
    try:
        return known.make(*numbers, **options)
    except TypeError as error:
        used, taken = [*options], signature(known.make).parameters
        refused = ", ".join(f"{options[name]} ({name})" for name in used if name not in taken)
        raise ArgumentError("field", text, f"options as in {known.example}, without {refused or error}") from error


def _split(text: str, mark: str) -> list[str]:
    """At the marks that are in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
