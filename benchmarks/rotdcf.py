"""RotDCF's batch norm against torch's; how far the network is from turning by 45°.

    python -m benchmarks.rotdcf

Shared batch norm against torch's with a statistic for every planar channel: forward and backward in turn in one
process, one thread, channels-last. The symmetry errors are of the network with random weights on smooth images, read
before the head and at the logits.
"""

import math
from functools import partial

import torch
from torch import nn

from benchmarks.timing import interleaved
from invariance.images import AnalyticImage, pixel_grid
from invariance.layers import RotDCFBatchNorm2d, turn_features
from invariance.measure import invariance_error
from invariance.models import RegularCNN, RotDCFCNN
from invariance.testing import assert_equivariant


def report(name: str, ours: float, theirs: float) -> None:
    print(f"{name:<62} {1e3 * ours:8.1f} ms {1e3 * theirs:8.1f} ms {ours / theirs:6.2f}")


def norms(generator: torch.Generator) -> None:
    print(f"{'forward + backward':<62} {'ours':>11} {'peer':>11}  ratio")
    for maps, size in ((4, 32), (8, 16)):
        x, grad = (torch.randn(100, 8 * maps, size, size, generator=generator).bfloat16() for _ in range(2))
        x, grad = (t.to(memory_format=torch.channels_last) for t in (x.requires_grad_(), grad))
        shared, planar = RotDCFBatchNorm2d(maps, affine=False), nn.BatchNorm2d(8 * maps, affine=False)
        ours, theirs = interleaved([partial(by_angle, shared, x, maps, grad), partial(step, planar, x, grad)])
        report(f"RotDCFBatchNorm2d({maps}), 100×{maps}×8×{size}², bfloat16 / BatchNorm2d", ours, theirs)


def step(norm: nn.Module, x: torch.Tensor, grad: torch.Tensor) -> None:
    norm(x).backward(grad)


def by_angle(norm: nn.Module, x: torch.Tensor, maps: int, grad: torch.Tensor) -> None:
    by_map(norm(by_map(x, maps)), maps).backward(grad)


def by_map(x: torch.Tensor, maps: int) -> torch.Tensor:
    """Planar channels angle·maps + map to "b maps angles h w", and back for 5 axes."""
    return x.transpose(1, 2).flatten(1, 2) if x.ndim == 5 else x.unflatten(1, (-1, maps)).transpose(1, 2)


@torch.no_grad()
def symmetry(generator: torch.Generator) -> None:
    print(
        "features at 90°, relative; logits at 90° and 45°, relative to the difference between images; means of 6 nets"
    )
    image, grid = AnalyticImage.random(16, generator=generator, window=0.4), pixel_grid(32, 32)
    turn = torch.tensor([[1.0, 1.0], [-1.0, 1.0]], dtype=torch.float64) / math.sqrt(2)
    flat, turned = image(grid[None]), image((grid @ turn)[None])
    quarter = flat.rot90(1, (-2, -1))
    for name, make in (
        ("rotdcf-cnn, k = 5", RotDCFCNN),
        ("rotdcf-cnn, k = 5, K = 12, K_α = 7", partial(RotDCFCNN, functions=12, modes=7)),
        ("rotdcf-cnn, k = 3", partial(RotDCFCNN, kernel_size=3)),
        ("rotdcf-cnn, k = 5, head = flatten", partial(RotDCFCNN, head="flatten")),
        ("cnn", RegularCNN),
    ):
        errors = []
        for _ in range(6):
            net = make(generator=generator).double()
            net(flat)
            net.eval()
            features = math.nan
            if isinstance(net, RotDCFCNN):
                action = partial(turn_features, quarter_turns=1)
                features = assert_equivariant(net.features, flat, quarter, output_action=action).relative
            errors.append([features, *(invariance_error(net, flat, moved).normalised for moved in (quarter, turned))])
        print(f"{name:<62} {'  '.join(f'{sum(column) / len(column):11.1e}' for column in zip(*errors, strict=True))}")


def main() -> None:
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    norms(generator)
    symmetry(generator)


if __name__ == "__main__":
    main()
