"""CPAB's flow: time, and error in pixels.

    python -m benchmarks.cpab

The flow of 100 warps on 2×2 cells at the 32×32 pixel centres, forward and backward in turn in one process, one thread,
float32, against libcpab where it is installed (extra `subjects`) and against scaling and squaring: 2⁻ⁿ of the velocity
at the pixel centres, composed n times with itself by bilinear interpolation. Errors are against 256 steps in float64.
"""

from collections.abc import Callable
from functools import partial

import torch
from libcpab_peer import libcpab_flow
from torch import Tensor

from benchmarks.timing import interleaved
from invariance.images import pixel_grid
from invariance.warps import CPAB, random_cpab, resample
from invariance.warps.cpab.flow import velocity

GRID = pixel_grid(32, 32)[None]


def runge_kutta(warp: CPAB, steps: int, theta: Tensor) -> Tensor:
    return CPAB(theta, warp.tessellation, steps)(GRID.to(theta.dtype))


def scaling_and_squaring(warp: CPAB, squarings: int, theta: Tensor) -> Tensor:
    grid = GRID.to(theta.dtype)
    v = velocity(warp.tessellation, theta, grid.reshape(1, -1, 2).mT).unflatten(2, (32, 32)) / 2**squarings
    for _ in range(squarings):
        v = v + resample(v, grid + v.movedim(1, -1), method="bilinear", padding="border")
    return grid + v.movedim(1, -1)


def flows(generator: torch.Generator) -> None:
    warp = random_cpab(100, 0.5, generator=generator)
    exact = CPAB(warp.theta, warp.tessellation, 256)(GRID)
    moved = (exact - GRID).norm(dim=-1) * 16
    print(f"flow of 100 warps at 32×32 that move pixels by {moved.mean():.2f}, at most {moved.max():.1f} pixels\n")
    print(f"{'':<34} {'mean':>9} {'max px':>9} {'fwd + bwd':>12}  ratio to the first")
    rows: dict[str, tuple[Callable[[Tensor], Tensor], Tensor]] = {}
    for steps in (1, 2, 4):
        rows[f"ours, {steps} step{'s'[: steps - 1]}"] = partial(runge_kutta, warp, steps), warp.theta.float()
    for squarings in (5, 7):
        rows[f"scaling and squaring, n = {squarings}"] = (
            partial(scaling_and_squaring, warp, squarings),
            warp.theta.float(),
        )
    try:
        peer, theta = libcpab_flow(warp)
    except ModuleNotFoundError:
        print("libcpab is not installed")
    else:
        points = GRID.reshape(-1, 2).mT

        def libcpab(theta: Tensor) -> Tensor:
            return peer(points, theta).mT.reshape(exact.shape)

        rows = {"libcpab 0.1.3, without its C code": (libcpab, theta), **rows}
    gradient = torch.randn(exact.shape, generator=generator)

    def run(flow: Callable[[Tensor], Tensor], theta: Tensor) -> None:
        flow(theta.clone().requires_grad_()).backward(gradient)

    times = interleaved([partial(run, *row) for row in rows.values()], rounds=7)
    for (name, (flow, theta)), time in zip(rows.items(), times, strict=True):
        error = (flow(theta).double() - exact).norm(dim=-1) * 16
        print(f"{name:<34} {error.mean():9.1e} {error.max():9.1e} {1e3 * time:9.1f} ms {time / times[0]:7.3f}")


def main() -> None:
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    flows(generator)


if __name__ == "__main__":
    main()
