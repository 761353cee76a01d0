"""The flow of a continuous piecewise affine velocity, by Runge and Kutta's method."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from .tessellation import Tessellation

__all__ = ["flow", "flow_and_derivative", "velocity"]


def velocity(
    tessellation: Tessellation, pieces: Float[Tensor, "b 2 3 t"], points: Float[Tensor, "p 2 n"]
) -> Float[Tensor, "b 2 n"]:
    """v at the points."""
    inside = points.clamp(-1, 1)
    local = _at(pieces, tessellation.locate(inside))
    return torch.addcmul(torch.addcmul(local[:, :, 2], local[:, :, 0], inside[:, :1]), local[:, :, 1], inside[:, 1:])


def flow(
    tessellation: Tessellation, pieces: Float[Tensor, "b 2 3 t"], points: Float[Tensor, "p 2 n"], steps: int
) -> Float[Tensor, "b 2 n"]:
    """φ at the points: `steps` steps of the fourth-order method."""
    for _ in range(steps):
        k1 = velocity(tessellation, pieces, points)
        k2 = velocity(tessellation, pieces, points + k1 / (2 * steps))
        k3 = velocity(tessellation, pieces, points + k2 / (2 * steps))
        k4 = velocity(tessellation, pieces, points + k3 / steps)
        points = points + (k1 + 2 * (k2 + k3) + k4) / (6 * steps)
    return points


def flow_and_derivative(
    tessellation: Tessellation, pieces: Float[Tensor, "b 2 3 t"], points: Float[Tensor, "p 2 n"], steps: int
) -> tuple[Float[Tensor, "b 2 n"], Float[Tensor, "b 2 2 n"]]:
    """φ and dφ of the numerical flow: the same steps for (x, dx), with velocity (v(x), dv(x) dx)."""
    eye = torch.eye(2, dtype=points.dtype, device=points.device).unsqueeze(-1)
    state = torch.cat((points.unsqueeze(2), eye.expand(len(points), 2, 2, points.shape[2])), 2)

    def rate(state: Float[Tensor, "p 2 3 n"]) -> Float[Tensor, "b 2 3 n"]:
        x, dx = state[:, :, 0], state[:, :, 1:]
        inside = x.clamp(-1, 1)
        local = _at(pieces, tessellation.locate(inside))
        dx = torch.where((x == inside).unsqueeze(2), dx, 0.0)
        v = local[:, :, 0] * inside[:, :1] + local[:, :, 1] * inside[:, 1:] + local[:, :, 2]
        dv = local[:, :, :1] * dx[:, None, 0] + local[:, :, 1:2] * dx[:, None, 1]
        return torch.cat((v.unsqueeze(2), dv), 2)

    for _ in range(steps):
        k1 = rate(state)
        k2 = rate(state + k1 / (2 * steps))
        k3 = rate(state + k2 / (2 * steps))
        k4 = rate(state + k3 / steps)
        state = state + (k1 + 2 * (k2 + k3) + k4) / (6 * steps)
    return state[:, :, 0], state[:, :, 1:]


def _at(pieces: Float[Tensor, "b 2 3 t"], triangle: Tensor) -> Float[Tensor, "b 2 3 n"]:
    batch, points = max(len(pieces), len(triangle)), triangle.shape[1]
    index = triangle.unsqueeze(1).expand(batch, 6, points)
    return pieces.flatten(1, 2).expand(batch, 6, -1).gather(2, index).unflatten(1, (2, 3))
