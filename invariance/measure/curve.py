r"""Invariance error against the size of the transformation, with every sample kept."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..actions import PointwiseAction
from ..errors import ArgumentError, ArgumentTypeError, UndefinedError, one_of
from ..extras import NeededFor
from ..images import ContinuousImage, sample
from ..randomness import require_generator
from ..warps import MOTIONS, WARP_FAMILIES, Method, Pullback, Warp, warp_images
from .error import ErrorReport, Model, invariance_error
from .floor import matched_spectrum
from .interval import bootstrap_ratio, quantile_interval
from .sweep import Gathered, Manner, sweep
from .warping import Claim, refusal_explained, require_images, require_manner, require_model

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Family",
    "InvarianceCurve",
    "Scales",
    "checked_scales",
    "curve_of",
    "curve_of_gathered",
    "draws_by_scale",
    "family_of",
    "invariance_curve",
    "resampling_floor",
]

Family = Callable[..., Warp | PointwiseAction]
"""`family(batch, scale, *, generator)`: a transformation for each sample; scale 0 is the identity."""


Scales = Iterable[float] | Tensor
"""Numbers, one after the other: a tuple, a list, an array, a tensor."""


@dataclass(frozen=True, eq=False)
class InvarianceCurve:
    """Mean squares of an invariance measurement by scale, draw and image; see `ErrorReport` for their meaning.

    Attributes:
        label, claim: what was measured, for legends.
        defined, undefined: entries compared, and entries left out because they are not finite on one side.
        same, correct: of classifiers, whether the largest score is of the class it was, and of the image's label.
    """

    label: str
    claim: Claim
    scales: tuple[float, ...]
    difference: Float[Tensor, "s d b"]
    spread: Float[Tensor, "b"]
    defined: Int[Tensor, "s d b"]
    undefined: Int[Tensor, "s d b"]
    same: Bool[Tensor, "s d b"] | None = None
    correct: Bool[Tensor, "s d b"] | None = None

    @property
    def error(self) -> Float[Tensor, "s"]:
        """The normalised error E at each scale.

        Raises:
            UndefinedError: the model does not tell the images apart.
        """
        if not (spread := self.spread.mean()) > 0:
            raise UndefinedError("error", "x/0", f"{self.label} is the same for all images: constant, not invariant")
        return (self.difference.mean((1, 2)) / spread).sqrt()

    @property
    def consistency(self) -> Float[Tensor, "s"]:
        """How often the class of an image stays, at each scale.

        Raises:
            ArgumentError: the output is no row of class scores.
        """
        return self._share("consistency", self.same, "a classifier, whose output is a row of class scores")

    @property
    def accuracy(self) -> Float[Tensor, "s"]:
        """How often the class is the image's label, at each scale.

        Raises:
            ArgumentError: no labels were given.
        """
        wanted = "a classifier, whose output is a row of class scores, and labels of the images"
        return self._share("accuracy", self.correct, wanted)

    def _share(self, name: str, counted: Tensor | None, wanted: str) -> Float[Tensor, "s"]:
        if counted is None:
            raise ArgumentError(name, self.label, wanted)
        return counted.double().mean((1, 2))

    def decibels(self, peak: float = 2.0) -> Float[Tensor, "s"]:
        r"""$10 \log_{10}(\mathrm{peak}^2 / \langle|F(gx) - \rho(g)F(x)|^2\rangle)$, the peak signal-to-noise ratio that
        StyleGAN3 calls EQ-T of shifts and EQ-R of rotations (Karras et al., 2021, eq. 3); infinite without error.

        `peak` is the width of the output's range, 2 for images in [−1, 1].
        """
        return 10 * (peak**2 / self.difference.mean((1, 2))).log10()

    def interval(self, *, generator: torch.Generator, level: float = 0.95) -> Float[Tensor, "2 s"]:
        """Bootstrap interval of E at each scale: images drawn with replacement, each with its own draws."""
        return quantile_interval(self._replicates(generator), level)

    def slope(
        self, *, generator: torch.Generator, below: float = 0.3, level: float = 0.95
    ) -> tuple[float, tuple[float, float]]:
        """Exponent of E against scale, fitted log-log, with its interval: 1 where E is to first order in the scale.

        Errors of the size of the spread say nothing of an order, so only scales with E under `below` are used.

        Raises:
            UndefinedError: fewer than two positive scales have a positive error under `below`.
        """
        used = (torch.tensor(self.scales) > 0) & (self.error > 0) & (self.error < below)
        if used.sum() < 2:
            raise UndefinedError("slope", self.label, f"at least two positive scales with errors under {below}")
        x = torch.tensor(self.scales, dtype=torch.float64)[used].log()
        x = x - x.mean()
        rows = torch.cat((self.error[None], self._replicates(generator)))[:, used].log()
        slopes = rows @ x / x.square().sum()
        low, high = quantile_interval(slopes[1:], level).tolist()
        return float(slopes[0]), (low, high)

    def _replicates(self, generator: torch.Generator) -> Float[Tensor, "r s"]:
        difference = self.difference.mean(1)
        return bootstrap_ratio(difference, self.spread.expand_as(difference), generator=generator)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers; `from_dict` is the inverse."""
        return {
            "label": self.label,
            "claim": self.claim,
            "scales": list(self.scales),
            "difference": self.difference.tolist(),
            "spread": self.spread.tolist(),
            "defined": self.defined.tolist(),
            "undefined": self.undefined.tolist(),
            **{name: value.int().tolist() for name, value in self._answers().items()},
        }

    def _answers(self) -> dict[str, Bool[Tensor, "s d b"]]:
        return {name: value for name in ("same", "correct") if (value := getattr(self, name)) is not None}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> InvarianceCurve:
        """What `to_dict` wrote."""
        real = {name: torch.tensor(data[name], dtype=torch.float64) for name in ("difference", "spread")}
        counts = {name: torch.tensor(data[name], dtype=torch.int64) for name in ("defined", "undefined")}
        answers = {name: torch.tensor(data[name]).bool() for name in ("same", "correct") if name in data}
        return cls(data["label"], data["claim"], tuple(data["scales"]), **real, **counts, **answers)

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> InvarianceCurve:
        """What `to_json` wrote."""
        return cls.from_dict(json.loads(text))

    def to_frame(self) -> pd.DataFrame:
        """One row for each scale, draw and image (extra `frames`)."""
        with NeededFor("to_frame"):
            import pandas as pd

        axes = [self.scales, range(self.difference.shape[1]), range(self.difference.shape[2])]
        index = pd.MultiIndex.from_product(axes, names=["scale", "draw", "image"])
        columns = {
            "difference": self.difference.flatten(),
            "spread": self.spread.expand_as(self.difference).flatten(),
            "defined": self.defined.flatten(),
            "undefined": self.undefined.flatten(),
            **{name: value.flatten() for name, value in self._answers().items()},
        }
        return pd.DataFrame({name: values.numpy() for name, values in columns.items()}, index=index).reset_index()


