r"""Can any affine $T_g$ undo on feature maps what $T_h$ did to the image? A search over all of them.

$(T_h F)(x) = F(h^{-1}x)$. The network realigns if $T_g \Lambda T_h f = \Lambda f$ for one g and all images f. Jansson,
Maydanskiy, Finnveden and Lindeberg (2020) prove that g must then be $h^{-1}$, and the features already invariant to h.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError, UndefinedError
from ..images import ContinuousImage, pixel_grid
from ..warps import Projective, Pullback
from .error import ErrorReport, invariance_error
from .interval import bootstrap_ratio, quantile_interval

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Alignment", "ContinuousNetwork", "align_features", "transformed"]

ContinuousNetwork = Callable[[ContinuousImage], ContinuousImage]


@runtime_checkable
class _Transformable(Protocol):
    def transform(self, linear: Float[Tensor, "#b 2 2"], shift: Float[Tensor, "#b 2"]) -> ContinuousImage: ...


def transformed(h: Projective, image: ContinuousImage) -> ContinuousImage:
    """$T_h f$: in closed form where the image has a method `transform`, else evaluated at $h^{-1}x$."""
    if isinstance(image, _Transformable):
        return image.transform(h.matrix[:, :2, :2], h.matrix[:, :2, 2])
    return Pullback(image, h.inverse())


@dataclass(frozen=True, eq=False)
class Alignment:
    r"""The best affine g that was found, and how much it leaves.

    Attributes:
        h, g: what was done to the images, and the map whose $T_g$ aligns best.
        report: $T_g \Lambda T_h f$ against $\Lambda f$, for each image.
        inverse: the same for $g = h^{-1}$.
        starts: the residual that each local search ended with, best first.
    """

    h: Projective
    g: Projective
    report: ErrorReport
    inverse: ErrorReport
    starts: Float[Tensor, "s"]

    @property
    def residual(self) -> float:
        r"""RMS of $T_g \Lambda T_h f - \Lambda f$, in units of the RMS difference of $\Lambda f$ between images."""
        return self.report.normalised

    @property
    def deviation(self) -> float:
        r"""$\|g \circ h - 1\|_F$ of the 3×3 matrices: 0 where the best g is $h^{-1}$."""
        eye = torch.eye(3, dtype=self.g.dtype, device=self.g.device)
        return float(torch.linalg.matrix_norm(self.g.matrix @ self.h.matrix - eye))

    def interval(self, *, generator: torch.Generator, level: float = 0.95) -> tuple[float, float]:
        """Bootstrap interval of the residual over images, at the g found for all of them."""
        spread = self.report.spread
        assert spread is not None
        replicates = bootstrap_ratio(self.report.difference, spread, generator=generator)
        low, high = quantile_interval(replicates, level).tolist()
        return low, high


def align_features(
    network: ContinuousNetwork,
    images: ContinuousImage,
    h: Projective,
    *,
    generator: torch.Generator,
    head: ContinuousNetwork | None = None,
    size: int = 16,
    candidates: int = 48,
    starts: int = 4,
) -> Alignment:
    r"""Search all affine g for the one that brings $T_g \Lambda T_h f$ closest to $\Lambda f$, over all images at once.

    The six entries of $g^{-1}$ are fitted by Levenberg–Marquardt, on size×size points of $[-1, 1]^2$, from the best
    `starts` of `candidates` random maps of each orientation, from the identity, and from $g = h^{-1}$.

    Args:
        network: Λ, between continuous images: layers of `invariance.layers.gaussian`, or a `SampledNetwork`.
        head: what follows the transformed feature map: $\mathrm{head}(T_g \Lambda T_h f)$ is compared with
            $\mathrm{head}(\Lambda f)$. With the identity as network and a whole network as head it is the input that
            is aligned, as a spatial transformer does at the entrance.
        candidates: for each orientation, of any angle, singular values in [½, 2], and shifts of deviation 0.1.

    Raises:
        ArgumentError: h is not one affine map, or there are fewer candidates than starts.
        SingularError: h is not invertible, or the best fit collapses the plane.
        UndefinedError: one image, or a Λ that is the same for all of them at these points: anything aligns it.
    """
    if h.matrix.shape != (1, 3, 3) or h.matrix[0, 2].tolist() != [0, 0, 1]:
        raise ArgumentError("h", h.matrix.tolist(), "one affine map")
    if not 0 <= starts <= candidates:
        raise ArgumentError("starts", starts, f"at least 0 and at most {candidates}, the number of candidates")
    problem = _Problem(network, images, h, head, size)
    chosen = problem.best(_random_maps(2 * candidates, generator), starts) if starts else torch.empty(0, 6).double()
    identity = torch.eye(3, dtype=torch.float64)
    fixed = torch.stack([m[:2].flatten() for m in (h.matrix[0].double().cpu(), identity)])
    fits = [problem.fit(row) for row in torch.cat((fixed, chosen))]
    fits.sort(key=lambda fit: fit[0])
    best = Projective(torch.cat((fits[0][1].view(2, 3), identity[2:])).to(h.matrix)[None])
    return Alignment(
        h,
        best.inverse(),
        problem.report(fits[0][1]),
        problem.report(fixed[0]),
        torch.tensor([residual for residual, _ in fits], dtype=torch.float64),
    )


class _Problem:
    """Least squares in the entries of g⁻¹, row by row."""

    def __init__(
        self,
        network: ContinuousNetwork,
        images: ContinuousImage,
        h: Projective,
        head: ContinuousNetwork | None,
        size: int,
    ) -> None:
        self.head = head
        self.points = pixel_grid(size, size, dtype=images.dtype, device=images.device)[None].flatten(1, 2)
        self.moved = network(transformed(h, images))
        plain = network(images)
        self.target = (head(plain) if head else plain)(self.points)
        self.scale = self._spread()

    def _spread(self) -> float:
        spread = invariance_error(_values, self.target, self.target).spread
        if spread is None or not spread.mean() > 0:
            raise UndefinedError("network", "constant", "at least 2 images, and features that tell them apart")
        return float((spread.mean() * self.target.numel()).sqrt())

    def aligned(self, entries: Float[Tensor, "6"]) -> Float[Tensor, "b c n"]:
        back = entries.to(self.points).view(1, 2, 3)
        if self.head is None:
            return self.moved(self.points @ back[..., :2].mT + back[..., 2])
        g = Projective.affine(back[..., :2], back[..., 2]).inverse()
        return self.head(transformed(g, self.moved))(self.points)

    def residuals(self, entries: Float[Tensor, "6"]) -> Float[Tensor, "m"]:
        return (self.aligned(entries) - self.target).flatten().double().cpu() / self.scale

    def jacobian(self, entries: Float[Tensor, "6"]) -> Float[Tensor, "m 6"]:
        """∇F(g⁻¹x) times (x, y, 1)."""
        back = entries.to(self.points).view(1, 2, 3)
        slope = self.moved.jacobian(self.points @ back[..., :2].mT + back[..., 2])  # "b c 2 n"
        inner = torch.nn.functional.pad(self.points[0], (0, 1), value=1.0)
        return (slope.movedim(2, -1).unsqueeze(-1) * inner.unsqueeze(1)).reshape(-1, 6).double().cpu() / self.scale

    def fit(self, start: Float[Tensor, "6"]) -> tuple[float, Float[Tensor, "6"]]:
        """Residual and entries of the local minimum next to `start`."""
        from scipy.optimize import least_squares

        def of(function: Callable[[Tensor], Tensor]) -> Callable[[np.ndarray], np.ndarray]:
            return lambda entries: function(torch.from_numpy(entries)).detach().numpy()

        jacobian: Any = of(self.jacobian) if self.head is None else "2-point"
        result = least_squares(of(self.residuals), start.numpy(), jacobian, method="lm", gtol=1e-15, max_nfev=100)
        return (2 * float(result.cost)) ** 0.5, torch.from_numpy(result.x)

    def best(self, maps: Float[Tensor, "n 6"], count: int) -> Float[Tensor, "m 6"]:
        """The `count` best of the first half of the maps, and of the second."""
        losses = torch.tensor([float(self.residuals(row).square().sum()) for row in maps]).view(2, -1)
        rows = losses.argsort(1)[:, :count] + torch.tensor([[0], [losses.shape[1]]])
        return maps[rows.flatten()]

    def report(self, entries: Float[Tensor, "6"]) -> ErrorReport:
        return invariance_error(_values, self.target, self.aligned(entries))


def _values(values: Tensor) -> Tensor:
    return values


def _random_maps(count: int, generator: torch.Generator) -> Float[Tensor, "n 6"]:
    """R(α) diag(s₁, ±s₂) R(β) and a shift; the first half keeps orientation."""

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, dtype=torch.float64, device=generator.device).cpu()

    alpha, beta = (2 * torch.pi * uniform(2, count)).unbind(0)
    turns = [torch.stack((a.cos(), -a.sin(), a.sin(), a.cos()), -1).view(-1, 2, 2) for a in (alpha, beta)]
    singular = 4 ** (uniform(count, 2) - 0.5)
    singular[count // 2 :, 1].neg_()
    shift = 0.1 * torch.randn((count, 2), generator=generator, dtype=torch.float64, device=generator.device).cpu()
    linear = turns[0] @ torch.diag_embed(singular) @ turns[1]
    return torch.cat((linear, shift.unsqueeze(-1)), -1).flatten(1)
