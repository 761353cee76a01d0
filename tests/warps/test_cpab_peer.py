"""The flow against libcpab's, where it is installed (extra `subjects`)."""

import pytest
import torch

from benchmarks.libcpab_peer import libcpab_flow
from invariance.images import pixel_grid
from invariance.warps import random_cpab


@pytest.mark.parametrize("cells", [2, 3])
def test_the_flow_is_libcpabs(cells: int):
    pytest.importorskip("libcpab")
    warp = random_cpab(4, 0.5, generator=torch.Generator().manual_seed(0), cells=cells, steps=64)
    grid = pixel_grid(16, 16)
    flow, theta = libcpab_flow(warp)
    theirs = flow(grid.flatten(0, 1).mT, theta).mT.reshape(4, 16, 16, 2)
    moved = (warp(grid[None]) - grid).norm(dim=-1) * 16
    assert float(moved.max()) > 3
    error = (theirs - warp(grid[None])).norm(dim=-1) * 16
    assert float(error.max()) < 2e-3
    assert float(error.mean()) < 2e-4
