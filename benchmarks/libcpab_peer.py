"""libcpab's flow for our parameters: the same velocity in its coordinates [0, 1]² and its basis.

The wheel on PyPI comes without its C sources, so that its pure PyTorch path runs, in float32: 50 steps, each the
exponential of the triangle that a point is in. Its gradient is NaN at θ = 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from invariance.warps import CPAB

__all__ = ["Flow", "libcpab_flow"]

Flow = Callable[[Tensor, Tensor], Tensor]


def libcpab_flow(warp: CPAB) -> tuple[Flow, Tensor]:
    """(points "2 n" and its parameters) ↦ φ(points) "b 2 n" in [−1, 1]², and its parameters for the warp.

    Raises:
        ModuleNotFoundError: libcpab is not installed.
        ValueError: its basis does not have the velocity, as where the boundary is free.
    """
    from libcpab import Cpab

    cells = warp.tessellation
    peer = Cpab([cells.columns, cells.rows], zero_boundary=cells.zero_boundary)
    corners = torch.from_numpy(np.array(peer.tesselation.verts, dtype=np.float64))
    vertex = torch.cdist(2 * corners[..., :2].flatten(0, 1) - 1, cells.vertices).argmin(1)
    velocities = torch.zeros(len(warp), *cells.free.shape, dtype=torch.float64)
    velocities[:, cells.free] = warp.theta.double()
    basis = torch.from_numpy(peer.get_basis()).view(len(corners), 2, 3, -1)
    system = torch.einsum("tkj,tijd->tkid", corners, basis).flatten(0, 2)
    wanted = velocities[:, vertex].flatten(1).mT / 2
    theta = torch.linalg.lstsq(system, wanted).solution
    if not torch.allclose(system @ theta, wanted, atol=1e-9):
        raise ValueError("libcpab's basis does not have this velocity")

    def flow(points: Tensor, theta: Tensor) -> Tensor:
        return 2 * peer.transform_grid((points.float() + 1) / 2, theta) - 1

    return flow, theta.mT.float()
