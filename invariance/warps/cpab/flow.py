"""The flow of a continuous piecewise affine velocity, by Runge and Kutta's method of fourth order."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from .tessellation import Tessellation

__all__ = ["flow", "flow_and_derivative", "velocity"]


def velocity(
    tessellation: Tessellation, theta: Float[Tensor, "b d"], points: Float[Tensor, "p 2 n"]
) -> Float[Tensor, "b 2 n"]:
    r"""$v_\theta$ at the points."""
    return _rate(tessellation, tessellation.pieces(theta))(points)


def flow(
    tessellation: Tessellation, theta: Float[Tensor, "b d"], points: Float[Tensor, "p 2 n"], steps: int
) -> Float[Tensor, "b 2 n"]:
    r"""$\varphi_\theta$ at the points."""
    return _runge_kutta(_rate(tessellation, tessellation.pieces(theta)), points, steps)


def flow_and_derivative(
    tessellation: Tessellation, theta: Float[Tensor, "b d"], points: Float[Tensor, "p 2 n"], steps: int
) -> tuple[Float[Tensor, "b 2 n"], Float[Tensor, "b 2 2 n"]]:
    r"""φ and dφ of the numerical flow: the same steps for (x, dx), at the rate (v(x), dv(x) dx)."""
    eye = torch.eye(2, dtype=points.dtype, device=points.device).unsqueeze(-1)
    state = torch.cat((points.unsqueeze(2), eye.expand(len(points), 2, 2, points.shape[2])), 2)
    pieces, gradients = tessellation.pieces(theta), tessellation.gradients(theta)
    rate = _rate(tessellation, pieces)

    def both(state: Float[Tensor, "p 2 3 n"]) -> Float[Tensor, "b 2 3 n"]:
        x, dx = state[:, :, 0], state[:, :, 1:]
        by_x, by_y = (_gather(g, tessellation.locate(x)[1]).unsqueeze(2) for g in gradients.unbind(2))
        dx = torch.where((x.abs() <= 1).unsqueeze(2), dx, 0.0)
        return torch.cat((rate(x).unsqueeze(2), by_x * dx[:, :1] + by_y * dx[:, 1:]), 2)

    state = _runge_kutta(both, state, steps)
    return state[:, :, 0], state[:, :, 1:]


def _runge_kutta(rate: Callable[[Tensor], Tensor], state: Tensor, steps: int) -> Tensor:
    h = 1 / steps
    for _ in range(steps):
        k1 = rate(state)
        k2 = rate(torch.add(state, k1, alpha=h / 2))
        k3 = rate(torch.add(state, k2, alpha=h / 2))
        k4 = rate(torch.add(state, k3, alpha=h))
        state = torch.add(state, torch.add(k1 + k4, k2 + k3, alpha=2), alpha=h / 6)
    return state


def _rate(
    tessellation: Tessellation, pieces: Float[Tensor, "b 2 3 t"]
) -> Callable[[Float[Tensor, "p 2 n"]], Float[Tensor, "b 2 n"]]:
    tables = pieces.unbind(2)

    def rate(points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 n"]:
        local, triangle = tessellation.locate(points)
        s, t = local.split(1, 1)
        by_s, by_t, constant = (_gather(table, triangle) for table in tables)
        return torch.addcmul(torch.addcmul(constant, by_s, s), by_t, t)

    return rate


def _gather(table: Float[Tensor, "b 2 t"], triangle: Tensor) -> Float[Tensor, "b 2 n"]:
    batch = max(len(table), len(triangle))
    return table.expand(batch, -1, -1).gather(2, triangle.unsqueeze(1).expand(batch, 2, -1))