def invariance_curve(
    model: Model,
    images: ContinuousImage | Tensor,
    *,
    warp: str | Family,
    scales: Scales,
    generator: torch.Generator,
    draws: int = 4,
    claim: Claim = "invariant",
    size: int | None = None,
    margin: float = 0.1,
    method: Method = "cubic",
    label: str = "model",
    labels: Int[Tensor, "b"] | None = None,
    batch: int | None = None,
) -> InvarianceCurve:
    r"""Measure `model` under transformations of growing scale, `draws` of them for each image at each scale.

    Every scale starts from the same state of `generator`, so that one draw's noise is only multiplied along the curve.

    Args:
        images: continuous images, sampled at `size`; or sampled images "b c h w"; or, where `warp` gives pointwise
            actions, Jacobian fields "b c 3 2 h w".
        warp: a name out of `WARP_FAMILIES` or `MOTIONS`, or a family of warps or pointwise actions.
        claim, margin, method: as in `warp_error`; pointwise actions move no pixel and have the claim "invariant".
        labels: the classes of the images, where `model` is a classifier, for `accuracy`.
        batch: how many images pass through the model at a time; all of them where it is not given.

    Raises:
        ArgumentError: an unknown family, scales that are empty, not finite, not increasing, or that it cannot take; an
            image without a batch.
        ArgumentTypeError: one number for the scales; images of another dtype than the model's weights, or with the
            channels last; what is no model, no family or no generator.
    """
    require_manner(claim, margin)
    require_model(model)
    require_images(images)
    scales = checked_scales(scales, draws, warp)
    family = family_of(warp, _plane(images, size))
    drawn = list(draws_by_scale(family, scales, len(images), draws, generator))
    gathered = Gathered()
    with refusal_explained(model, images):
        sweep([model], images, drawn, Manner(claim, size, margin, method), [gathered], labels=labels, batch=batch)
    curve = curve_of_gathered(gathered, scales, label, claim)
    if labels is not None:
        _ = curve.accuracy  # raises where the output is no row of class scores
    return curve


def _plane(images: ContinuousImage | Tensor, size: int | None) -> tuple[int, int]:
    if isinstance(images, Tensor):
        return images.shape[-2], images.shape[-1]
    return size or 1, size or 1


