r"""What theory predicts of a curve, as an object that can be drawn on it and that says whether the data respect it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from ..actions import PointwiseAction
from ..errors import ArgumentError
from ..images import ContinuousImage, pixel_grid, sample
from ..warps import Method, Warp
from .curve import Family, InvarianceCurve, draws_by_scale, family_of
from .error import Model
from .sampled import SampledFeatures
from .warping import inside

__all__ = ["Bound", "FittedSlope", "Respect", "fitted_slope", "lipschitz_bound", "regularised_bound"]

Respect = Literal["respected", "violated", "undecided"]


@dataclass(frozen=True, eq=False)
class Bound:
    """An upper bound on E(σ).

    Attributes:
        curve: label of the curve that it bounds.
        name, formula, source: for legends; the formula in mathtext.
        scales, values: the bound at the curve's scales, in units of E.
    """

    curve: str
    name: str
    formula: str
    source: str
    scales: tuple[float, ...]
    values: Float[Tensor, "s"]

    def verdict(self, curve: InvarianceCurve, *, generator: torch.Generator, level: float = 0.95) -> Respect:
        """*Respected* where E is under the bound at all scales, up to rounding; *violated* where the lower end of its
        interval is above it at one; else *undecided*.
        """
        if curve.scales != self.scales:
            raise ArgumentError("curve.scales", curve.scales, f"those of the bound, {self.scales}")
        allowed = self.values * (1 + 1e-9) + 1e-12
        if (curve.error <= allowed).all():
            return "respected"
        low, _ = curve.interval(generator=generator, level=level)
        return "violated" if (low > allowed).any() else "undecided"

    def sharpness(self, curve: InvarianceCurve) -> float:
        """The largest E / bound over the positive scales: 1 where the bound is attained."""
        positive = torch.tensor(self.scales) > 0
        return float((curve.error / self.values)[positive].max())


@dataclass(frozen=True, eq=False)
class FittedSlope:
    r"""$E \approx c\,\sigma^p$ over the scales used, with the exponent that theory predicts, if it does.

    Attributes:
        curve: label of the curve that it was fitted to.
        interval: bootstrap interval of the exponent.
        scales, values: the fitted line, at scales with errors under `below`.
    """

    curve: str
    exponent: float
    interval: tuple[float, float]
    scales: tuple[float, ...]
    values: Float[Tensor, "s"]
    below: float
    predicted: float | None = None

    @property
    def name(self) -> str:
        """The exponent with its interval, for legends."""
        low, high = self.interval
        return f"fit: slope {self.exponent:.3g} in [{low:.3g}, {high:.3g}]"

    @property
    def formula(self) -> str:
        r"""The order in the scale that theory predicts, $E \propto \sigma^p$, as TeX; empty where it predicts none."""
        return "" if self.predicted is None else rf"theory: $E \propto \sigma^{{{self.predicted:g}}}$"

    def verdict(
        self, curve: InvarianceCurve, *, generator: torch.Generator, level: float = 0.95, slack: float = 0.1
    ) -> Respect:
        """*Respected* where the predicted exponent is within `slack` of the interval, else *violated*; *undecided*
        where nothing is predicted. An exponent is a statement about σ → 0, hence the slack at finite scales.
        """
        if self.predicted is None:
            return "undecided"
        _, (low, high) = curve.slope(generator=generator, below=self.below, level=level)
        return "respected" if low - slack <= self.predicted <= high + slack else "violated"


def fitted_slope(
    curve: InvarianceCurve, *, generator: torch.Generator, below: float = 0.3, predicted: float | None = None
) -> FittedSlope:
    """Fit E's exponent as in `InvarianceCurve.slope`; the line goes through the mean of the points it uses."""
    exponent, interval = curve.slope(generator=generator, below=below)
    scales = torch.tensor(curve.scales, dtype=torch.float64)
    used = (scales > 0) & (curve.error > 0) & (curve.error < below)
    x, y = scales[used].log(), curve.error[used].double().log()
    line = (y.mean() + exponent * (x - x.mean())).exp()
    return FittedSlope(curve.label, exponent, interval, tuple(scales[used].tolist()), line, below, predicted)


