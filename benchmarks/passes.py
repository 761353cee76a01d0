"""How often a network is run: operations in all over those of one pass, which no noise changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from unittest import mock

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from invariance import check, invariance_curve
from invariance.checking.bench import Bench
from invariance.checking.continuous import SIZES
from invariance.checking.inputs import KINDS
from invariance.groups import P4
from invariance.layers import GroupPool, P4ConvP4, P4ConvZ2
from invariance.measure import layerwise_error
from invariance.warps import Method, Warp

from .row import Rows, counted

__all__ = ["deep", "images_shown", "rows"]

_SECTION = "Passes of the network"


class Bottleneck(nn.Module):
    """1×1, 3×3, 1×1 and what goes past them, as in ResNet-50."""

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        sizes = ((width, width // 4, 1), (width // 4, width // 4, 3), (width // 4, width, 1))
        self.body = nn.Sequential(*(nn.Conv2d(a, b, k, padding=k // 2) for a, b, k in sizes))
        self.pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(torch.relu(x + self.body(x)))


def deep(width: int = 16, blocks: int = 16) -> nn.Module:
    """As many layers as ResNet-50: 16 blocks of three convolutions."""
    torch.manual_seed(0)
    body = [Bottleneck(width, 2 if i in (3, 7) else 1) for i in range(blocks)]
    return nn.Sequential(nn.Conv2d(3, width, 3, padding=1), *body, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def five(width: int, *, turned: bool, stride: int = 1) -> nn.Module:
    """Five layers, p4's or planar."""
    torch.manual_seed(0)
    if turned:
        body = [m for _ in range(4) for m in (nn.ReLU(), P4ConvP4(width, width, 3, padding=1))]
        return nn.Sequential(P4ConvZ2(3, width, 3, padding=1, stride=stride), *body, GroupPool(P4))
    body = [m for _ in range(4) for m in (nn.ReLU(), nn.Conv2d(width, width, 3, padding=1))]
    return nn.Sequential(nn.Conv2d(3, width, 3, padding=1), *body)


def images_shown(run: Callable[[], object], net: nn.Module) -> int:
    """How many images the network saw, copies of it included; shapes alone, on the meta device, are none."""
    seen: list[int] = []
    hook = net.register_forward_pre_hook(lambda _, inputs: seen.append(0 if inputs[0].is_meta else len(inputs[0])))
    run()
    hook.remove()
    return sum(seen)


def quintic_splines(run: Callable[[], object], size: int) -> tuple[int, int]:
    """Through a network's outputs of that size: how many, and for how many warps."""
    warps: list[Warp] = []

    def pulled_back(self: Bench, plain: Tensor, warp: Warp, size: int, method: Method = "quintic") -> Tensor:
        if plain.shape[-1] == largest and method == "quintic":
            warps.append(warp)
        return known(self, plain, warp, size, method)

    largest, known = size, Bench._pulled_back
    with mock.patch.object(Bench, "_pulled_back", pulled_back):
        run()
    return len(warps), len(set(map(id, warps)))


def _operations(run: Callable[[], object]) -> int:
    """Of convolutions and matrix products."""
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()


def rows() -> Rows:
    turned, plain, strided = five(4, turned=True), five(4, turned=False), five(4, turned=True, stride=2)
    least = 4 * 4
    for name, net, side, more in (
        ("holds", turned, 33, 12),
        ("violated", plain, 33, 24),
        ("a stride to blame", strided, 32, 24),
    ):
        ask = partial(check, net, group="p4", input_shape=(3, side, side), claim="equivariant", prove=False)
        shown = images_shown(ask, net) / len(KINDS)
        what = f"check of p4, {name}, a kind of inputs"
        wanted = 1.2 + more / least
        yield counted(_SECTION, what, "four images, four turns", shown, least, wanted, "images")
    net = nn.Sequential(plain, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    images = torch.rand(8, 3, 33, 33, generator=torch.Generator().manual_seed(1))
    draw = torch.Generator().manual_seed(0)
    curve = partial(
        invariance_curve, net, images, warp="rotation", scales=(0.0, 10.0, 20.0), draws=2, batch=4, generator=draw
    )
    least = 8 * (1 + 3 * 2)
    yield counted(
        _SECTION, "invariance_curve", "1 + scales · draws, each image", images_shown(curve, net), least, 1.1, "images"
    )
    pointwise = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Tanh())
    ladder = partial(check, pointwise, group="shear", input_shape=(3, 32, 32), claim="equivariant")
    splines = quintic_splines(ladder, SIZES[-1])
    yield counted(_SECTION, "refinement ladder: quintic splines on the finest grid", "warps", *splines, 1, "splines")
    net = deep().double()
    few = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1)).double()
    with torch.no_grad():
        one, every = (_operations(f) for f in (partial(net, few), partial(layerwise_error, net, few, P4)))
    yield counted(_SECTION, "blame, 49 convolutions, three turns", "a pass of the images", every / one, 1, 10, "passes")
