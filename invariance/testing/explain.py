"""A violation in words: which transformation, by how much, and the simplest image that shows it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

import torch

from ..checking import CheckReport, Question, Row, SymmetryQuestion
from ..checking.bench import channels_of
from ..checking.elements import elements
from ..checking.pair import PairError
from ..checking.question import LADDER
from ..images import AnalyticImage
from ..measure.error import Model
from .search import search_worst, shrink
from .simplest import simplest_violation

__all__ = ["explain"]

_TRIES = 60
_HALF = 0.5  # of the largest error of the search: more of it would be the grid's
_SHOWN = 0.1  # of the worst error, at least, is what the simplest image has to show


def explain(model: Model, report: CheckReport) -> list[str]:
    """The worst row of the gravest verdict; where it is a violation, a few waves that show a tenth of its error."""
    rows = [row for row in report.rows if row.verdict == report.verdict and row.error is not None]
    if not rows:
        return []
    worst = max(rows, key=lambda row: row.error or 0.0)
    low, high = worst.interval or (worst.error, worst.error)
    lines = [
        f"worst: {worst.name}: E = {worst.error:.2e} in [{low:.1e}, {high:.1e}], floor {worst.floor:.1e}; "
        f"{'image' if worst.size else 'sample'} {worst.worst_image}: {worst.worst:.2e}"
    ]
    if worst.limit is not None and worst.limit_interval is not None:
        low, high = worst.limit_interval
        lines.append(f"E∞ = {worst.limit:.2e} in [{low:.1e}, {high:.1e}], p = {worst.order:.2g}")
    if worst.verdict != "violated":
        return lines
    if isinstance(report.question, SymmetryQuestion):
        return [*lines, *simplest_violation(model, report, worst)]
    return [*lines, *_simplest(model, report.question, worst)]


def _simplest(model: Model, question: Question, worst: Row) -> list[str]:
    from .strategies import analytic_images

    question = replace(question, input_shape=(*question.input_shape[:-2], *worst.size), sizes=None)
    if question.group in LADDER:
        case = search_worst(
            model,
            question.group,
            _TRIES,
            input_shape=question.input_shape,
            claim=question.claim,
            action=question.action,
            keep=_HALF,
            dtype=question.dtype,
            device=question.device,
        )
        return [str(case)]
    error = _error(model, question, worst.transformation)
    window = 0.15 if question.group == "translation" else 0.6
    nyquist = max(1, min(worst.size) // 2)
    images = analytic_images(channels=channels_of(question), cutoff=nyquist, window=window, max_waves=2)
    image = shrink(images, error, _SHOWN * (worst.error or 0.0), _TRIES, seed=question.seed)
    return [] if image is None else [f"simplest image: {image!r}: E = {error(image):.2e}"]


def _error(model: Model, question: Question, transformation: str) -> Callable[[AnalyticImage], float]:
    """E of an image under the transformation of this name."""
    pair = PairError(model, question)
    if question.group == "translation":
        shift = ast.literal_eval(transformation.removeprefix("shift by "))
        return lambda image: pair.of_shift(image, shift)
    generator = torch.Generator().manual_seed(question.seed)
    named = {element.name: element for element in elements(question, pair.probe.model, None, generator)}
    return lambda image: pair.of_element(image, named[transformation])
