"""Which layer breaks it? The first one whose own output moves by no action of the group on plane and channels."""

from __future__ import annotations

import ast
from dataclasses import replace

import torch
from torch import nn

from ..errors import ArgumentError
from ..groups import GROUPS
from ..measure import Fault, LayerwiseReport, layerwise_error
from ..measure.error import Model
from .elements import planar_name
from .inputs import images
from .probe import Probe
from .question import FINITE, LADDER, POINTWISE, Question
from .report import CheckReport, Row

__all__ = ["broken_layer", "layers_of"]

_ROUNDING = 4e-10
_FAINT = 1e-6  # of the error at the end: a layer that is off by less is not what broke it
_BORDER = 4  # pixels beyond the shift, which leave what padding reflects out


def layers_of(model: Model, report: CheckReport) -> LayerwiseReport:
    """Every layer of a module, each under the transformations that the report's worst row is one of.

    Of a finite group all elements are tried, of shifts that of the row; of the groups that a refinement ladder judges
    the warp of the row, on one grid, where an error up to 0.1 may be the grid's.

    Raises:
        ArgumentError: no module, Jacobian fields as input, a group of pointwise actions, or a report without errors.
        What the layers raise where they are called in their own way is passed on.
    """
    question, row = report.question, report.worst
    if not isinstance(model, nn.Module):
        raise ArgumentError("model", type(model).__name__, "a module: functions have no layers")
    if question.input_kind == "jacobian" or question.group in POINTWISE:
        raise ArgumentError("group", question.group, "a group that moves pixels of images, for errors by layer")
    if row is None:
        raise ArgumentError("report", report.verdict, "a report with an error")
    probe = Probe(model, dtype=question.dtype, device=question.device, batch=question.batch)
    return _layers(probe, question, row, max(_ROUNDING, row.floor))


def broken_layer(probe: Probe, question: Question, row: Row) -> list[str]:
    """A sentence on the layer to blame for `row`, of a finite group or of shifts; none where none can be told."""
    if not isinstance(probe.model, nn.Module) or question.input_kind == "jacobian" or probe.batch < 2:
        return []
    try:
        report = _layers(probe, question, row, max(_ROUNDING, row.floor, _FAINT * (row.error or 0.0)))
    except Exception:  # code of others, called in its own way: the verdict stands without it
        return []
    return _told(report, question)


def _layers(probe: Probe, question: Question, row: Row, tolerance: float) -> LayerwiseReport:
    model = probe.model
    assert isinstance(model, nn.Module)
    generator = torch.Generator().manual_seed(question.seed)
    if question.group in LADDER:
        from .continuous import IMAGES, smooth_images, warps_of

        count = question.images or IMAGES
        pictures = smooth_images(question, count, generator)
        warp = warps_of(question.group, count, generator)[row.transformation]
        return layerwise_error(model.cpu().double(), pictures, warp, size=row.size[0])
    inputs = images((*question.input_shape[:-2], *row.size), 2, generator).to(probe.device, probe.dtype)
    if question.group in FINITE:
        return layerwise_error(model, inputs, GROUPS[question.group], tolerance=tolerance)
    shift = ast.literal_eval(row.transformation.removeprefix("shift by "))
    return layerwise_error(model, inputs, shift, border=_BORDER + max(map(abs, shift)), tolerance=tolerance)


def _told(report: LayerwiseReport, question: Question) -> list[str]:
    if report.faults:
        first = f"first broken by {_sentence(report.faults[0], question)}"
        return [first, *([report.others] if report.others else [])]
    if question.group in FINITE and report.action:
        return [f"no layer breaks it, but the output moves otherwise than claimed: {report.action}"]
    return []


def _sentence(fault: Fault, question: Question) -> str:
    if question.group in FINITE:
        group = GROUPS[question.group]
        names = {f"{group.name}[{g}]": planar_name(group, g) for g in group.elements[1:]}
        fault = replace(fault, element=names[fault.element])
    return fault.sentence
