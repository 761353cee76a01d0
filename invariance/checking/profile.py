"""The symmetry passport of a network: every group that can act on its input, both claims, from the same passes.

*exact*: every bit; *to rounding*; *approximately*: E with its interval below `NEAR`; *broken*, with the element that
does worst; *undefined*: the output is constant, or has no axis that the group could move.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from torch import Tensor

from .. import fields as f
from ..errors import ArgumentError, ArgumentTypeError
from ..fields import Fibre, Field, Grid, Irreps, Items, Position, TensorField, Tensors, Voigt, leaves, map_tree
from ..groups import FiniteGroup, Group, about_group, group_named
from ..groups.linear import LinearGroup
from ..measure.error import Model
from ..symmetry import Symmetry
from ..verdicts import Claim
from .proof import Prover
from .question import SymmetryQuestion
from .report import Row, overall
from .symmetric import Bench, Kind, judged

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from rich.table import Table

__all__ = ["NEAR", "Line", "Profile", "profile"]

NEAR = 0.1
"""E up to which a symmetry is called approximate: a tenth of how much two inputs differ."""

_TRIED = 5  # elements of a group: a passport is a survey, not a check

Status = Literal["exact", "to rounding", "approximately", "broken", "undefined"]
_ORDER = get_args(Status)


@dataclass(frozen=True)
class Line:
    """A group and a claim.

    Attributes:
        field: how the output moves, where it is equivariant.
        where: the element that does worst.
        note: what there is to say, such as why it is undefined.
        proved: for all inputs, by `prove`, in real arithmetic; None where nothing was tried: what is broken, a group
            that is not finite, a network that is not small, see `proof.small`.
    """

    group: str
    claim: Claim
    output: str
    status: Status
    error: float | None = None
    interval: tuple[float, float] | None = None
    field: str = ""
    where: str = ""
    note: str = ""
    proved: bool | None = None


@dataclass(frozen=True)
class Profile:
    """The lines in the order of the groups, *invariant* before *equivariant*."""

    inputs: str
    lines: tuple[Line, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a file: the lines, and what the numbers depend on."""
        from dataclasses import asdict

        from ..provenance import environment

        lines = [asdict(line) for line in self.lines]
        return {"kind": "profile", "inputs": self.inputs, "lines": lines, "environment": environment()}

    def table(self) -> Table:
        """A line for each group and claim, for rich's console: status, E with its interval, and the worst element."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table

        colours = {"exact": "green", "to rounding": "green", "approximately": "yellow", "broken": "red"}
        table = Table(
            "group", "claim", "output", "status", "proved", "error E", "worst, or why", box=SIMPLE_HEAD, pad_edge=False
        )
        for line in self.lines:
            low, high = line.interval or (0.0, 0.0)
            error = "–" if line.error is None else f"{line.error:.1e} [{low:.1e}, {high:.1e}]"
            status = f"[{colours.get(line.status, 'white')}]{line.status}[/]"
            output = " as ".join(filter(None, (line.output, line.field)))
            proved = {True: "[green]yes[/]", False: "no", None: "–"}[line.proved]
            cells = (line.claim, output, status, proved, error, line.where or line.note)
            table.add_row(f"{line.group}: {about_group(line.group)}", *cells)
        return table

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """The table as a figure: a row for each group, a column for each claim and output."""
        from ..plots import plot_profile

        columns = list(dict.fromkeys((line.claim, line.output) for line in self.lines))
        names = [f"{claim}{f', {output}' if output else ''}" for claim, output in columns]
        cells = {(line.group, names[columns.index((line.claim, line.output))]): line for line in self.lines}
        told = {place: (line.status, line.error) for place, line in cells.items()}
        groups = {line.group: f"{about_group(line.group)}: {line.group}" for line in self.lines}
        return plot_profile(groups, names, told, ax=ax, title=self.inputs)

    def __str__(self) -> str:
        return "\n".join(
            f"{line.group}, {line.claim}{f', {line.output}' if line.output else ''}: {line.status}"
            + ("" if line.error is None else f", E = {line.error:.1e}")
            for line in self.lines
        )


def profile(
    model: Model,
    inputs: Any = None,
    *,
    input_shape: Sequence[int] | None = None,
    batched: bool = True,
    batch: int = 8,
    generator: torch.Generator | None = None,
) -> Profile:
    """Every group that can act on the input, *invariant* and *equivariant*.

    Args:
        inputs: the fields of the inputs, as of `Symmetry`; or
        input_shape: (C, H, W) of an image or (C, length) of a sequence.

    Raises:
        ArgumentError, ArgumentTypeError: neither of both; what `check` raises.
    """
    if inputs is None:
        match tuple(input_shape or ()):
            case (channels, length):
                inputs = f.sequence(channels, length)
            case (channels, height, width):
                inputs = f.image(channels, height, width)
            case shape:
                raise ArgumentError("input_shape", shape, "(channels, height, width) or (channels, length); or inputs")
    seed = int(torch.randint(2**31, (), generator=generator or torch.Generator().manual_seed(0)))
    plain = Symmetry("flips", inputs, batched=batched)
    lines: list[Line] = []
    prover = Prover(model, plain.inputs)
    for name in _groups(plain.inputs):
        group = group_named(name)
        symmetry = Symmetry(group, _with_colour(plain.inputs, group), batched=batched)
        lines += _lines(model, prover, symmetry, SymmetryQuestion(symmetry, batch=batch, seed=seed))
    return Profile(", ".join(str(leaf) for _, leaf in leaves(plain.inputs)), tuple(lines))


def _lines(model: Model, prover: Prover, symmetry: Symmetry, question: SymmetryQuestion) -> Iterator[Line]:
    generator = torch.Generator().manual_seed(question.seed)
    bench = Bench(model, question)
    kind = bench.kind("random values", symmetry.sample(4, generator))
    elements = symmetry.group.tried(generator, 3)
    some = elements if len(elements) <= _TRIED else elements[:: -(-len(elements) // _TRIED)]
    moved = [(g, bench.run(symmetry.act(g, kind.inputs))[1]) for g in some]
    for path, output in bench.outputs(kind.plain).items():
        for claim in get_args(Claim):
            found = [f.invariant()] if claim == "invariant" else list(_output_fields(symmetry, output))
            lines = [(_line(bench, kind, moved, symmetry, path, claim, field, generator), field) for field in found]
            known = [(line, field) for line, field in lines if line is not None]
            best = min(known, key=lambda pair: _ORDER.index(pair[0].status), default=None)
            note = "the output has no axis that this group could move"
            if best is not None and not path and best[0].status in ("exact", "to rounding"):
                yield replace(best[0], proved=prover(symmetry, best[1]))
                continue
            yield best[0] if best else Line(symmetry.group.name, claim, path, "undefined", note=note)


def _line(
    bench: Bench,
    kind: Kind,
    moved: list[tuple[Any, Tensor]],
    symmetry: Symmetry,
    path: str,
    claim: Claim,
    field: Field,
    generator: torch.Generator,
) -> Line | None:
    """None where the group does not act on such an output."""
    rows: list[Row] = []
    try:
        for g, outputs in moved:
            rows.append(judged(bench, kind, g, path, field, bench.outputs(outputs)[path], len(moved), generator))
    except (ArgumentError, ArgumentTypeError, RuntimeError):
        return None
    verdict = overall([row.verdict for row in rows])
    worst = max(rows, key=lambda row: row.error or 0.0)
    error, interval = worst.error, worst.interval
    if verdict == "undefined" or error is None:
        return Line(symmetry.group.name, claim, path, "undefined", note=rows[0].note)
    if verdict == "consistent":
        status: Status = "exact" if error == 0 else "to rounding"
    else:
        status = "approximately" if interval is not None and interval[1] <= NEAR else "broken"
    spelled = "" if claim == "invariant" else str(field)
    where = worst.transformation if status in ("approximately", "broken") else ""
    return Line(symmetry.group.name, claim, path, status, error, interval, spelled, where)


def _groups(inputs: Any) -> Iterator[str]:
    """Names of the groups that can act on some input."""
    found: dict[str, None] = {}
    for _, leaf in leaves(inputs):
        domain = getattr(leaf, "domain", None)
        if isinstance(domain, Grid):
            found.update(dict.fromkeys(_of_grid(domain, leaf)))
        elif isinstance(domain, Items) or hasattr(leaf, "slot"):
            count = domain.count if isinstance(domain, Items) else getattr(leaf, "count", getattr(leaf, "nodes", 1))
            slot = domain.slot if isinstance(domain, Items) else leaf.slot
            if count > 1:
                found.setdefault(f"S({count})" if slot == "items" else f"S({count}, {slot})")
        fibre = getattr(leaf, "fibre", None)
        if (n := _dimension(fibre)) and not isinstance(domain, Grid):
            kinds = ("SO", "parity", "O", *(("translations", "SE", "E") if isinstance(fibre, Position) else ()))
            found.update(dict.fromkeys(f"{kind}({n})" for kind in (*kinds, "scalings")))
    yield from found


def _dimension(fibre: Fibre | None) -> int:
    """Of the space that moves what the fibre holds; 0 where none does."""
    match fibre:
        case Position():
            return fibre.shape[0]
        case Tensors() if fibre.slot == "space":
            return fibre.dimension
        case Irreps() if any(degree or parity for _, degree, parity in fibre.blocks):
            return fibre.dimension
        case Voigt():
            return 3
        case _:
            return 0


def _of_grid(grid: Grid, leaf: TensorField) -> Iterator[str]:
    sizes = grid.sizes
    if grid.timed:
        yield "time-reversal"
    yield f"shifts({', '.join(map(str, sizes))})"
    plane = sizes[-2:] if len(sizes) - grid.timed >= 2 else ()
    if plane:
        yield from ("flip-lr", "flip-ud", "p2")
        if plane[0] == plane[1]:
            yield from ("cm", "p4", "p4m", "C(8)")
    if len(sizes) - grid.timed == 3:
        yield "flip-depth"
        if len({*sizes}) == 1:
            yield from ("cube", "octahedral")
    channels = leaf.channels or 0
    if leaf.fibre.spec == "scalar" and 2 <= channels <= 4:
        yield from (f"channels({channels})", f"signs({channels})", f"gains({channels})")
    if leaf.fibre.spec == "scalar" and channels == 3:
        yield "hue"


def _with_colour(inputs: Any, group: Group) -> Any:
    """Channels are what a group of channels acts on."""
    if "channels" not in group.slots:
        return inputs

    def single(leaf: Any) -> Any:
        if not (isinstance(leaf, TensorField) and isinstance(leaf.domain, Grid) and leaf.channels):
            return leaf
        return f.field_named(f"{leaf.spec}:colour")

    return map_tree(single, inputs)


def _output_fields(symmetry: Symmetry, output: Tensor) -> Iterator[Field]:
    """What an output of this shape could be, the likeliest first: a field that goes in, or one of the usual."""
    shape, group = tuple(output.shape[1:]), symmetry.group
    yield from (leaf for _, leaf in leaves(symmetry.inputs) if leaf.shape == shape and leaf.dtype is None)
    listed = group if isinstance(group, FiniteGroup) else None
    if "channels" in group.slots:
        if len(shape) in (2, 3):
            yield f.field_named(f"{'image' if len(shape) == 3 else 'sequence'}:{'x'.join(map(str, shape))}:colour")
        return
    if "items" in group.slots:
        count = _items(group)
        if shape[:2] == (count, count) and len(shape) <= 3:
            yield f.pairs(count, shape[2] if len(shape) > 2 else None)
        if shape[:1] == (count,):
            yield f.nodes(count, shape[1] if len(shape) > 1 else None, _still(shape[2:]))
        return
    if isinstance(group, LinearGroup) and shape[-1:] == (group.dimension,) and len(shape) <= 3:
        yield from _of_space(shape, group.dimension)
        return
    match shape:
        case (channels, length) if not isinstance(group, LinearGroup):
            yield f.sequence(channels, length)
        case (channels, height, width) if not isinstance(group, LinearGroup):
            yield f.image(channels, height, width)
            if listed is not None and channels % len(listed.listed) == 0:
                yield f.image(channels // len(listed.listed), height, width, f.regular(listed), "folded")
        case (channels, depth, height, width):
            if listed is not None and depth == len(listed.listed):
                yield f.image(channels, height, width, f.regular(listed))
            yield f.volume(channels, depth, height, width)
        case _:
            return


def _of_space(shape: tuple[int, ...], n: int) -> Iterator[Field]:
    match shape:
        case (_,):
            yield f.features(None, "vector", dimension=n)
            yield f.features(None, "pseudo-vector", dimension=n)
        case (count, _):
            yield f.points(count, n)
            yield f.vectors(count, None, n)
            yield f.nodes(count, None, "pseudo-vector", dimension=n)
            if count == n:
                yield f.features(None, "matrix", dimension=n)
        case (count, channels, _):
            yield f.vectors(count, channels, n)
        case _:
            return


def _still(lengths: tuple[int, ...]) -> Fibre:
    """Axes that the group leaves alone."""
    return Fibre("scalar" if not lengths else "", lengths)


def _items(group: Group) -> int:
    part = group.generators[-1].permutation() if group.generators else None
    return 0 if part is None else len(part.images)