def resampling_floor(
    model: Model,
    images: Float[Tensor, "b c h w"],
    *,
    warp: str | Family,
    scales: Scales,
    generator: torch.Generator,
    draws: int = 1,
    method: Method = "cubic",
) -> InvarianceCurve:
    r"""The part of the error that resampling alone makes, $F(\text{resampled } I\circ\varphi)$ against
    $F(\text{exact } I\circ\varphi)$, on analytic images of the spectrum of `images`.

    Drawn beside a curve on sampled images, never subtracted from it.
    """
    require_images(images)
    exact = matched_spectrum(images, generator=generator)
    height, width = images.shape[-2:]
    sampled = sample(exact, height, width)

    def measure(warp: Warp | PointwiseAction) -> ErrorReport:
        if not isinstance(warp, Warp):
            raise ArgumentError("warp", warp, "a family of warps: pointwise actions resample nothing")
        truth = sample(Pullback(exact, warp), height, width)
        return invariance_error(model, truth, warp_images(sampled, warp, method=method))

    scales = checked_scales(scales, draws, warp)
    family, label = family_of(warp, (height, width)), f"{method} resampling"
    rows = draws_by_scale(family, scales, len(images), draws, generator)
    return curve_of([list(map(measure, drawn)) for drawn in rows], scales, label, "invariant")


def family_of(warp: str | Family, size: tuple[int, int] = (1, 1)) -> Family:
    """The family of that name, on images of (height, width) where it is a motion.

    Raises:
        ArgumentError: there is none.
        ArgumentTypeError: a warp, which has its size already.
    """
    if isinstance(warp, Warp) or not (callable(warp) or isinstance(warp, str)):
        wanted = "a name such as 'smooth', or a function (batch, scale, *, generator); one warp is for warp_error"
        raise ArgumentTypeError("warp", type(warp).__name__, wanted)
    if not isinstance(warp, str):
        return warp
    if warp in MOTIONS:
        return MOTIONS[warp].family(*size)
    if warp not in WARP_FAMILIES:
        raise ArgumentError("warp", warp, one_of(warp, (*WARP_FAMILIES, *MOTIONS)))
    return WARP_FAMILIES[warp]


def draws_by_scale(
    family: Family, scales: Sequence[float], batch: int, draws: int, generator: torch.Generator
) -> Iterator[list[Warp | PointwiseAction]]:
    """`draws` transformations at each scale, every scale from the same state of the generator."""
    require_generator(generator)
    state = generator.get_state()
    for scale in scales:
        generator.set_state(state)
        yield [family(batch, scale, generator=generator) for _ in range(draws)]


def checked_scales(scales: Scales, draws: int, warp: str | Family = "") -> tuple[float, ...]:
    """The scales as numbers, of a tuple, an array or a tensor.

    Raises:
        ArgumentError: no increasing finite numbers ≥ 0, or not of the motion; no draws.
        ArgumentTypeError: one number, or words.
    """
    try:
        numbers = None if isinstance(scales, str) else tuple(s if isinstance(s, int) else float(s) for s in scales)
    except (TypeError, ValueError):
        numbers = None
    if numbers is None:
        example = scales if isinstance(scales, int | float) else 0.1
        raise ArgumentTypeError("scales", scales, f"numbers, one after the other, such as ({example},)")
    if isinstance(warp, str) and warp in MOTIONS:
        MOTIONS[warp].check(numbers)
    elif not numbers or not all(0 <= s < math.inf for s in numbers) or list(numbers) != sorted(set(numbers)):
        raise ArgumentError("scales", numbers, "increasing finite numbers ≥ 0")
    if not isinstance(draws, int) or draws < 1:
        raise ArgumentError("draws", draws, "at least one transformation for each image, a whole number")
    return numbers


def curve_of(
    reports: Sequence[Sequence[ErrorReport]], scales: Sequence[float], label: str, claim: Claim
) -> InvarianceCurve:
    """The curve of the reports by scale and draw."""
    spread = reports[0][0].spread
    if spread is None:
        raise ArgumentError("images", 1, "at least 2 independent images, to normalise the error by")

    def gathered(name: str) -> Tensor:
        return torch.stack([torch.stack([getattr(report, name) for report in row]) for row in reports]).cpu()

    fields = (gathered("difference"), spread.cpu(), gathered("defined"), gathered("undefined"))
    return InvarianceCurve(label, claim, tuple(map(float, scales)), *fields)


def curve_of_gathered(gathered: Gathered, scales: Sequence[float], label: str, claim: Claim) -> InvarianceCurve:
    """The curve of what `sweep` gathered.

    Raises:
        ArgumentError: fewer than two images.
    """
    spread = gathered.close()

    def joined(parts: list[Tensor]) -> Tensor:
        return torch.cat(parts, 2)

    answers = {
        "same": joined(gathered.same) if gathered.same else None,
        "correct": joined(gathered.correct) if gathered.correct else None,
    }
    fields = (joined(gathered.difference), spread, joined(gathered.defined), joined(gathered.undefined))
    return InvarianceCurve(label, claim, tuple(map(float, scales)), *fields, **answers)
