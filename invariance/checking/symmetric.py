r"""Any symmetry: $F(\rho_\text{in}(g)x) = \rho_\text{out}(g)F(x)$, a row for each element and output.

A finite group that is listed is tried completely; others by their generators, by random elements, and, where they have
a Lie algebra, by its basis to first order. What moves entries or multiplies by matrices is judged by rounding alone;
what is resampled is measured beside what resampling does by itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ..errors import ArgumentError, ArgumentTypeError
from ..fields import Field, leaves
from ..groups import Element, Tangent
from ..measure.error import Model
from ..symmetry import Symmetry
from ..symmetry.own import OwnGroup
from ..verdicts import CheckVerdict
from .exact import compared, is_pole
from .first_order import Direction, FirstOrder
from .judge import CONSTANT, error_interval, judge, within, worst_image
from .layers import broken_symmetry
from .moved import Moved
from .pack import Layouts, Packed
from .probe import Probe
from .question import SymmetryQuestion
from .report import CheckReport, Row, merged
from .rounding import Rounding, measured

__all__ = ["RANDOM", "Bench", "Kind", "answer_symmetry", "judged"]

SAMPLES = 4
RANDOM = 4
"""Random elements of a group that is not listed."""

_NO_DERIVATIVE = re.compile(r"forward AD with (\w+) that does not support it")

_KINDS = ("random values", "small and large values", "mostly zero", "special values")


@dataclass(frozen=True, eq=False)
class Kind:
    """Inputs of one kind, what the model makes of them, and how far that is rounded."""

    name: str
    inputs: Any
    rows: Tensor
    plain: Tensor
    rounding: Rounding


class Bench:
    """A model under a symmetry: packed, run, and looked at output by output.

    Raises:
        ArgumentError, ArgumentTypeError: a model that cannot be called so, refuses the inputs, or returns what the
            symmetry does not declare.
    """

    def __init__(self, model: Model, question: SymmetryQuestion) -> None:
        self.question, self.symmetry = question, question.symmetry
        self.layouts = Layouts()
        self.packed = Packed(model, self.symmetry, self.layouts)
        self.symmetry.check_signature(model)
        self.probe = self.probe_of(self.packed)
        self.refused: list[str] = []  # kinds of inputs
        self._alone: bool | None = None  # once it is known, of the first kind of inputs

    def probe_of(self, module: torch.nn.Module) -> Probe:
        question = self.question
        return Probe(module, dtype=question.dtype, device=question.device, batch=question.batch)

    def run(self, inputs: Any, probe: Probe | None = None) -> tuple[Tensor, Tensor]:
        """A tree as rows, and what the model makes of it, as rows."""
        rows = self.layouts.pack(inputs)
        try:
            return rows, (probe or self.probe)(rows)
        except ArgumentError as error:
            if error.args[0] != "input_shape":
                raise
            raise ArgumentError("inputs", self.symmetry.told_inputs(inputs), error.args[2]) from error

    def kind(self, name: str, inputs: Any, probe: Probe | None = None) -> Kind:
        return self.kinds({name: inputs}, probe)[0]

    def kinds(self, named: Mapping[str, Any], probe: Probe | None = None) -> list[Kind]:
        """Inputs by name with what the model makes of them: those that it takes, as long as it takes the first."""
        probe = probe or self.probe
        shown: list[tuple[str, Any, Tensor, Tensor]] = []
        for name, inputs in named.items():
            try:
                shown.append((name, inputs, *self.run(inputs, probe)))
            except ArgumentError:
                if not shown:
                    raise
                self.refused.append(name)
        _, _, rows, plain = shown[0]
        if self._alone is None:
            self._alone = probe.separates(rows, plain)
        try:
            roundings = measured(probe, [(rows, plain) for _, _, rows, plain in shown], alone=self._alone)
        except ArgumentError:  # refused beside inputs of a kind
            if len(shown) == 1:
                raise
            return self.kinds({shown[0][0]: shown[0][1]}, probe)
        return [Kind(*known, rounding) for known, rounding in zip(shown, roundings, strict=True)]

    def outputs(self, rows: Tensor) -> dict[str, Tensor]:
        """What is compared, by path."""
        return self.compared(self.layouts.unpack(rows))

    def expected(self, g: Element, rows: Tensor) -> dict[str, Tensor]:
        """ρ(g) on outputs."""
        return self.compared(self.symmetry.act_out(g, self.layouts.unpack(rows)))

    def is_exact(self, g: Element) -> bool:
        """Whether g changes no number of the inputs."""
        if type(self.symmetry) is not Symmetry:  # of functions of the user's own
            return False
        return all(leaf.moves_only(g) for _, leaf in leaves(self.symmetry.inputs))

    def compared(self, outputs: Any) -> dict[str, Tensor]:
        """Numbers in float64."""
        return {path: leaf.double() for path, leaf in self.symmetry.encoded(outputs).items()}


def answer_symmetry(model: Model, question: SymmetryQuestion) -> CheckReport:
    """The report; the same model and question have the same report."""
    generator = torch.Generator().manual_seed(question.seed)
    symmetry = question.symmetry
    if type(symmetry) is Symmetry and not any(True for _ in leaves(symmetry.inputs)):
        raise ArgumentError("symmetry.inputs", symmetry.inputs, "at least one field, such as image:3x32x32")
    if question.inputs is not None:
        symmetry.check_inputs(question.inputs)
    symmetry.check_laws(generator)
    bench = Bench(model, question)
    elements = symmetry.group.tried(generator, question.random)
    kinds = bench.kinds(_drawn(question, elements, generator))
    _require_motion(bench, kinds[0], elements)
    tangents = _tangents(bench)
    family = max(1, (len(elements) + len(tangents)) * len(kinds) * len(bench.outputs(kinds[0].plain)))
    rows = [row for g in elements for row in _rows(bench, kinds, g, family, generator)]
    said: list[str] = []
    derivatives = len(tangents)
    try:
        for found in _first_order(bench, kinds[0], tangents, family, generator):
            rows.append(found)
    except (ArgumentError, ArgumentTypeError) as error:
        derivatives, why = 0, "it is not finite everywhere, as of a norm at 0"
        if "NaN" not in str(error.args[1]):
            operation = _NO_DERIVATIVE.search(str(error.args[2]))
            why = f"torch has none of {operation[1]}" if operation else error.args[2]
        said = [f"the Lie algebra was left out, as the model has no forward derivative here: {why}"]
    if not rows:
        raise ArgumentError("group", str(symmetry.group), "a group of more than one element")
    bench.probe.require_no_memory()
    notes = list(dict.fromkeys(row.note for row in rows if row.note))
    if bench.refused:
        said.append(f"left out, as the model refuses them: {', '.join(dict.fromkeys(bench.refused))}")
    if bench.probe.alone is False:
        said.append(
            f"a sample's output depends on the others of its batch, so that E depends on batch = {question.batch}: "
            "put the axis of samples first (batch_first=True), or ask again with eval=True (--eval)"
        )
    report = CheckReport(question, tuple(rows), (*notes, *said), scope=_scope(symmetry, elements, derivatives))
    if report.verdict != "violated":
        return report
    from .otherwise import what_would_hold

    worst = max((row for row in rows if row.verdict == "violated"), key=lambda row: row.error or 0.0)
    kind = next((kind for kind in kinds if kind.name == worst.kind), kinds[0])
    told = what_would_hold(bench, kind, report.rows, elements)
    for shown in dict.fromkeys((kind, kinds[0])):  # on the first ones other kinds may be seen, too
        told = told or broken_symmetry(model, question, rows, shown.inputs)
    return replace(report, diagnosis=(*told, *report.diagnosis))


def _drawn(question: SymmetryQuestion, elements: list[Element], generator: torch.Generator) -> dict[str, Any]:
    """Inputs by kind: those given, or those drawn, which are smooth ones alone where something is resampled."""
    symmetry, count = question.symmetry, question.samples or SAMPLES
    if question.inputs is not None:
        return {"given inputs": question.inputs}
    drawn = {_KINDS[0]: symmetry.sample(count, generator)}
    if any(symmetry.resamples(g) for g in elements):
        return drawn
    varied = {name: symmetry.varied(name, symmetry.sample(count, generator), generator) for name in _KINDS[1:]}
    return drawn | {name: inputs for name, inputs in varied.items() if inputs is not None}


def _require_motion(bench: Bench, kind: Kind, elements: list[Element]) -> None:
    """Raises ArgumentError where no element moves the inputs: then every model is invariant, and nothing was tried."""
    symmetry = bench.symmetry
    if any(not torch.equal(bench.layouts.pack(symmetry.act(g, kind.inputs)), kind.rows) for g in elements):
        return
    if bench.question.inputs is not None:
        raise ArgumentError("inputs", "given", f"inputs that {symmetry.group} moves: these stay as they are")
    fields = symmetry.told_inputs(kind.inputs)
    colour = "; channels that are colours are declared so: image:3x8x8:colour" * ("channels" in symmetry.group.slots)
    wanted = f"one that moves {fields}; `invariance fields` says which groups move what{colour}"
    raise ArgumentError("group", str(symmetry.group), wanted)


def _rows(bench: Bench, kinds: list[Kind], g: Element, family: int, generator: torch.Generator) -> Iterator[Row]:
    """A row for each output, the gravest of all kinds of inputs."""
    found: dict[str, dict[str, Row]] = {}
    name, resamples = str(g), bench.symmetry.resamples(g)
    for kind in kinds:
        try:
            acted_rows, moved_rows = bench.run(bench.symmetry.act(g, kind.inputs))
        except ArgumentError as error:  # a pole that rounding hits on one side alone
            if not is_pole(error) or kind is kinds[0]:
                raise
            bench.refused.append(f"{kind.name}, once they are transformed")
            continue
        moved, acted = bench.outputs(moved_rows), _Once(partial(bench.expected, g))
        for path, output in moved.items():
            row = _shapes(name, path, output, acted(kind.plain).get(path))
            if row is None and resamples:
                row = _resampled(bench, kind, g, path, output, generator)
            elif row is None:
                case = Moved(
                    kind.plain,
                    output,
                    partial(acted.output, path),
                    _channel(output),
                    acted_rows,
                    partial(_Once(bench.outputs).output, path),
                    bench.is_exact(g),
                )
                tolerance = bench.question.tolerance
                row = judge(name, (), case, kind.rounding, family=family, generator=generator, tolerance=tolerance)
            found.setdefault(path, {})[kind.name] = replace(row, output=path)
    for by_kind in found.values():
        yield merged(by_kind, tolerance=bench.question.tolerance)


class _Once:
    """A function of rows that is computed once for each: all outputs share what they are compared with."""

    def __init__(self, function: Callable[[Tensor], dict[str, Tensor]]) -> None:
        self._function = function
        self._known: list[tuple[Tensor, dict[str, Tensor]]] = []

    def __call__(self, rows: Tensor) -> dict[str, Tensor]:
        for seen, found in self._known:
            if seen is rows:
                return found
        self._known.append((rows, self._function(rows)))
        return self._known[-1][1]

    def output(self, path: str, rows: Tensor) -> Tensor:
        return self(rows)[path]


def _shapes(name: str, path: str, output: Tensor, expected: Tensor | None) -> Row | None:
    if expected is not None and expected.shape == output.shape:
        return None
    wanted = "none" if expected is None else tuple(expected.shape)
    note = f"the output's shape does not move along: {tuple(output.shape)} where {wanted} is expected"
    return Row(name, (), None, None, 0.0, "violated", note=note)


def _channel(output: Tensor) -> int | None:
    return 1 if output.ndim > 1 else None


def _resampled(bench: Bench, kind: Kind, g: Element, path: str, output: Tensor, generator: torch.Generator) -> Row:
    symmetry = bench.symmetry
    back = symmetry.act_out(g.inverse(), symmetry.act_out(g, bench.layouts.unpack(kind.plain)))
    sides = bench.outputs(kind.plain)[path], output, bench.expected(g, kind.plain)[path], symmetry.encoded(back)[path]
    there, back_again = symmetry.region(g, path), symmetry.region(g.inverse(), path)
    return _measured(str(g), sides, _both(there, back_again), bench.question.tolerance, generator)


def judged(
    bench: Bench,
    kind: Kind,
    g: Element,
    path: str,
    field: Field,
    output: Tensor,
    family: int,
    generator: torch.Generator,
) -> Row:
    """The row of one output under one element, if it moved as this field."""
    plain = bench.outputs(kind.plain)[path]
    expected = field.act(g, plain)
    if expected.shape != output.shape:
        raise ArgumentError("output.shape", tuple(output.shape), f"{tuple(expected.shape)}, as {field} moves")
    if bench.symmetry.resamples(g) or field.resamples(g):
        sides = plain, output, expected, field.act(g.inverse(), expected)
        inside = _both(field.region(g), field.region(g.inverse()))
        return _measured(str(g), sides, inside, bench.question.tolerance, generator)
    case = Moved(kind.plain, output, lambda rows: field.act(g, bench.outputs(rows)[path]), _channel(output))
    return judge(str(g), (), case, kind.rounding, family=family, generator=generator)


def _both(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    """Inside there and back: what is turned out of the image and in again is not the model's."""
    return other if one is None else one if other is None else one & other


