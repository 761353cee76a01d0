"""E, consistency and accuracy of several networks against the size of a warp, images streamed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from .. import __version__
from ..errors import ArgumentError, ArgumentTypeError
from ..images import pixel_grid
from ..measure import resampling_floor
from ..measure.comparison import Comparison
from ..measure.curve import (
    Family,
    InvarianceCurve,
    Scales,
    checked_scales,
    curve_of_gathered,
    draws_by_scale,
    family_of,
)
from ..measure.error import Model
from ..measure.sweep import Gathered, Manner, sweep
from ..measure.warping import Claim, require_manner
from ..provenance import environment
from ..warps import MOTIONS, Method
from .models import Named
from .runner import Runner
from .stream import BLOCK, Stream, stream_of

__all__ = ["SCALES", "compare"]

_RANDOM = (0.003, 0.01, 0.03, 0.1, 0.3)
SCALES: dict[str, tuple[float, ...]] = {
    "rotation": tuple(range(0, 361, 15)),
    "scale": (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0),
    "shear": (-0.5, -0.25, -0.1, 0.0, 0.1, 0.25, 0.5),
    "translation": (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0),
    "affine-disc": (0.003, 0.01, 0.03, 0.1),
}
"""Where none are asked for: a turn, an octave each way, half a side, four pixels; of random families 0.003 to 0.3.

