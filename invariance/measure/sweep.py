r"""One pass over images: each is read once and warped once for all models, and F(x) is computed once for all warps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..actions import PointwiseAction
from ..errors import ArgumentError
from ..images import ContinuousImage
from ..warps import Method, Warp, warp_images
from .error import ErrorReport, Model, Region, compare_outputs, mean_square_between, output_of
from .warping import Claim, inside, samples, samples_moved

__all__ = ["Gathered", "Manner", "Transformation", "sweep"]

Transformation = Warp | PointwiseAction


@dataclass(frozen=True)
class Manner:
    """How a transformation is applied and what is compared: see `warp_error`."""

    claim: Claim = "invariant"
    size: int | None = None
    margin: float = 0.1
    method: Method = "cubic"


@dataclass
class Gathered:
    """What one model did to the images so far; of classifiers, outputs "b k", also the classes."""

    difference: list[Float[Tensor, "s d b"]] = field(default_factory=list)
    defined: list[Int[Tensor, "s d b"]] = field(default_factory=list)
    undefined: list[Int[Tensor, "s d b"]] = field(default_factory=list)
    same: list[Bool[Tensor, "s d b"]] = field(default_factory=list)
    correct: list[Bool[Tensor, "s d b"]] = field(default_factory=list)
    spread: list[Float[Tensor, "b"]] = field(default_factory=list)
    _first: Tensor | None = None
    _last: Tensor | None = None

    def follow(self, plain: Tensor) -> None:
        """Compare each output with the one before it, across batches; the first waits for the last."""
        before = plain[:1] if self._last is None else self._last
        if self._first is None:
            self._first = plain[:1].clone()
        self.spread.append(mean_square_between(plain, torch.cat((before, plain[:-1]))).cpu())
        self._last = plain[-1:].clone()

    def close(self) -> Float[Tensor, "b"]:
        """The spread of every image.

        Raises:
            ArgumentError: fewer than two images.
        """
        spread = torch.cat(self.spread) if self.spread else torch.zeros(0)
        if self._first is None or self._last is None or len(spread) < 2:
            raise ArgumentError("images", len(spread), "at least 2 independent images, to normalise the error by")
        spread[0] = mean_square_between(self._first, self._last).cpu()[0]
        return spread


@torch.no_grad()
def sweep(
    models: Sequence[Model],
    images: ContinuousImage | Tensor,
    drawn: Sequence[Sequence[Transformation]],
    manner: Manner,
    gathered: Sequence[Gathered],
    *,
    labels: Int[Tensor, "b"] | None = None,
    batch: int | None = None,
) -> None:
    """Add what the models do to `images` under transformations `drawn` by scale and draw, `batch` images at a time.

    Raises:
        ArgumentError: pointwise actions of continuous images, or of another claim; labels that are no classes of the
            output. Of a model that is no classifier they are not looked at.
        The errors of `warp_error`.
    """
    step = batch or len(images)
    for start in range(0, len(images), step):
        rows = slice(start, min(start + step, len(images)))
        _sweep_batch(
            models,
            images if step >= len(images) else _part(images, rows),
            [[_of_rows(each, rows, len(images)) for each in row] for row in drawn],
            manner,
            gathered,
            None if labels is None else labels[rows],
        )


def _sweep_batch(
    models: Sequence[Model],
    images: ContinuousImage | Tensor,
    drawn: Sequence[Sequence[Transformation]],
    manner: Manner,
    gathered: Sequence[Gathered],
    labels: Tensor | None,
) -> None:
    inputs: Tensor | None = None
    plain: list[Tensor] = []
    reports: list[list[list[ErrorReport]]] = [[] for _ in models]
    classes: list[list[list[Tensor]]] = [[] for _ in models]
    for row in drawn:
        for kept in (*reports, *classes):
            kept.append([])
        for transformation in row:
            moved = _moved(images, transformation, manner)
            if inputs is None:
                inputs = samples(images, manner.size)
                plain = [output_of(model, inputs, "images") for model in models]
            region = _region(transformation, inputs, manner)
            for i, model in enumerate(models):
                actual = output_of(model, moved, "transformed")
                reports[i][-1].append(_compare(plain[i], actual, transformation, region, manner))
                if actual.ndim == 2 and actual.shape[1] > 1:
                    classes[i][-1].append(actual.argmax(1))
    for kept, output, rows, guesses in zip(gathered, plain, reports, classes, strict=True):
        kept.follow(output)
        for name in ("difference", "defined", "undefined"):
            getattr(kept, name).append(
                torch.stack([torch.stack([getattr(report, name) for report in row]) for row in rows]).cpu()
            )
        if guesses[0]:
            found = torch.stack([torch.stack(row) for row in guesses])
            kept.same.append((found == output.argmax(1)).cpu())
            if labels is not None:
                kept.correct.append((found == _fitting(labels, output).to(found.device)).cpu())


def _moved(images: ContinuousImage | Tensor, transformation: Transformation, manner: Manner) -> Tensor:
    if isinstance(transformation, Warp):
        return samples_moved(images, transformation, size=manner.size, method=manner.method)
    if not isinstance(images, Tensor) or manner.claim != "invariant":
        wanted = "a family of warps: pointwise actions act on tensors and are invariant"
        raise ArgumentError("warp", type(transformation).__name__, wanted)
    return transformation(images)


def _region(transformation: Transformation, inputs: Tensor, manner: Manner) -> Region | None:
    """Which pixels of an output count; asked by many models, it is computed once for each size."""
    if not isinstance(transformation, Warp):
        return None

    @cache
    def region(height: int, width: int) -> Tensor:
        return inside(transformation, height, width, 1 - manner.margin, inputs)

    return region


def _compare(
    plain: Tensor, actual: Tensor, transformation: Transformation, region: Region | None, manner: Manner
) -> ErrorReport:
    expected = plain
    if isinstance(transformation, Warp) and manner.claim == "equivariant":
        if plain.ndim < 4:
            wanted = f"invariant: the output {tuple(plain.shape[1:])} of an image has no plane that could move"
            raise ArgumentError("claim", manner.claim, wanted)
        expected = warp_images(plain, transformation, method=manner.method)
    return compare_outputs(expected, actual, region=region)


def _fitting(labels: Tensor, output: Tensor) -> Tensor:
    if labels.min() < 0 or labels.max() >= output.shape[1]:
        found = f"{int(labels.min())} to {int(labels.max())}"
        raise ArgumentError("labels", found, f"classes 0 to {output.shape[1] - 1}, as the model's output has them")
    return labels


def _part(images: ContinuousImage | Tensor, rows: slice) -> ContinuousImage | Tensor:
    get = getattr(images, "__getitem__", None)
    if get is None:
        raise ArgumentError("batch", rows.stop - rows.start, f"all {len(images)} of images that cannot be cut")
    return get(rows)


def _of_rows(transformation: Transformation, rows: slice, count: int) -> Transformation:
    if not isinstance(transformation, Warp):
        field = transformation.field
        return PointwiseAction(field[rows]) if len(field) == count > 1 else transformation
    return transformation[rows] if len(transformation) == count > 1 else transformation