def _measured(
    name: str,
    sides: tuple[Tensor, Tensor, Tensor, Tensor],
    region: Tensor | None,
    tolerance: float | None,
    generator: torch.Generator,
) -> Row:
    """E inside, beside the E of turning the output there and back, of which one turn makes 1/√2.

    The sides are F(x), F(gx), ρ(g)F(x), and ρ(g⁻¹)ρ(g)F(x).
    """
    inside = (side if region is None else side[:, region] for side in sides)
    plain, moved, expected, again = (side[:, None] if side.ndim == 1 else side for side in inside)
    report = compared(plain, moved, lambda _: expected)
    if report.spread is None or not report.spread.mean() > 0:
        return Row(name, (), None, None, 0.0, "undefined", note=CONSTANT)
    round_trip = compared(plain, again, lambda values: values)
    floor = float((round_trip.difference.mean() / report.spread.mean()).sqrt()) / 2**0.5
    error, interval = error_interval(report, generator)
    worst, image = worst_image(report)
    verdict: CheckVerdict = "measured" if tolerance is None else within(interval, tolerance)
    note = "" if tolerance is not None else "values between pixels are a spline's: give a tolerance to judge E by"
    return Row(name, (), error, interval, floor, verdict, worst, image, note=note)


def _tangents(bench: Bench) -> tuple[Tangent, ...]:
    """The basis of the Lie algebra, where nothing is resampled and all that is compared has derivatives."""
    symmetry = bench.symmetry
    return tuple(
        tangent
        for tangent in symmetry.group.algebra
        if bench.question.dtype == torch.float64
        and not symmetry.resamples(tangent.at(torch.tensor(0.1, dtype=torch.float64)))
    )


