"""What a check costs in passes of the model, and how many examples a second the strategies draw.

    python -m benchmarks.check

A check of p4 on a five-layer CNN at 64×64 against forward passes of the same model on as many images, interleaved; a
check by the refinement ladder against passes on its seven grids. Strategies draw and build; images are sampled at
3×32×32. One thread; processor time, so that other work on the machine does not count.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from torch import nn

from invariance.checking.continuous import SIZES
from invariance.groups import P4
from invariance.images import sample
from invariance.layers import GroupPool, P4ConvP4, P4ConvZ2
from invariance.testing import check, strategies

EXAMPLES = 300


def seconds(run: Callable[[], object], rounds: int = 3) -> float:
    """The least processor time of a few runs, after one that does not count."""
    times = []
    for _ in range(rounds + 1):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times[1:])


def rate(strategy: SearchStrategy[Any], use: Callable[[Any], object]) -> float:
    """Examples a second."""

    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(strategy)
    def draw(value: Any) -> None:
        use(value)

    return EXAMPLES / seconds(draw)


def five_layers(width: int) -> nn.Sequential:
    torch.manual_seed(0)
    deep = [m for _ in range(4) for m in (nn.ReLU(), nn.Conv2d(width, width, 3, padding=1))]
    return nn.Sequential(nn.Conv2d(3, width, 3, padding=1), *deep)


def five_group_layers(width: int) -> nn.Sequential:
    torch.manual_seed(0)
    deep = [m for _ in range(4) for m in (nn.ReLU(), P4ConvP4(width, width, 3, padding=1))]
    return nn.Sequential(P4ConvZ2(3, width, 3, padding=1), *deep, GroupPool(P4))


def passes(model: nn.Module, images: int, sizes: tuple[int, ...]) -> float:
    model = model.double().eval()
    inputs = [torch.randn(images, 3, n, n, dtype=torch.float64) for n in sizes]
    with torch.no_grad():
        return seconds(lambda: [model(x) for x in inputs])


def main() -> None:
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, CPU, one thread, float64")
    print(f"{'check':<58} {'check':>9} {'passes':>9}  ratio")
    for name, model in (("CNN, 32 channels", five_layers(32)), ("p4 CNN, 8 channels", five_group_layers(8))):
        ours = seconds(partial(check, model, group="p4", input_shape=(3, 64, 64), claim="equivariant"))
        once = passes(model, 4, (64,))
        print(f"{'p4, ' + name + ', 64×64 / pass of 4 images':<58} {ours:7.2f} s {once:7.2f} s {ours / once:6.1f}")
    small = five_layers(4)
    ours = seconds(lambda: check(small, group="rotation", input_shape=(3, 64, 64), claim="equivariant"), rounds=1)
    once = passes(small, 8, SIZES)
    name = "rotation, CNN of 4 channels / pass of 8 on each grid"
    print(f"{name:<58} {ours:7.2f} s {once:7.2f} s {ours / once:6.1f}")
    print(f"\n{'strategy':<40} {'examples/s':>10}")
    drawn: dict[str, tuple[SearchStrategy[Any], Callable[[Any], object]]] = {
        "analytic_images(), sampled at 3×32×32": (strategies.analytic_images(), lambda image: sample(image, 32)),
        "jacobian_fields(size=32)": (strategies.jacobian_fields(size=32), id),
        "gl2_matrices()": (strategies.gl2_matrices(), id),
        "block_fields(block=3, blocks=(4, 4))": (strategies.block_fields(block=3, blocks=(4, 4)), id),
        "gaussian_mixtures()": (strategies.gaussian_mixtures(), id),
        "compositions()": (strategies.compositions(), id),
        **{f"{name}, a warp": (family(), id) for name, family in strategies.FAMILIES.items()},
    }
    for name, (strategy, use) in drawn.items():
        print(f"{name:<40} {rate(strategy, use):>10.0f}")


if __name__ == "__main__":
    main()
