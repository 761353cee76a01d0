"""Group convolution against the planar convolution with the same, pre-expanded filter bank; construction; exactness.

    python -m benchmarks.gconv

Both run in turn in one process on the same input; the ratio of the medians is the cost of the filter transform. The
largest relative error of equivariance is over the whole group, two layers deep.
"""

import statistics
from functools import partial

import torch
from torch import nn

from benchmarks.timing import interleaved, seconds
from invariance.groups import P4, P4M, SplitGroup
from invariance.layers import P4ConvP4, P4ConvZ2, P4MConvP4M, P4MConvZ2
from invariance.measure import equivariance_error

SETTINGS = [(P4ConvP4, 10, 24, 128), (P4ConvP4, 48, 33, 8), (P4ConvP4, 96, 17, 8), (P4MConvP4M, 32, 33, 8)]


def step(layer: nn.Module, x: torch.Tensor) -> None:
    layer.zero_grad()
    layer(x).square().sum().backward()


def worst_error(lifting: type, group_layer: type, group: SplitGroup, dtype: torch.dtype) -> float:
    """Largest relative error of a two-layer network over all turns and flips, on random images."""
    net = nn.Sequential(lifting(3, 8, 3, padding=1), nn.ReLU(), group_layer(8, 8, 3, padding=1)).to(dtype)
    net.requires_grad_(False)
    x = torch.randn(4, 3, 33, 33, dtype=dtype)
    return max(
        equivariance_error(net, x, group.act_on_plane(g, x), output_action=partial(group.act, g)).relative
        for g in range(group.order)
    )


def main() -> None:
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, CPU, one thread, float32, kernel 3, padding 1; ms and ratio group/planar")
    print(f"{'layer':<11} {'channels':>8} {'image':>6} {'batch':>5}   {'forward':>23}   {'forward + backward':>23}")
    for kind, channels, size, batch in SETTINGS:
        layer = kind(channels, channels, 3, padding=1)
        conv = layer.to_conv2d()
        x = torch.randn(batch, channels, layer.group.order, size, size)
        flat = x.flatten(1, 2)
        cells = []
        for run in (lambda module, x: module(x), step):
            with torch.set_grad_enabled(run is step):
                planar, group = interleaved([partial(run, conv, flat), partial(run, layer, x)])
            cells.append(f"{1e3 * planar:7.1f} {1e3 * group:7.1f} {group / planar:7.3f}")
        print(f"{kind.__name__:<11} {channels:>8} {size:>6} {batch:>5}   {cells[0]:>23}   {cells[1]:>23}")
    for kind in (P4ConvP4, P4MConvP4M):
        times = [seconds(partial(kind, 96, 96, 3)) for _ in range(20)]
        median, worst = 1e3 * statistics.median(times), 1e3 * max(times)
        print(f"construction of {kind.__name__}(96, 96, 3): median {median:.1f} ms, worst {worst:.1f} ms")
    for dtype in (torch.float64, torch.float32):
        errors = [worst_error(*pair, dtype) for pair in ((P4ConvZ2, P4ConvP4, P4), (P4MConvZ2, P4MConvP4M, P4M))]
        print(f"largest equivariance error, {dtype}: p4 {errors[0]:.1e}, p4m {errors[1]:.1e}")


if __name__ == "__main__":
    main()
