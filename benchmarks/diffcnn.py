"""DiffCNN's layers and the spline resampler against what one would write or take instead.

    python -m benchmarks.diffcnn

`JacobianConv2d` against the planar convolution with the same filter bank laid out beforehand; `LogDetInvariant` against
the determinants of Gram matrices; `warp_images` against `scipy.ndimage.map_coordinates`, image by image. One thread.
"""

from functools import partial

import numpy as np
import torch
from scipy.ndimage import map_coordinates
from torch import Tensor, nn

from benchmarks.timing import interleaved
from invariance.images import pixel_grid
from invariance.layers import JacobianConv2d, LogDetInvariant
from invariance.warps import random_homography, warp_images


def step(layer: nn.Module, x: Tensor) -> None:
    layer(x).square().sum().backward()


class GramInvariant(nn.Module):
    """Equation 4-5 as printed."""

    def forward(self, jac: Tensor) -> Tensor:
        d = (jac - jac.mean(1, keepdim=True)).movedim((2, 3), (-2, -1))
        g = torch.linalg.det(d.mT @ d).abs().log()
        return g - g.mean(1, keepdim=True)


def planar(layer: JacobianConv2d) -> nn.Conv2d:
    weight = layer.weight.detach().permute(0, 4, 1, 5, 2, 3).flatten(2, 3).flatten(0, 1)
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], layer.kernel_size, stride=layer.stride, bias=False)
    conv.weight = nn.Parameter(weight)
    return conv


def scipy(images: np.ndarray, points: np.ndarray) -> None:
    for image, where in zip(images, points, strict=True):
        for channel in image:
            map_coordinates(channel, where, order=3, mode="mirror")


def report(name: str, ours: float, theirs: float) -> None:
    print(f"{name:<58} {1e3 * ours:8.1f} ms {1e3 * theirs:8.1f} ms {ours / theirs:6.2f}")


def main() -> None:
    torch.set_num_threads(1)
    print(f"{'forward + backward, float32':<58} {'ours':>11} {'peer':>11}  ratio")
    for channels, kernel_size, stride, size, batch in ((1, 3, 1, 32, 100), (1, 3, 3, 33, 100), (16, 3, 1, 32, 16)):
        layer = JacobianConv2d(channels, 16, kernel_size, stride=stride)
        conv = planar(layer)
        jac = torch.randn(batch, channels, 3, 2, size, size)
        flat = jac.movedim(3, 1).flatten(0, 1).flatten(1, 2)
        ours, theirs = interleaved([partial(step, layer, jac), partial(step, conv, flat)])
        report(f"JacobianConv2d({channels}, 16, 3, stride={stride}), {batch}×{size}² / Conv2d", ours, theirs)
    jac = torch.randn(100, 16, 3, 2, 32, 32, requires_grad=True)
    ours, theirs = interleaved([partial(step, LogDetInvariant(), jac), partial(step, GramInvariant(), jac)])
    report("LogDetInvariant, 100×16×32² / Gram determinants", ours, theirs)
    warp = random_homography(100, 0.05, generator=torch.Generator().manual_seed(0))
    for dtype in (torch.float32, torch.float64):
        images = torch.rand(100, 3, 32, 32, dtype=dtype)
        points = ((warp(pixel_grid(32, 32)[None]) + 1) * 16 - 0.5).flip(-1).movedim(-1, 1).numpy()
        ours, theirs = interleaved([partial(warp_images, images, warp), partial(scipy, images.numpy(), points)])
        report(f"warp_images, cubic, 100×3×32², {dtype} / scipy", ours, theirs)


if __name__ == "__main__":
    main()
