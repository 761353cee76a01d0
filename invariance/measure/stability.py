r"""Relative stability to diffeomorphisms (Petrini, Favero, Geiger, Wyart, "Relative stability toward diffeomorphisms
indicates performance in deep nets", 2021, eq. 4–6).

$$R_f = \frac{\langle\|f(\tau x) - f(x)\|^2\rangle}{\langle\|f(x + \eta) - f(x)\|^2\rangle}, \qquad
\|\eta\| = \langle\|\tau x - x\|\rangle, \quad \eta \text{ uniform on its sphere.}$$
R < 1 says that f is smoother along diffeomorphisms than in a random direction of the same length.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError, UndefinedError
from ..images import ContinuousImage
from ..warps import Method, Warp
from .error import Model, invariance_error
from .interval import bootstrap_ratio, quantile_interval
from .warping import sample_pair

__all__ = ["Stability", "relative_stability"]


@dataclass(frozen=True, eq=False)
class Stability:
    r"""Mean squares over the outputs of each image.

    Attributes:
        warped: $\|f(\tau x) - f(x)\|^2$.
        noisy: $\|f(x + \eta) - f(x)\|^2$.
        spread: $\|f(x) - f(x')\|^2$ with $x'$ the next image.
        noise_norm: $\|\eta\|$, in the units of the images over all pixels and channels.
    """

    warped: Float[Tensor, "b"]
    noisy: Float[Tensor, "b"]
    spread: Float[Tensor, "b"]
    noise_norm: float

    @property
    def relative(self) -> float:
        r"""$R_f$.

        Raises:
            UndefinedError: f does not change under the noise.
        """
        return self._over(self.warped, self.noisy)

    @property
    def diffeomorphism(self) -> float:
        r"""$D_f = \langle\|f(\tau x) - f(x)\|^2\rangle / \langle\|f(x) - f(x')\|^2\rangle$, the square of E."""
        return self._over(self.warped, self.spread)

    @property
    def noise(self) -> float:
        r"""$G_f = \langle\|f(x + \eta) - f(x)\|^2\rangle / \langle\|f(x) - f(x')\|^2\rangle$; $R_f = D_f / G_f$."""
        return self._over(self.noisy, self.spread)

    def interval(self, *, generator: torch.Generator, level: float = 0.95) -> tuple[float, float]:
        """Bootstrap interval of $R_f$ over images."""
        low, high = quantile_interval(bootstrap_ratio(self.warped, self.noisy, generator=generator), level).tolist()
        return low**2, high**2

    @staticmethod
    def _over(numerator: Tensor, denominator: Tensor) -> float:
        if not (below := denominator.mean()) > 0:
            raise UndefinedError("stability", "x/0", "a model that tells images apart, and noisy ones from clean ones")
        return float(numerator.mean() / below)


def relative_stability(
    model: Model,
    images: ContinuousImage | Float[Tensor, "b c h w"],
    warp: Warp,
    *,
    generator: torch.Generator,
    size: int | None = None,
    method: Method = "cubic",
) -> Stability:
    r"""Compare f(τx) and f(x + η) with f(x), entry by entry: nothing is moved back.

    Args:
        images: at least two; continuous ones are sampled at `size` before and after the warp.
        warp: τ, one for each image or one for all.
        generator: source of the noise.

    Raises:
        ArgumentError: fewer than two images, a size that is missing or superfluous, a warp that moves nothing.
    """
    if len(images) < 2:
        raise ArgumentError("images", len(images), "at least two independent images, to average over")
    inputs, warped = sample_pair(images, warp, size=size, method=method)
    norm = float((warped - inputs).flatten(1).norm(dim=1).mean())
    if not norm > 0:
        raise ArgumentError("warp", "τx = x for all images", "a warp that moves something")
    noise = torch.randn(inputs.shape, generator=generator, dtype=inputs.dtype, device=generator.device).to(inputs)
    noise *= norm / noise.flatten(1).norm(dim=1).view(-1, *[1] * (noise.ndim - 1))
    moved, shaken = (invariance_error(model, inputs, other) for other in (warped, inputs + noise))
    assert moved.spread is not None
    return Stability(moved.difference, shaken.difference, moved.spread, norm)
