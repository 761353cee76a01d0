"""What warps do inside a trained network, beside what they cost it: error by layer, and accuracy, on the same σ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ..errors import ArgumentTypeError
from ..measure import InvarianceCurve, layer_curves
from ..measure.layer_calls import layer_calls
from .data import Dataset, to_float
from .evaluation import Protocol, evaluate

__all__ = ["LayerAnalysis", "analyse_layers", "stages"]

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

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers; `from_dict` is the inverse."""
        curves = {stage: curve.to_dict() for stage, curve in self.curves.items()}
        return {"model": self.model, "family": self.family, "curves": curves, "accuracy": list(self.accuracy)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LayerAnalysis:
        """The analysis that `to_dict` wrote.

        Raises:
            ArgumentTypeError: it did not write this.
        """
        try:
            curves = {stage: InvarianceCurve.from_dict(curve) for stage, curve in data["curves"].items()}
            return cls(data["model"], data["family"], curves, tuple(data["accuracy"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ArgumentTypeError("data", type(data).__name__, f"an analysis of layers ({error!r})") from error


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
