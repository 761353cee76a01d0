"""What warps do inside a trained network, beside what they cost it: error by layer, and accuracy, on the same σ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from ..errors import ResultError
from ..measure import InvarianceCurve, layer_curves
from ..measure.layer_calls import layer_calls
from ..plots import plot_accuracy_loss, plot_layer_curves
from .data import Dataset, to_float
from .evaluation import Protocol, evaluate
from .kept import parsing
from .packed import Arrays, read_packed, save_packed
from .words import in_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "FORMAT",
    "LayerAnalysis",
    "analyse_layers",
    "draw_analyses",
    "load_analyses",
    "save_analyses",
    "stages",
    "to_markdown",
]

FORMAT = "invariance layers 2"

_FRONTS = ("LogDetInvariant", "AffineTransformer", "CPABTransformer")


@dataclass(frozen=True, eq=False)
class LayerAnalysis:
    """Of one trained network.

    Attributes:
        family: of the warps.
        curves: invariance error by stage, see `stages`, on a few test images.
        accuracy: on all test images, at the scales of the curves.
    """

    model: str
    family: str
    curves: dict[str, InvarianceCurve]
    accuracy: tuple[float, ...]

    def to_kept(self, name: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """A summary for JSON and the numbers of each image, called by `name`; `from_kept` makes the analysis of both.

        The numbers are kept in float32: that moves an error by 1e-7 of itself.
        """
        stages: dict[str, Any] = {}
        arrays: dict[str, np.ndarray] = {}
        for stage, curve in self.curves.items():
            told = {"label": curve.label, "claim": curve.claim, "scales": list(curve.scales)}
            stages[stage] = told | {"error": _told(curve), "packed": f"{name}: {stage}"}
            for part, dtype in _PARTS.items():
                arrays[f"{name}: {stage}: {part}"] = getattr(curve, part).numpy().astype(dtype)
        return {"model": self.model, "family": self.family, "curves": stages, "accuracy": list(self.accuracy)}, arrays

    @classmethod
    def from_kept(cls, content: dict[str, Any], arrays: Arrays) -> LayerAnalysis:
        """The analysis that `to_kept` wrote.

        Raises:
            KeyError: a part is missing.
            ValueError: a part of another shape or kind than was written.
        """
        curves = {stage: _curve(kept, arrays) for stage, kept in content["curves"].items()}
        return cls(content["model"], content["family"], curves, tuple(content["accuracy"]))


_PARTS = {"difference": np.float32, "spread": np.float32, "defined": np.int32, "undefined": np.int32}
"""What a curve holds of each image, and what it is kept as: counts are numbers of entries of a layer."""


def _told(curve: InvarianceCurve) -> list[float] | None:
    """E, or nothing where the stage is the same for all images."""
    return curve.error.tolist() if curve.spread.mean() > 0 else None


def _curve(kept: dict[str, Any], arrays: Arrays) -> InvarianceCurve:
    parts = {part: arrays[f"{kept['packed']}: {part}"] for part in _PARTS}
    scales, shape = tuple(kept["scales"]), parts["difference"].shape
    if len(shape) != 3 or len(scales) != shape[0]:
        raise ValueError(f"differences of shape {shape} for {len(scales)} scales, draws and images")
    for part, dtype in _PARTS.items():
        if parts[part].dtype != dtype or parts[part].shape != (shape if part != "spread" else shape[2:]):
            raise ValueError(f"{part} of shape {parts[part].shape} for differences of shape {shape}")
    real = {part: torch.from_numpy(parts[part]).double() for part in ("difference", "spread")}
    counts = {part: torch.from_numpy(parts[part]).long() for part in ("defined", "undefined")}
    return InvarianceCurve(kept["label"], kept["claim"], scales, **real, **counts)


def stages(net: nn.Module, images: torch.Tensor) -> dict[str, str]:
    """Names of the layers after which the network has done something, by label: fronts, ReLUs, features, logits."""
    with torch.no_grad():
        calls = [call for call in layer_calls(net, images[:1]) if call.output is not None]
    labels: dict[str, str] = {}
    rectified = 0
    for call in calls:
        if call.kind == "ReLU":
            rectified += 1
            labels[f"ReLU {rectified}"] = call.layer
        elif call.kind in _FRONTS:
            labels[call.kind] = call.layer
    vectors = [call.layer for call in calls if call.output is not None and call.output.ndim == 2]
    return {**labels, **dict(zip(("features", "logits"), vectors[-2:], strict=False))}


def analyse_layers(
    model: str,
    classifier: nn.Module,
    data: Dataset,
    *,
    family: str = "affine",
    scales: Sequence[float] = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2),
    images: int = 64,
    draws: int = 2,
    seed: int = 0,
    batch: int = 500,
) -> LayerAnalysis:
    """`layer_curves` of the stages on the first `images` of `data`, and the accuracy on all of it.

    Both resample bilinearly, which is part of the error: the curve of the first stage holds little else.
    """
    classifier.eval()
    protocol = Protocol(families=(family,), scales=tuple(scales), seed=seed)
    answers = evaluate({model: classifier}, data, protocol, batch=batch)[model]
    few = to_float(data[:images].images).double()
    names = stages(classifier.double(), few)
    curves = layer_curves(
        classifier,
        few,
        warp=family,
        scales=scales,
        layers=names.values(),
        draws=draws,
        method="bilinear",
        generator=torch.Generator().manual_seed(seed),
    )
    classifier.float()
    accuracy = answers.correct.double().mean(1)[1:]
    return LayerAnalysis(
        model, family, {stage: curves[name] for stage, name in names.items()}, tuple(accuracy.tolist())
    )


def save_analyses(path: str | Path, analyses: Sequence[LayerAnalysis]) -> tuple[Path, Path]:
    """As JSON, the numbers of each image packed beside it; the names of both files."""
    kept = [analysis.to_kept(f"network {i}") for i, analysis in enumerate(analyses)]
    arrays = {name: array for _, part in kept for name, array in part.items()}
    return save_packed(path, {"format": FORMAT, "networks": [content for content, _ in kept]}, arrays)


def load_analyses(path: str | Path) -> list[LayerAnalysis]:
    """What `save_analyses` wrote.

    Raises:
        ResultError: the file, or the one beside it, is missing or holds something else.
    """
    return read_packed(path, _analyses)


def _analyses(content: Any, arrays: Arrays) -> list[LayerAnalysis]:
    with parsing(content, FORMAT):
        return [LayerAnalysis.from_kept(network, arrays) for network in content["networks"]]


def draw_analyses(analyses: Sequence[LayerAnalysis]) -> Figure:
    """A panel of layers for each network, and one of accuracy lost against the error of the features.

    Raises:
        ResultError: no networks.
    """
    if not analyses:
        raise ResultError("analyses", 0, "at least one network")
    from matplotlib.figure import Figure

    count = len(analyses)
    columns = min(3, count + 1)
    rows = math.ceil((count + 1) / columns)
    figure = Figure(figsize=(3.6 * columns + 2, 4.4 * rows + 0.4), layout="constrained")
    cells = figure.subplots(rows, columns, squeeze=False).flatten()
    panels, last = cells[:count], cells[count]
    for ax in cells[count + 1 :]:
        ax.remove()
    errors = torch.stack(
        [
            curve.error[i]
            for analysis in analyses
            for curve in analysis.curves.values()
            for i, scale in enumerate(curve.scales)
            if scale and curve.error[i]
        ]
    )
    for i, (ax, analysis) in enumerate(zip(panels, analyses, strict=True)):
        plot_layer_curves(analysis.curves, ax=ax)
        ax.set_title(in_words(analysis.model).replace(", ", "\n", 1), loc="left", fontsize="medium")
        ax.set_ylim(0.8 * float(errors.min()), 1.25 * float(errors.max()))
        if i != min(count, columns) - 1:  # beside the last panel of the first row
            ax.get_legend().remove()
        if i % columns:
            ax.set_ylabel("")
    plot_accuracy_loss(
        {in_words(analysis.model): analysis.curves["features"] for analysis in analyses},
        {in_words(analysis.model): analysis.accuracy for analysis in analyses},
        ax=last,
        title="what it costs",
    )
    figure.suptitle(f"{analyses[0].family} warps: planes should move with the image, features and logits stay")
    return figure


def to_markdown(analyses: Sequence[LayerAnalysis], note: str) -> str:
    """A section for each scale: E of every stage, and the accuracy."""
    every = list(dict.fromkeys(stage for analysis in analyses for stage in analysis.curves))
    fronts = [stage for stage in every if stage in _FRONTS]
    names = [*fronts, *(stage for stage in every if stage not in fronts)]
    return "\n".join(("# Invariance error by layer", "", f"{note}", "", *_sections(analyses, names))) + "\n"


def _sections(analyses: Sequence[LayerAnalysis], names: Sequence[str]) -> Iterator[str]:
    for i, scale in enumerate(analyses[0].curves["logits"].scales):
        if not scale:
            continue
        yield from (f"## {analyses[0].family}, σ = {scale:g}", "")
        yield "| " + " | ".join(("network", *names, "accuracy, %")) + " |"
        yield "|---" * (len(names) + 2) + "|"
        for analysis in analyses:
            errors = (f"{analysis.curves[name].error[i]:.3f}" if name in analysis.curves else "–" for name in names)
            yield "| " + " | ".join((analysis.model, *errors, f"{100 * analysis.accuracy[i]:.1f}")) + " |"
        yield ""