Affine maps of a disc fold in 36 of 100 draws at 0.1, in 95 at 0.2 and in 99.7 at 0.3, where a hundred redraws are too
few."""


_WAVES_AT_PIXELS = 2**17
"""Pixels of the images on which a floor is measured at once: at each of them 64 waves, 200 MB with all that is kept."""


def compare(
    models: Model | Sequence[Model | Named] | Mapping[str, Model | Sequence[Model]],
    images: object,
    *,
    warp: str | Family,
    scales: Scales | None = None,
    labels: Tensor | None = None,
    draws: int | None = None,
    claim: Claim = "invariant",
    size: int | None = None,
    margin: float = 0.1,
    method: Method = "cubic",
    batch: int = 32,
    dtype: torch.dtype = torch.float64,
    device: str = "cpu",
    seed: int = 0,
    floor: bool = True,
    disc: bool = False,
    tick: Callable[[int], None] = lambda count: None,
) -> Comparison:
    """Measure networks on the same images under the same warps of growing size.

    Each image is read once, F(x) is computed once, and no more than 64 images are in memory, `batch` of them in the
    networks. Modules are copied, in `dtype` and in eval mode.

    Args:
        models: a network, or several, whose classes are their labels; or by label, a list where they are runs of one.
        images: as in `stream_of`, or a `Stream`; a folder is read at `size`, continuous images are sampled at it.
        warp: rotation (degrees), scale, shear, translation (pixels), or a random family; or a family of one's own.
        scales: `SCALES` of the warp by default.
        draws: warps for each image and scale: 1 of a motion, 4 of what is drawn at random.
        labels: the class of each image, whole numbers "b", for the accuracy.
        disc: keep of each image the disc that no rotation leaves, and 0 outside, so that no motion cuts corners off.
        floor: also what resampling alone does to the first network, on the first block of images.
        tick: is called with the number of images after each block.

    Raises:
        ArgumentError: scales that the warp cannot take, an image that a network does not take or of which it makes no
            number, fewer than two images.
        ArgumentTypeError: a network that returns something other than one floating-point tensor.
    """
    named = _named(models)
    if scales is None:
        scales = SCALES.get(warp, _RANDOM) if isinstance(warp, str) else _RANDOM
    fixed = isinstance(warp, str) and warp in MOTIONS and not MOTIONS[warp].directed
    draws = (1 if fixed else 4) if draws is None else draws
    require_manner(claim, margin)
    family_of(warp)
    scales = checked_scales(scales, draws, warp)
    if batch < 1:
        raise ArgumentError("batch", batch, "at least one image in a pass")
    stream = images if isinstance(images, Stream) else stream_of(images, labels=labels, size=size)
    runners = [Runner(each, dtype, device, batch) for each in named]
    generator = torch.Generator().manual_seed(seed)
    gathered = [Gathered() for _ in named]
    kept: Tensor | None = None
    count = 0
    manner = Manner(claim, None, margin, method)
    for block, classes in stream:
        plane = (size or 1, size or 1)
        if isinstance(block, Tensor):
            block = block.to(device, dtype) * (_disc(block) if disc else 1)
            kept = block if kept is None else kept
            plane = (block.shape[-2], block.shape[-1])
        else:
            manner = replace(manner, size=size)
        drawn = list(draws_by_scale(family_of(warp, plane), scales, len(block), draws, generator))
        sweep(runners, block, drawn, manner, gathered, labels=classes, batch=batch)
        count += len(block)
        tick(count)
    curves = tuple(
        curve_of_gathered(found, scales, each.label, claim) for found, each in zip(gathered, named, strict=True)
    )
    if labels is not None and all(curve.correct is None for curve in curves):
        _ = curves[0].accuracy  # raises, and says what is missing
    beneath = None
    if floor and kept is not None and kept.ndim == 4 and _varies(kept):  # of a constant image there is no spectrum
        with suppress(ArgumentError):  # pointwise actions resample nothing
            beneath = _floor(runners[0], kept, torch.Generator().manual_seed(seed), warp, scales, method)
    about = {
        "warp": warp if isinstance(warp, str) else getattr(warp, "__name__", type(warp).__name__),
        "unit": MOTIONS[warp].unit if isinstance(warp, str) and warp in MOTIONS else "scale σ",
        "claim": claim,
        "size": list(kept.shape[1:]) if kept is not None else size,
        "margin": margin,
        "method": method,
        "disc": disc,
        "draws": draws,
        "seed": seed,
        "block": BLOCK,
        "dtype": str(dtype).removeprefix("torch."),
        "device": device,
        "images": {**stream.about, "count": count, "sha256": stream.hashes},
        "versions": _versions(),
    }
    return Comparison(curves, about, tuple(each.to_dict() for each in named), beneath)


def _varies(images: Tensor) -> bool:
    """Whether one of them is more than a constant, inside its rim."""
    inside = images[..., 1:-1, 1:-1]
    return bool((inside != inside[..., :1, :1]).any())


def _floor(
    runner: Runner,
    images: Tensor,
    generator: torch.Generator,
    warp: str | Family,
    scales: Sequence[float],
    method: Method,
) -> InvarianceCurve:
    """`resampling_floor` of all images, so many at a time as there is room for: each of their waves at each pixel."""
    at_once = max(2, _WAVES_AT_PIXELS // images[0, 0].numel())
    parts = [
        resampling_floor(runner, part, warp=warp, scales=scales, generator=generator, method=method)
        for part in images.tensor_split(max(1, len(images) // at_once))
    ]
    joined = {
        name: torch.cat([getattr(part, name) for part in parts], -1)
        for name in ("difference", "spread", "defined", "undefined")
    }
    return replace(parts[0], **joined)


def _disc(images: Tensor) -> Tensor:
    """1 on the inscribed disc, falling to 0 over a tenth of the half-width at its rim: a step would ring."""
    grid = pixel_grid(images.shape[-2], images.shape[-1], device=images.device, dtype=images.dtype)
    return ((1 - grid.norm(dim=-1)) / 0.1).clamp(0, 1)


def _versions() -> dict[str, Any]:
    import numpy

    return {**environment(), "invariance": __version__, "numpy": numpy.__version__}


def _named(models: Model | Sequence[Model | Named] | Mapping[str, Model | Sequence[Model]]) -> list[Named]:
    models = [models] if callable(models) else models  # a Sequential is a sequence of layers, and one network
    if isinstance(models, Mapping):
        runs: dict[str, Sequence[Model]] = {
            label: [given] if callable(given) else given for label, given in models.items()
        }
        found = [Named(label, model) for label, group in runs.items() for model in group]
    else:
        kinds = [type(m).__name__ for m in models if not isinstance(m, Named)]
        numbered = iter(kinds if len(set(kinds)) == len(kinds) else [f"{k} {i}" for i, k in enumerate(kinds, 1)])
        found = [m if isinstance(m, Named) else Named(next(numbered), m) for m in models]
    if not found:
        raise ArgumentError("models", models, "at least one network")
    for each in found:
        if not callable(each.model):
            raise ArgumentTypeError("models", type(each.model).__name__, "modules, or functions on tensors")
    return found