def _first_order(
    bench: Bench, kind: Kind, tangents: tuple[Tangent, ...], family: int, generator: torch.Generator
) -> Iterator[Row]:
    if not tangents:
        return
    direction = Direction(tangents[0])
    probe = bench.probe_of(FirstOrder(bench.packed, direction))
    for direction.tangent in tangents:
        again = bench.kind(kind.name, kind.inputs, probe)
        _, wanted = bench.layouts.unpack(again.plain)
        found = _Once(lambda rows: bench.compared(bench.layouts.unpack(rows)[0]))
        for path, output in bench.compared(wanted).items():
            case = Moved(again.plain, output, partial(found.output, path), _channel(output))
            name, tolerance = str(direction.tangent), bench.question.tolerance
            row = judge(name, (), case, again.rounding, family=family, generator=generator, tolerance=tolerance)
            yield replace(row, output=path)


def _scope(symmetry: Symmetry, elements: list[Element], tangents: int) -> str:
    """What was tried of the group, in words."""
    group = symmetry.group
    if isinstance(group, OwnGroup) and group.elements is not None:
        return f"the elements that are given were tried: {len(elements)}"
    if group.elements is not None:
        return (
            f"all {len(elements)} elements but the identity were tried"
            if len(elements) > 1
            else "its one element but the identity was tried"
        )
    steps = len(group.generators)
    parts = [f"{steps} generator{'s' * (steps > 1)}"] if steps else []
    parts += [f"{len(elements) - steps} random elements"]
    parts += [f"a basis of the Lie algebra, {tangents} derivatives"] if tangents else []
    whole = f" of {_order(group.order)}" if group.order else ""
    return f"tried: {', '.join(parts)}{whole}"


def _order(order: int) -> str:
    """In full up to fifteen digits."""
    return str(order) if order < 10**15 else f"about 10^{math.floor(math.log10(order))}"
