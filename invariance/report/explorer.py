r"""The interactive part of the report: a warp is dragged, and U of the warped image is seen beside U moved along.

Everything is computed in the browser, exactly: the image is known at every point, $J = dI$, and that of $I\circ\varphi$
is $J(\varphi(x))\,d\varphi(x)$ by the chain rule. What is sent there is one image, one more to normalise by, and the
taps of the networks, as they are here.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..images import AnalyticImage, pixel_grid
from ..layers import JacobianConv2d, LogDetInvariant
from ..plots import plot_gallery
from ..warps import Warp
from .networks import CHANNELS, seeded

__all__ = ["FOOTPRINT", "SIZE", "contents", "exact_output", "explorer_page", "front", "images", "on_page", "still"]

SIZE = 64
"""Pixels along a side: a drag is drawn at once."""

FOOTPRINT = 1 / 8
"""Distance of the taps of the wide kernel, in half-widths of the image: it stays as large as it is in the image."""

_KERNELS = {"DiffCNN, K = 1": 1, "DiffCNN, K = 3": 3}


def images() -> AnalyticImage:
    """The image that is warped, and an independent one; smooth enough for 64 pixels."""
    return AnalyticImage.random(2, generator=seeded(), cutoff=2, window=0.45)


def front(kernel: int) -> JacobianConv2d:
    """The layer before the logarithm, as in the report's networks."""
    layer = JacobianConv2d(1, CHANNELS, kernel, generator=seeded(), dtype=torch.float64)
    return layer.requires_grad_(False)


def contents() -> dict[str, Any]:
    """What the page knows, as plain data: waves "m 2", amplitudes and phases "c m", taps "k (dx, dy), out 3 3"."""
    both = images()
    nets = {}
    for name, size in _KERNELS.items():
        weight = front(size).weight[:, 0]  # "out k k 3 3", rows of the kernel downwards
        reach = size // 2
        taps = [
            {"at": [FOOTPRINT * (column - reach), FOOTPRINT * (row - reach)], "w": weight[:, row, column].tolist()}
            for row in range(size)
            for column in range(size)
        ]
        nets[name] = taps
    waves = [
        {"waves": k.tolist(), "amplitude": a.tolist(), "phase": p.tolist()}
        for k, a, p in zip(both.waves, both.amplitude, both.phase, strict=True)
    ]
    return {"size": SIZE, "window": both.window, "images": waves, "networks": nets}


def exact_output(kernel: int, image: AnalyticImage, points: Tensor, warp: Warp | None = None) -> Tensor:
    r"""$U[I\circ\varphi]$ at `points` "n 2", with exact derivatives and taps `FOOTPRINT` apart: "channels n"."""
    layer, reach = front(kernel), kernel // 2
    field = torch.zeros(1, CHANNELS, 3, 2, len(points), 1, dtype=torch.float64)
    for row in range(kernel):
        for column in range(kernel):
            at = points + FOOTPRINT * torch.tensor([column - reach, row - reach], dtype=torch.float64)
            moved = at if warp is None else warp(at[None])[0]
            jac = image.jacobian(moved[None])[0].movedim(-1, 0)  # "n 3 2"
            if warp is not None:
                jac = jac @ warp.jacobian(at[None])[0]
            field[0, ..., 0] += torch.einsum("oij,njd->oidn", layer.weight[:, 0, row, column], jac)
    return LogDetInvariant(degenerate="nan")(field)[0, ..., 0]


def still() -> Any:
    """The figure that is seen where nothing runs: the start of the page, drawn here."""
    from ..warps import WARP_FAMILIES

    warp = WARP_FAMILIES["smooth"](1, 0.3, generator=seeded())
    grid = pixel_grid(SIZE, SIZE).flatten(0, 1)
    image = images()[:1]
    rows = []
    for kernel in _KERNELS.values():
        plain, moved = exact_output(kernel, image, grid), exact_output(kernel, image, grid, warp)
        along = exact_output(kernel, image, warp(grid[None])[0])
        rows.append([values[:1].unflatten(1, (SIZE, SIZE)) for values in (plain, moved, along, moved - along)])
    return plot_gallery(
        rows,
        row_labels=[name.replace(", ", ",\n") for name in _KERNELS],
        column_labels=["U[I]", "U[I∘φ]", "U[I]∘φ", "difference"],
        size=1.4,
        shared="rows",
    )


def on_page() -> dict[str, Any]:
    """What the template `explorer.html.j2` takes."""
    content = io.BytesIO()
    still().savefig(content, format="png", dpi=110, metadata={"Software": "invariance"})
    script = Path(__file__).with_name("explorer.js").read_text(encoding="utf-8")
    picture = base64.b64encode(content.getvalue()).decode()
    return {"size": SIZE, "data": contents(), "script": script, "still": picture}


def explorer_page() -> str:
    """A page of its own, one file that needs no other."""
    from .page import rendered

    return rendered("explorer_page.html.j2", explorer=on_page())
