"""Splines at points that all images share: looked up in a table, against sampled, which can be differentiated.

    python benchmarks/warps.py

One thread; medians of interleaved runs.
"""

import torch
from timing import interleaved

from invariance import pixel_grid
from invariance.warps.resample import Method, resample

SHAPES = (1, 1, 64), (1, 3, 256), (4, 3, 64), (4, 3, 192), (8, 16, 64), (2, 64, 128)
METHODS: tuple[Method, ...] = ("cubic", "quintic")
TURN = torch.tensor([[0.9, 0.3], [-0.3, 0.9]], dtype=torch.float64)


def compared(batch: int, channels: int, size: int, method: Method) -> str:
    images = torch.randn(batch, channels, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    points = (pixel_grid(size, size) @ TURN)[None]
    differentiable = points.clone().requires_grad_()

    def samples() -> torch.Tensor:
        return resample(images, differentiable, method=method).detach()

    def table() -> torch.Tensor:
        return resample(images, points, method=method)

    sampled, shared = interleaved([samples, table])
    apart = float((table() - samples()).abs().max())
    shape = f"{batch} × {channels} × {size}²"
    return (
        f"{shape:16} {method:8} {1e3 * sampled:8.1f} ms {1e3 * shared:8.1f} ms  {sampled / shared:5.2f} ×  {apart:.0e}"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    print("images           spline     sampled     shared  ratio    apart")
    for shape in SHAPES:
        for method in METHODS:
            print(compared(*shape, method), flush=True)
