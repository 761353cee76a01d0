"""Which layer breaks it? The first one whose own output moves by no action of the group on plane and channels."""

from __future__ import annotations

import ast

import torch
from torch import nn

from ...groups import GROUPS
from ...measure import LayerError, LayerwiseReport, layerwise_error
from .elements import planar_name
from .inputs import images
from .probe import Probe
from .question import FINITE, Question
from .report import Row

__all__ = ["broken_layer"]

_ROUNDING = 4e-10
_FAINT = 1e-6  # of the error at the end: a layer that is off by less is not what broke it
_BORDER = 4  # pixels beyond the shift, which leave what padding reflects out


def broken_layer(probe: Probe, question: Question, row: Row) -> list[str]:
    """A sentence on the layer to blame for `row`, of a finite group or of shifts; none where none can be told."""
    if not isinstance(probe.model, nn.Module) or question.input_kind == "jacobian" or probe.batch < 2:
        return []
    shape = (*question.input_shape[:-2], *row.size)
    inputs = images(shape, 2, torch.Generator().manual_seed(question.seed)).to(probe.device, probe.dtype)
    tolerance = max(_ROUNDING, row.floor, _FAINT * (row.error or 0.0))
    try:
        if question.group in FINITE:
            report = layerwise_error(probe.model, inputs, GROUPS[question.group], tolerance=tolerance)
        else:
            shift = ast.literal_eval(row.transformation.removeprefix("shift by "))
            border = _BORDER + max(map(abs, shift))
            report = layerwise_error(probe.model, inputs, shift, border=border, tolerance=tolerance)
    except Exception:  # code of others, called in its own way: the verdict stands without it
        return []
    return _told(report, question)


def _told(report: LayerwiseReport, question: Question) -> list[str]:
    if (layer := report.first_broken) is not None:
        conditions = "".join(f"; {condition}" for condition in layer.conditions)
        return [f"first broken by {layer.name}: E = {layer.error:.1e} under {_element(layer, question)}{conditions}"]
    output = report.layers[-1]
    if question.group in FINITE and output.error is not None:
        return [f"no layer breaks it, but the output moves otherwise than claimed: {output.action}"]
    return []


def _element(layer: LayerError, question: Question) -> str:
    if question.group not in FINITE:
        return layer.element
    group = GROUPS[question.group]
    return {f"{group.name}[{g}]": planar_name(group, g) for g in group.elements[1:]}[layer.element]
