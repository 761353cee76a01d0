"""Fields by the names that people have for tensors.

`fibre` is one of these, or a fibre made by `regular`, `quotient`, `irreps`, `representation`: "scalar",
"pseudo-scalar", "vector", "pseudo-vector", "covector", "matrix", "symmetric", "traceless", "voigt", "colour".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from torch import Tensor

from ..errors import ArgumentError
from ..groups import Element, FiniteGroup, Group, SplitGroup, as_group
from .discrete import Adjacency, Boxes, EdgeIndex, Labels, Mask, Types
from .domains import Domain, Grid, Items, Pairs
from .fibres import SCALAR, Colour, Fibre, Irreps, Matrices, Position, Regular, Tensors, Voigt
from .field import Invariant, Layout, TensorField
from .links import Links

__all__ = [
    "FIBRES",
    "adjacency",
    "boxes",
    "edges",
    "features",
    "image",
    "invariant",
    "irreps",
    "labels",
    "links",
    "mask",
    "nodes",
    "pairs",
    "points",
    "quotient",
    "regular",
    "representation",
    "scalars",
    "sequence",
    "types",
    "vectors",
    "video",
    "volume",
]

FIBRES = {
    "scalar": "a number, which stays",
    "pseudo-scalar": "a number that changes sign under reflections",
    "vector": "a direction: A v",
    "pseudo-vector": "an axial vector, such as a torque: det(A) A v",
    "covector": "a gradient: A⁻ᵀ v",
    "matrix": "a tensor of rank 2: A T Aᵀ",
    "symmetric": "a symmetric one",
    "traceless": "a symmetric one without trace",
    "voigt": "a symmetric one by xx, yy, zz, yz, xz, xy",
    "colour": "what the group does to channels",
}

AnyFibre = str | Fibre


def image(channels: int | None, height: int, width: int | None = None, fibre: AnyFibre = "scalar",
          layout: Layout = "separate") -> TensorField:  # fmt: skip
    """`(batch, channels, [fibre,] height, width)`; square where no width is given."""
    sizes = (height, width or height)
    held = _fibre(fibre, 2, channels)
    return _made("image", Grid(sizes), held, _copies(held, channels), layout, (*_numbers(channels), *sizes))


def volume(channels: int | None, depth: int, height: int | None = None, width: int | None = None,
           fibre: AnyFibre = "scalar", layout: Layout = "separate") -> TensorField:  # fmt: skip
    """`(batch, channels, [fibre,] depth, height, width)`; a cube where only the depth is given."""
    sizes = (depth, height or depth, width or height or depth)
    held = _fibre(fibre, 3, channels)
    return _made("volume", Grid(sizes), held, _copies(held, channels), layout, (*_numbers(channels), *sizes))


def video(channels: int | None, frames: int, height: int, width: int | None = None, fibre: AnyFibre = "scalar",
          layout: Layout = "separate") -> TensorField:  # fmt: skip
    """`(batch, channels, [fibre,] frames, height, width)`: the plane moves in space, the frames in time."""
    sizes = (frames, height, width or height)
    held = _fibre(fibre, 2, channels)
    numbers = (*_numbers(channels), *sizes)
    return _made("video", Grid(sizes, timed=True), held, _copies(held, channels), layout, numbers)


def sequence(channels: int | None, length: int, fibre: AnyFibre = "scalar", layout: Layout = "separate") -> TensorField:
    """`(batch, channels, [fibre,] length)`; a "vector", such as a velocity, changes sign when time runs backwards."""
    held = _fibre(fibre, 1, channels, slot="time")
    numbers = (*_numbers(channels), length)
    return _made("sequence", Grid((length,), timed=True), held, _copies(held, channels), layout, numbers)


def nodes(count: int, channels: int | None = None, fibre: AnyFibre = "scalar", layout: Layout = "separate", *,
          on: str = "items", dimension: int = 3) -> TensorField:  # fmt: skip
    """`(batch, count[, channels][, fibre])`: features of items that permutations `on` this kind of items move."""
    held = _fibre(fibre, dimension, channels)
    numbers = (count, *_numbers(channels))
    return _made("nodes", Items(count, on), held, _copies(held, channels), layout, numbers, on, dimension)


def pairs(count: int, channels: int | None = None, fibre: AnyFibre = "scalar", layout: Layout = "separate", *,
          on: str = "items", dimension: int = 3) -> TensorField:  # fmt: skip
    """`(batch, count, count[, channels][, fibre])`: features of ordered pairs, such as edges of a dense graph."""
    held = _fibre(fibre, dimension, channels)
    numbers = (count, *_numbers(channels))
    return _made("pairs", Pairs(count, on), held, _copies(held, channels), layout, numbers, on, dimension)


def points(count: int, dimension: int = 3, *, centre: Sequence[float] | None = None, scale: float = 1.0,
           on: str = "items") -> TensorField:  # fmt: skip
    """`(batch, count, dimension)`: places in space, moved by translations too.

    Args:
        centre: what linear maps leave where it is: the origin, or the middle of an image for places on it.
        scale: standard deviation of random coordinates.
    """
    middle = None if centre is None else tuple(map(float, centre))
    sized = "" if scale == 1 else f"scale={scale:g}"
    spec = "" if middle else _spelled("points", (count, dimension) if dimension != 3 else (count,), sized, on=on)
    return TensorField(spec, Items(count, on), Position("position", (dimension,), middle), None, "separate", scale)


def vectors(count: int, channels: int | None = None, dimension: int = 3, *, on: str = "items") -> TensorField:
    """`(batch, count[, channels], dimension)`: directions at items, which translations do not move."""
    return nodes(count, channels, "vector", on=on, dimension=dimension)


def scalars(count: int, channels: int | None = None, *, on: str = "items") -> TensorField:
    """`(batch, count[, channels])`: `nodes` with numbers that space does not move."""
    return nodes(count, channels, on=on)


def features(channels: int | None = None, fibre: AnyFibre = "scalar", layout: Layout = "separate", *,
             dimension: int = 3) -> TensorField:  # fmt: skip
    """`(batch[, channels][, fibre])`: numbers, vectors or tensors of a whole sample."""
    held = _fibre(fibre, dimension, channels)
    numbers = _numbers(channels)
    return _made("features", Domain(), held, _copies(held, channels), layout, numbers, "items", dimension)


def irreps(text: str, dimension: int = 3) -> Irreps:
    """A fibre such as "8x0e+4x1o", as e3nn lays it out; of O(2) in the plane: "2x0+1x1+3x2"."""
    return Irreps.of(text, dimension)


def regular(group: Group | SplitGroup | str, order: Sequence[int] | None = None) -> Regular:
    """The fibre of functions on a finite group, whose places are its elements in their order, or as `order` says."""
    return quotient(group, None, order)


def quotient(group: Group | SplitGroup | str, subgroup: Group | SplitGroup | str | None,
             order: Sequence[int] | None = None) -> Regular:  # fmt: skip
    """The fibre of functions on the left cosets of a subgroup.

    Raises:
        ArgumentError: a group that is not listed element by element, a subgroup that is none, an order that leaves
            elements out.
    """
    full = _finite(group)
    inner = (0,) if subgroup is None else tuple(full.index(k) for k in _finite(subgroup).listed)
    if order is not None and sorted(order) != list(range(len(full.listed))):
        raise ArgumentError("order", tuple(order), f"each of the {len(full.listed)} elements once")
    wide = len(full.listed) // len(inner)
    names = str(full) if subgroup is None else f"{full}, {_finite(subgroup)}"
    spec = "" if order is not None else f"{'regular' if subgroup is None else 'quotient'}({names})"
    return Regular(spec, (wide,), full, inner, None if order is None else tuple(order))


def representation(width: int, function: Callable[[Element], Tensor | Sequence[Sequence[float]]]) -> Matrices:
    """A fibre by a function from group elements to matrices: ρ(gh) = ρ(g)ρ(h), which the check tests."""
    return Matrices("", (width,), function)


def edges(count: int, number: int, *, on: str = "items") -> EdgeIndex:
    """`(batch, 2, number)` of node numbers, as torch_geometric's `edge_index`: a permutation of nodes moves its values.

    The order of the edges moves by permutations of items of the kind "edges", as those of features `on="edges"` do.
    """
    return EdgeIndex(_spelled("edges", (count, number), on=on), count, number, on)


def links(sources: int, targets: int, number: int, *, on: str = "items", to: str = "items") -> Links:
    """`(batch, 2, number)`: from items of the kind `on` to items of the kind `to`, as `HeteroData` has them."""
    other = "" if to == "items" else f"to={to}"
    return Links(_spelled("links", (sources, targets, number), other, on=on), sources, targets, number, (on, to))


def adjacency(count: int, *, on: str = "items") -> Adjacency:
    """`(batch, count, count)` of 0 and 1."""
    return Adjacency(_spelled("adjacency", (count,), on=on), count, on)


def mask(count: int, *, on: str = "items") -> Mask:
    """`(batch, count)` of truth values: which items of a padded batch are there."""
    return Mask(_spelled("mask", (count,), on=on), count, on)


def types(count: int, kinds: int, *, on: str = "items") -> Types:
    """`(batch, count)` of whole numbers below `kinds`: what each item is."""
    if count < 1 or kinds < 2:
        raise ArgumentError("types", (count, kinds), "at least one item, of two kinds or more")
    return Types(_spelled("types", (count, kinds), on=on), count, on, kinds)


def labels(classes: int, exchanged: Sequence[int] | None = None) -> Labels:
    """Class numbers, of an output: they stay, or are exchanged by every element but the identity."""
    fixed = None if exchanged is None else tuple(exchanged)
    if fixed is not None and sorted(fixed) != list(range(classes)):
        raise ArgumentError("exchanged", fixed, f"each class from 0 to {classes - 1} once")
    return Labels("" if fixed else f"labels:{classes}", classes, fixed)


def boxes(count: int, height: int, width: int | None = None, form: Literal["xyxy", "cxcywh"] = "xyxy") -> Boxes:
    """`(batch, count, 4)` of boxes on an image, in pixels."""
    return Boxes(_spelled("boxes", (count, height, width or height), form if form != "xyxy" else ""),
                 count, (height, width or height), form)  # fmt: skip


def invariant() -> Invariant:
    """An output of any shape that stays: $F(gx) = F(x)$."""
    return Invariant()


def _made(kind: str, domain: Domain, fibre: Fibre, channels: int | None, layout: Layout, numbers: tuple[int, ...],
          on: str = "items", dimension: int = 3) -> TensorField:  # fmt: skip
    known = bool(fibre.spec)
    shown = "" if fibre.spec == "scalar" else fibre.spec
    space = f"in={dimension}" if dimension != 3 and shown and not shown.startswith(("regular", "quotient")) else ""
    spec = _spelled(kind, numbers, shown, "" if layout == "separate" else layout, space, on=on) if known else ""
    return TensorField(spec, domain, fibre, channels, layout)


def _spelled(kind: str, numbers: tuple[int, ...], *options: str, on: str = "items") -> str:
    sizes = "x".join(map(str, numbers))
    return ":".join(filter(None, (kind, sizes, *options, "" if on == "items" else f"on={on}")))


def _fibre(fibre: AnyFibre, dimension: int, channels: int | None, slot: str = "space") -> Fibre:
    if isinstance(fibre, Fibre):
        return fibre
    n = dimension
    match fibre:
        case "scalar":
            return SCALAR
        case "pseudo-scalar":
            return Tensors(fibre, (), n, 0, pseudo=True, slot=slot)
        case "vector" | "pseudo-vector" | "covector":
            return Tensors(fibre, (n,), n, 1, fibre == "pseudo-vector", fibre == "covector", slot=slot)
        case "matrix":
            return Tensors(fibre, (n, n), n, 2, slot=slot)
        case "symmetric" | "traceless":
            return Tensors(fibre, (n, n), n, 2, kept=fibre, slot=slot)
        case "voigt" if n == 3:
            return Voigt(fibre, (6,))
        case "colour" if channels is not None:
            return Colour(fibre, (channels,))
    if fibre.startswith(("irreps", "regular(", "quotient(")):
        from .names import fibre_named

        return fibre_named(fibre)
    known = f"one of {', '.join(FIBRES)}, regular(GROUP), quotient(GROUP, SUBGROUP), irreps(8x0e+4x1o)"
    raise ArgumentError("fibre", fibre, known)


def _copies(fibre: Fibre, channels: int | None) -> int | None:
    """Colour takes the channels for itself."""
    return None if isinstance(fibre, Colour) else channels


def _numbers(channels: int | None) -> tuple[int, ...]:
    return () if channels is None else (channels,)


def _finite(group: Group | SplitGroup | str) -> FiniteGroup:
    found = as_group(group)
    if not isinstance(found, FiniteGroup):
        raise ArgumentError("group", str(found), "a finite group that is listed element by element")
    return found