def lipschitz_bound(
    curve: InvarianceCurve,
    model: Model,
    images: ContinuousImage | Float[Tensor, "b c h w"],
    *,
    warp: str | Family,
    generator: torch.Generator,
    size: int | None = None,
    margin: float = 0.1,
    method: Method = "quintic",
) -> Bound:
    r"""For a model equivariant under φ, $|F(I\circ\varphi)(x) - F(I)(x)| \le \mathrm{Lip}(F(I))\,|\varphi(x) - x|$.

    It bounds the *invariance* error: what moves by at most $|\varphi(x) - x|$ changes by no more (the argument of
    `dropped_term`, T2.g, for a field without colours). Where it is violated, the model is not equivariant. Lip(F(I)) is
    measured: the largest operator norm of the gradient of the spline through F(I), on a grid twice as fine.

    Args:
        curve: measured with the same model, images, warp, size and margin, and claim "invariant".
        generator: in the state that the curve was measured from, so that the warps are the same ones.
    """
    if curve.claim != "invariant":
        raise ArgumentError("curve.claim", curve.claim, "invariant: the bound is on what the field's motion changes")
    if isinstance(images, Tensor):
        inputs = images
    else:
        if size is None:
            raise ArgumentError("size", size, "the number of pixels to sample continuous images at")
        inputs = sample(images, size)
    with torch.no_grad():
        fields = model(inputs)
    height, width = fields.shape[-2:]
    fine = pixel_grid(2 * height, 2 * width, dtype=fields.dtype, device=fields.device)[None].flatten(1, 2)
    fine = fine[:, fine[0].abs().amax(-1) <= 1 - margin]
    slope = SampledFeatures(fields, method=method).jacobian(fine).movedim(-1, 1)  # "b n k 2"
    constant = torch.linalg.matrix_norm(slope, ord=2).amax(1)
    grid = pixel_grid(height, width, dtype=fields.dtype, device=fields.device)[None]

    def square(warp: Warp | PointwiseAction) -> Float[Tensor, "b"]:
        if not isinstance(warp, Warp):
            raise ArgumentError("warp", type(warp).__name__, "a family of warps: pointwise actions move nothing")
        where = inside(warp, height, width, 1 - margin, fields)[:, 0]
        distance = (warp(grid) - grid).square().sum(-1)
        return constant.square() / fields.shape[1] * (distance * where).sum((1, 2)) / where.sum((1, 2))

    values = _of_draws(curve, square, family_of(warp), generator)
    formula = r"$\mathrm{Lip}(F(I))\,|\varphi(x) - x|$"
    return Bound(
        curve.label, "Lipschitz bound", formula, "T2.g with the measured Lipschitz constant", curve.scales, values
    )


def regularised_bound(
    curve: InvarianceCurve,
    features: Float[Tensor, "b c 3 2 h w"],
    *,
    actions: Family,
    eps: float,
    generator: torch.Generator,
) -> Bound:
    r"""The price of $g_\varepsilon = \log(\det V + \varepsilon)$ under $J \mapsto JM$, per pixel with m = |det M| and
    $v = \min_c \det V_c$ over C channels (C4.e, on Kan et al., equation 5):
    $$|U'_\varepsilon - U_\varepsilon| \le \left(1 - \tfrac1C\right)
    \left|\log\frac{m^2 v + \varepsilon}{m^2 (v + \varepsilon)}\right| .$$

    Args:
        curve: of the layer, or of a network whose layers before it are equivariant, under the same actions.
        features: the Jacobian fields that enter the log-determinant layer.
        generator: in the state that the curve was measured from.
    """
    if not eps > 0:
        raise ArgumentError("eps", eps, "a positive regularisation: at 0 the layer is invariant")
    channels = features.shape[1]
    dx, dy = (features - features.mean(1, keepdim=True)).unbind(3)
    least = torch.linalg.cross(dx, dy, dim=2).square().sum(2).amin(1)

    def square(action: Warp | PointwiseAction) -> Float[Tensor, "b"]:
        if not isinstance(action, PointwiseAction):
            raise ArgumentError("actions", type(action).__name__, "a family of pointwise actions")
        m2 = action.determinant.square()
        error = (1 - 1 / channels) * ((m2 * least + eps) / (m2 * (least + eps))).log()
        return error.square().mean((1, 2))

    values = _of_draws(curve, square, actions, generator)
    formula = r"$(1 - \frac{1}{C})\,|\log\frac{m^2 v + \varepsilon}{m^2 (v + \varepsilon)}|$"
    return Bound(curve.label, "ε bound", formula, "C4.e", curve.scales, values)


def _of_draws(
    curve: InvarianceCurve,
    square: Callable[[Warp | PointwiseAction], Float[Tensor, "b"]],
    family: Family,
    generator: torch.Generator,
) -> Float[Tensor, "s"]:
    """The bound at the curve's scales, from its square for each image under each of the curve's draws."""
    draws, batch = curve.difference.shape[1:]
    drawn = draws_by_scale(family, curve.scales, batch, draws, generator)
    squares = torch.stack([torch.stack([square(one) for one in row]).mean() for row in drawn])
    return (squares.cpu() / curve.spread.mean()).sqrt()
