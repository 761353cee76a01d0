"""Which layer, or which lines of `forward`, break it? And where none does: which claim would hold?"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .. import measure
from ..errors import ArgumentError, reason_of
from ..fields import leaves, map_tree, sequence
from ..groups import GROUPS, Element, Shift, shifts
from ..measure.error import Model
from ..symmetry import Symmetry
from .elements import planar_name
from .exact import IMAGES, MANY
from .inputs import KINDS, images
from .probe import Probe
from .question import FINITE, LADDER, POINTWISE, Question, SymmetryQuestion
from .report import CheckReport, Row
from .torus import Torus

if TYPE_CHECKING:
    from ..measure import Fault, LayerwiseReport

__all__ = ["broken_layer", "broken_symmetry", "layers_of"]

_ROUNDING = 4e-10
_FAINT = 1e-6  # of the error at the end, or of 1: a layer that is off by less is not what broke it
_JUMPED = 1e-3
_BORDER = 4  # pixels beyond the shift, which leave what padding reflects out


def layers_of(model: Model, report: CheckReport) -> LayerwiseReport:
    """Every layer of a module, each under the transformations that the report's worst row is one of.

    Of a finite group all elements are tried; of shifts the shortest of its verdict, which leaves the most pixels; of
    the groups that a refinement ladder judges the warp of the row, on one grid, where an error up to 0.1 may be the
    grid's.

    Raises:
        ArgumentError: no module, Jacobian fields as input, a group of pointwise actions, or a report without errors.
        Exception: what the layers raise where they are called in their own way.
    """
    question, row = report.question, report.worst
    if not isinstance(model, nn.Module):
        raise ArgumentError("model", type(model).__name__, "a module: functions have no layers")
    if isinstance(question, SymmetryQuestion):
        found = _symmetry_layers(model, question, report.rows)
        if found is None:
            raise ArgumentError("group", question.group, "elements that resample nothing, for errors by layer")
        return found
    if question.input_kind == "jacobian" or question.group in POINTWISE:
        raise ArgumentError("group", question.group, "a group that moves pixels of images, for errors by layer")
    if row is None:
        raise ArgumentError("report", report.verdict, "a report with an error")
    if question.group == "translation":
        alike = [r for r in report.rows if r.verdict == row.verdict and r.error is not None and r.size == row.size]
        row = min(alike, key=lambda r: sum(map(abs, _shift_of(r))))
    probe = Probe(model, dtype=question.dtype, device=question.device, batch=question.batch, sequence=question.sequence)
    return _layers(probe, question, row, max(_ROUNDING, row.floor))


def broken_layer(probe: Probe, question: Question, row: Row) -> list[str]:
    """Sentences on what is to blame for `row`, of a finite group or of shifts, or why that cannot be told."""
    if not isinstance(probe.model, nn.Module):
        return ["no layer is named: the model is a function, whose layers are not seen; give the module"]
    if probe.batch < 2:
        return ["no layer is named: the model takes one sample at a time, and layers are compared on two"]
    if question.input_kind == "jacobian":
        return []
    try:
        report = _layers(probe, question, row, max(_ROUNDING, _floor(row), _FAINT * min(1.0, row.error or 0.0)))
    except Exception as error:  # code of others, called in its own way: the verdict stands without it
        return [_unnamed(error)]
    return _told(report, question)


def _floor(row: Row) -> float:
    """Of a violation by far more than rounding that is below the floor all the same, because the output jumps with the
    last bits of the input, a part of the error."""
    error = row.error or 0.0
    return row.floor if not _JUMPED < error < row.floor else _JUMPED * error


def broken_symmetry(model: Model, question: SymmetryQuestion, rows: Sequence[Row], inputs: object = None) -> list[str]:
    """As `broken_layer`, under an element of any symmetry that resamples nothing, on inputs that show it."""
    if not isinstance(model, nn.Module):
        return []
    try:
        report = _symmetry_layers(model, question, rows, inputs)
    except Exception as error:
        return [_unnamed(error)]
    return [] if report is None else _blamed(report, [fault.sentence for fault in report.faults[:1]])


def _symmetry_layers(
    model: nn.Module, question: SymmetryQuestion, rows: Sequence[Row], shown: object = None
) -> LayerwiseReport | None:
    """On the inputs shown, by default those drawn first, and under the element of the worst row; None where no row is
    of an element without resampling.
    """
    symmetry, generator = question.symmetry, torch.Generator().manual_seed(question.seed)
    symmetry.check_laws(generator)  # draws what `check` has drawn, so that the elements are the same
    elements = {str(g): g for g in symmetry.group.tried(generator, question.random) if not symmetry.resamples(g)}
    drawn: Any = shown if shown is not None else question.inputs
    drawn = symmetry.sample(question.samples or 4, generator) if drawn is None else drawn
    broken = [row for row in rows if row.transformation in elements and row.error is not None]
    if not broken:
        return None
    row = max(broken, key=lambda row: row.error or 0.0)
    copied = Probe(model, dtype=question.dtype, device=question.device, batch=question.batch).model
    assert isinstance(copied, nn.Module)
    inputs = map_tree(lambda leaf: leaf.to(question.device, _dtype_of(leaf, question.dtype)), drawn)
    tolerance = max(_ROUNDING, row.floor, _FAINT * min(1.0, row.error or 0.0))
    one = None if symmetry.in_batches else (row.worst_image or 0) % len(next(leaves(inputs))[1])
    acted = measure.acted_element(symmetry, elements[row.transformation], inputs, one)
    given = inputs if one is None else symmetry.sample_of(inputs, one)
    return measure.blame_layers(copied, given, [acted], tolerance=tolerance, symmetry=str(symmetry.group))


def _dtype_of(leaf: Tensor, dtype: torch.dtype) -> torch.dtype:
    return dtype if leaf.is_floating_point() else leaf.dtype


def _unnamed(error: Exception) -> str:
    reason = reason_of(error)
    return f"no layer is named: the model cannot be followed operation by operation ({reason})"


def _layers(probe: Probe, question: Question, row: Row, tolerance: float) -> LayerwiseReport:
    model = probe.model
    assert isinstance(model, nn.Module)
    generator = torch.Generator().manual_seed(question.seed)
    if question.group in LADDER:
        from .continuous import IMAGES, smooth_images, turns, warps_of

        count = question.images or IMAGES
        pictures = smooth_images(question, count, generator)
        warps = warps_of(question.group, count, generator) | (turns() if question.group == "rotation" else {})
        warp = warps[row.transformation.partition(",")[0]]  # a row at one size has its bandwidth behind it
        return measure.layerwise_error(model.cpu().double(), pictures, warp, size=row.size[0])
    inputs = probe.as_taken(_shown(question, row, generator)).to(probe.device, probe.dtype)
    if question.group in FINITE:
        return measure.layerwise_error(model, inputs, GROUPS[question.group], tolerance=tolerance)
    shift = _shift_of(row)
    if question.sequence:
        return _sequence_layers(model, inputs, shift[1], tolerance, counted=question.border == "counted")
    if question.border == "counted":
        return measure.layerwise_error(model, inputs, shift, tolerance=tolerance)
    if (around := _on_torus(model, inputs, shift, tolerance)) is not None:
        return around
    longest = max(map(abs, shift))
    if 2 * longest >= min(row.size):
        wanted = f"more than {2 * longest} pixels a side, so that some are left to compare after a {row.transformation}"
        raise ArgumentError("input_shape", question.input_shape, wanted)
    border = min(_BORDER + longest, (min(row.size) - 1) // 2)
    return measure.layerwise_error(model, inputs, shift, border=border, tolerance=tolerance)


def _shift_of(row: Row) -> tuple[int, int]:
    down, right = ast.literal_eval(row.transformation.removeprefix("shift by "))
    return down, right


def _shown(question: Question, row: Row, generator: torch.Generator) -> Tensor:
    """The worst image of the row and another of its kind; of a question of one size, just those that were shown."""
    shape, worst = (*question.input_shape[:-2], *row.size), row.worst_image or 0
    drawn = question.inputs
    for count in [question.images] if question.images else [IMAGES, MANY]:
        if drawn is None or worst >= len(drawn):
            drawn = {kind: draw(shape, count, generator) for kind, draw in KINDS.items()}.get(row.kind)
    if drawn is None or worst >= len(drawn):  # a row of no kind: in the interior, or on black
        drawn, worst = images(shape, 2, generator), 0
    return drawn[[worst, (worst + 1) % len(drawn)]]


def _on_torus(model: nn.Module, inputs: Tensor, shift: tuple[int, int], tolerance: float) -> LayerwiseReport | None:
    """With every window going around the edge, which keeps all pixels; None where that shows no fault."""
    height, width = inputs.shape[-2:]
    torus = Torus((height, width))
    try:
        with torch.no_grad(), torus:
            report = measure.layerwise_error(model, inputs, shift, tolerance=tolerance)
    except Exception:  # code of others, off the plane that it was written for
        return None
    return report if report.faults and not torus.doubts else None


def _sequence_layers(
    model: nn.Module, inputs: Tensor, step: int, tolerance: float, *, counted: bool
) -> LayerwiseReport:
    """Under a cyclic shift by so many steps, with every window going around the ends unless these count."""
    length = inputs.shape[-1]
    symmetry = Symmetry(shifts(length), sequence(inputs.shape[1], length))
    acted = measure.acted_element(symmetry, Element({"grid": Shift((step,), (length,))}), inputs)
    with torch.no_grad(), nullcontext() if counted else Torus((1, length), sequences=True):
        return measure.blame_layers(model, inputs, [acted], tolerance=tolerance, symmetry="shifts")


def _told(report: LayerwiseReport, question: Question) -> list[str]:
    if report.faults:
        return _blamed(report, [_sentence(report.faults[0], question)])
    is_map = bool(report.layers) and len(report.layers[-1].shape or ()) >= 4
    if report.action == "channels stay" and question.moves == ("scalar" if is_map else None):
        return ["no layer is named: each by itself is off by less than shows at the end"]
    if question.group in FINITE and report.action:
        how = "as the input does" if report.action == "as given" else report.action
        said = f"no layer breaks it, but the output moves otherwise than claimed: {how}"
        return [said, *_asked_next(report, question)]
    return []


def _blamed(report: LayerwiseReport, first: list[str]) -> list[str]:
    return [*(f"first broken by {sentence}" for sentence in first), *([report.others] if report.others else [])]


def _asked_next(report: LayerwiseReport, question: Question) -> list[str]:
    """The question that would be answered with yes, as a command."""
    shape = [*(report.layers[-1].shape or ())]
    size = ",".join(map(str, question.input_shape))
    if len(question.input_shape) != 3:
        return []
    given = f"--input {size} --group {question.group}"
    command = f"check TARGET {given} --claim equivariant"
    if report.action.startswith("regular, on the group axis"):
        command += " --action regular"
    elif report.action.startswith("regular, on channels"):
        copies = shape[1] // GROUPS[question.group].order
        planes = "x".join(map(str, (copies, *shape[2:])))
        image = "x".join(map(str, question.input_shape))
        command = f'check TARGET --in image:{image} --out "image:{planes}:regular({question.group}):folded"'
        command += f" --group {question.group}"
    elif report.action in ("channels stay", "as given"):
        if len(shape) < 4:
            command = f"check TARGET {given} --claim invariant"
    else:
        command = f"prove TARGET {given}, which finds how the channels move"
    asked = f"{question.claim}{f' --action {question.action}' if question.action else ''}"
    return [] if command.endswith(f"--claim {asked}") else [f"ask next: invariance {command}"]


def _sentence(fault: Fault, question: Question) -> str:
    if question.group in FINITE:
        group = GROUPS[question.group]
        names = {f"{group.name}[{g}]": planar_name(group, g) for g in group.elements[1:]}
        fault = replace(fault, element=names[fault.element])
    return fault.sentence
