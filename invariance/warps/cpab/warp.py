"""CPAB warps: flows of continuous piecewise affine velocities (Freifeld et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ...errors import ArgumentError
from ..base import Warp, operator_norm
from ..certificate import Certificate
from ..finite import all_finite
from ..sampling import Folding, draw_warps
from .flow import flow, flow_and_derivative
from .tessellation import Tessellation

__all__ = ["CPAB", "random_cpab"]


@dataclass(frozen=True, eq=False)
class CPAB(Warp):
    r"""$\varphi_\theta = \exp(v_\theta)$, the flow at time 1 of the velocity that θ gives on a tessellation.

    The flow of a Lipschitz velocity is a homeomorphism, with inverse $\varphi_{-\theta}$. The velocity is piecewise
    affine, φ is not. What is evaluated, and differentiated, is the numerical flow: `steps` steps of the classical
    Runge–Kutta method, of fourth order along trajectories that stay in a triangle and of second order across edges.

    Args:
        theta: velocities at the vertices, in [−1, 1]² per unit time; see `Tessellation`.

    Raises:
        ArgumentError: not "b d", not finite, or no steps.
    """

    theta: Float[Tensor, "b d"]
    tessellation: Tessellation
    steps: int = 4

    def __post_init__(self) -> None:
        dimension = self.tessellation.dimension
        if self.theta.ndim != 2 or self.theta.shape[1] != dimension:
            raise ArgumentError("theta.shape", tuple(self.theta.shape), f"(batch, {dimension}) on {self.tessellation}")
        if not all_finite(self.theta):
            raise ArgumentError("theta", "NaN or infinite somewhere", "finite numbers")
        if self.steps < 1:
            raise ArgumentError("steps", self.steps, "1 or more")

    def inverse(self) -> CPAB:
        r"""$\varphi_{-\theta}$, the inverse to the error of the numerical flow."""
        return CPAB(-self.theta, self.tessellation, self.steps)

    def _value(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 n"]:
        return flow(self.tessellation, self.theta, points, self.steps)

    def _derivative(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 2 n"]:
        return flow_and_derivative(self.tessellation, self.theta, points, self.steps)[1]

    def certificate(self) -> Certificate:
        r"""Every step is the identity plus a contraction, and so a homeomorphism of the plane.

        With L the largest $\|A\|$ of a triangle v has the Lipschitz constant L on the plane, and with $z = L/n$ a step
        of the method is the identity plus a map of constant $\rho = z + z^2/2 + z^3/6 + z^4/24$. Where $\rho < 1$ its
        determinant is at least $(1-\rho)^2$, n times that of φ. With zero boundary no stage leaves the line of a side
        that it starts on, so φ maps each of these lines, and the square between them, onto itself.
        """
        norm = operator_norm(self.tessellation.gradients(self.theta.double()))
        z = norm.amax(1) / self.steps * (1 + 64 * torch.finfo(torch.float64).eps)
        room = 1 - (z + z**2 / 2 + z**3 / 6 + z**4 / 24)
        return Certificate(
            torch.where(room > 0, room ** (2 * self.steps), room),
            torch.ones(len(room), dtype=torch.int64, device=room.device),
            "every step of the numerical flow is the identity plus a contraction, from the largest gradient of v",
            keeps_square=self.tessellation.zero_boundary,
        )


def random_cpab(
    batch: int,
    scale: float,
    *,
    generator: torch.Generator,
    cells: int = 2,
    zero_boundary: bool = True,
    steps: int = 8,
    folding: Folding = "redraw",
    dtype: torch.dtype = torch.float64,
    device: torch.device | str | None = None,
) -> CPAB:
    r"""Independent normal velocities at the vertices of `cells` × `cells` rectangles; `scale` is the root mean square
    of $\|\nabla v\|_F$ over draws (before any redraw) and square, that of $\|d\varphi - 1\|_F$ to first order.

    The flow itself never folds. A draw is replaced where `steps` are too few to prove that of the numerical one.
    Other arguments, and what is raised, are as in `Tessellation`, `CPAB` and `draw_warps`.
    """
    if cells < 1:
        raise ArgumentError("cells", cells, "at least one rectangle each way")
    tessellation = Tessellation(cells, cells, zero_boundary)
    # E‖∇v‖² = Σ over entries of θ of the mean of ‖∇(basis field)‖²: all triangles have one area.
    unit = tessellation.gradients(torch.eye(tessellation.dimension, dtype=torch.float64))
    energy = float(unit.square().sum((0, 1, 2)).mean())

    def build(noise: Float[Tensor, "b d"]) -> CPAB:
        return CPAB(noise / energy**0.5, tessellation, steps)

    shape = (tessellation.dimension,)
    return draw_warps(build, shape, batch, scale, generator=generator, folding=folding, dtype=dtype, device=device)
