"""Faults in what stands between group convolutions, and in heads, positions and axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from invariance import P4
from invariance.layers import GroupBatchNorm2d, GroupPool, P4ConvP4, P4ConvZ2, to_planar

from ..subject import Fault, Model, plant, randomised

SIZE = 9


def stem(channels: int = 2) -> nn.Module:
    return randomised(nn.Sequential(P4ConvZ2(3, channels, 3, padding=1), nn.ReLU()))


def regular(sound: Callable[[Tensor], Tensor], faulty: Callable[[Tensor], Tensor], channels: int = 2) -> Fault:
    """Two continuations of the same p4 layer, "b c 4 h w" to the same."""
    return _behind(stem(channels), sound, faulty, claim="equivariant", action="regular")


def scalar(sound: Model, faulty: Model, channels: int = 2) -> Fault:
    """… to "b c h w", which should turn as an image does."""
    return _behind(stem(channels), sound, faulty, claim="equivariant")


def vector(sound: Model, faulty: Model) -> Fault:
    """… to "b c", which should not change."""
    return _behind(stem(), sound, faulty, claim="invariant")


def _behind(first: nn.Module, sound: Model, faulty: Model, **options: Any) -> Fault:
    first = first.double()
    asked = {"input_shape": (3, SIZE, SIZE), "group": "p4", **options}
    return Fault(lambda x: sound(first(x)), lambda x: faulty(first(x)), asked)


def image(sound: Model, faulty: Model) -> Fault:
    """Two functions of images, which should turn with them under p4m."""
    return Fault(sound, faulty, {"input_shape": (3, SIZE, SIZE), "group": "p4m", "claim": "equivariant"})


def planar(layer: nn.Module) -> Model:
    """A planar layer on the flattened channels c·4 + h."""
    layer = layer.double()
    return lambda y: layer(y.flatten(1, 2)).unflatten(1, (-1, 4))


def noise(*shape: int, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def norm(change: Callable[[nn.BatchNorm2d], None]) -> Fault:
    group_norm = randomised(GroupBatchNorm2d(P4, 2)).double().eval()
    broken = to_planar(group_norm)
    assert isinstance(broken, nn.BatchNorm2d)
    with torch.no_grad():
        change(broken)
    return regular(group_norm, planar(broken))


def statistic(name: str) -> Callable[[nn.BatchNorm2d], None]:
    def change(layer: nn.BatchNorm2d) -> None:
        values = dict(layer.named_buffers()) | dict(layer.named_parameters())
        values[name].mul_(1 + 0.2 * noise(8)).add_(0.05 * noise(8).flip(0).abs())

    return change


for name, what in {
    "running_mean": "batch norm with a mean for each planar channel",
    "running_var": "batch norm with a variance for each planar channel",
    "weight": "batch norm with a scale for each planar channel",
    "bias": "batch norm with a shift for each planar channel",
}.items():
    plant(what, lambda name=name: norm(statistic(name)))


def same(y: Tensor) -> Tensor:
    return y


LINE = torch.linspace(-1, 1, SIZE, dtype=torch.float64)
REGULAR: dict[str, Model] = {
    "a dense layer over the planar channels": planar(nn.Conv2d(8, 8, 1)),
    "a slope for each planar channel": lambda y: torch.where(y > 0.2, y, y * (1 + 0.3 * noise(2, 4, 1, 1))),
    "a gain for each planar channel": lambda y: y * (1 + 0.1 * noise(2, 4, 1, 1)),
    "planar channels shuffled": lambda y: y.flatten(1, 2)[:, [1, 0, 2, 3, 4, 5, 6, 7]].view_as(y),
    "channels and group taken for each other": lambda y: y.flatten(1, 2).unflatten(1, (4, 2)).transpose(1, 2),
    "cumulative sum along the group": lambda y: y.cumsum(2),
    "response norm across planar channels": lambda y: nn.LocalResponseNorm(3, 0.5)(y.flatten(1, 2)).view_as(y),
    "one orientation dropped": lambda y: y * torch.tensor([1, 1, 1, 0]).view(4, 1, 1),
    "two orientations averaged": lambda y: torch.cat(
        (y[:, :, :2].mean(2, keepdim=True).expand_as(y[:, :, :2]), y[:, :, 2:]), 2
    ),
    "one orientation shifted by a pixel": lambda y: torch.cat((y[:, :, :3], y[:, :, 3:].roll(1, -1)), 2),
    "one orientation turned": lambda y: torch.cat((y[:, :, :3], y[:, :, 3:].rot90(1, (-2, -1))), 2),
}
for name, faulty in REGULAR.items():
    plant(name, lambda faulty=faulty: regular(same, faulty))

POOLS: dict[str, Model] = {
    "the maximum of three orientations": lambda y: y[:, :, :3].amax(2),
    "the first orientation for all": lambda y: y[:, :, 0],
    "a mean with weights": lambda y: (y * torch.tensor([1.2, 1, 1, 1]).view(4, 1, 1)).amax(2),
    "the maximum of neighbours in the order of memory": lambda y: y.flatten(1, 2).unflatten(1, (4, 2)).amax(2)[:, :2],
}
for name, faulty in POOLS.items():
    plant(name, lambda faulty=faulty: scalar(GroupPool(P4), faulty))
plant(
    "the maximum over channels for that over the group", lambda: scalar(GroupPool(P4), lambda y: y.amax(1), channels=4)
)


def head(features: Model) -> Model:
    weights = noise(64, 5)

    def model(y: Tensor) -> Tensor:
        found = features(y)
        return found @ weights[: found.shape[1]]

    return model


def pooled(y: Tensor) -> Tensor:
    return y.amax(2).mean((-2, -1)).repeat_interleave(4, 1)


HEADS: dict[str, Model] = {
    "a head that reads the group axis": lambda y: y.mean((-2, -1)).flatten(1),
    "a head that reads one orientation": lambda y: y[:, :, 0].square().mean((-2, -1)).repeat_interleave(4, 1),
    "a head that reads quarters of the image": lambda y: nn.functional.adaptive_avg_pool2d(y.amax(2), 2).flatten(1),
    "a head that reads the left half": lambda y: pooled(y[..., : SIZE // 2]),
    "a head that reads one pixel off the centre": lambda y: pooled(y[..., 4:5, 5:6]),
    "a mean that forgets the last row": lambda y: pooled(y[..., :-1, :]),
}
for name, faulty in HEADS.items():
    plant(name, lambda faulty=faulty: vector(head(pooled), head(faulty)))

IMAGES: dict[str, Model] = {
    "a ramp added": lambda x: x + 0.1 * LINE,
    "a coordinate as a factor": lambda x: x * (1 + 0.1 * LINE[:, None]),
    "a learnt position": lambda x: x + noise(3, SIZE, SIZE, scale=0.1),
    "waves of the position": lambda x: x + 0.2 * (5 * LINE).sin(),
    "a vignette about a wrong centre": lambda x: x * (1 - 0.3 * ((LINE - 0.2).square() + LINE[:, None].square())),
    "a window that is not square": lambda x: x * (1 - 0.3 * (LINE.square() + 0.5 * LINE[:, None].square())),
    "one channel transposed": lambda x: torch.cat((x[:, :1].mT.flip(-1), x[:, 1:]), 1),
    "one channel mirrored": lambda x: torch.cat((x[:, :1].flip(-1), x[:, 1:]), 1),
    "cumulative sum along rows": lambda x: x.cumsum(-1) / SIZE,
    "softmax along rows": lambda x: x + x.softmax(-1),
    "the mean of each row taken away": lambda x: x - x.mean(-1, keepdim=True),
    "rows normalised": lambda x: nn.functional.layer_norm(x, (SIZE,)),
    "columns sorted": lambda x: x.sort(-2).values,
    "the maximum of neighbours in a row": lambda x: nn.functional.max_pool2d(x, (1, 3), 1, (0, 1)),
    "a gradient along x": lambda x: x + 0.2 * (x.roll(1, -1) - x.roll(-1, -1)),
    "attention along rows": lambda x: (x.mT @ x / 3).softmax(-1).mean(1, keepdim=True) @ x,
    "norm with weights for each pixel": lambda x: x * (1 + noise(3, SIZE, SIZE, scale=0.05)),
    "a rotation about the corner": lambda x: x.roll((1, 1), (-2, -1)),
    "a pixel that is stuck": lambda x: torch.where(torch.arange(SIZE**2).view(SIZE, SIZE) == 12, 0, x),
}
for name, faulty in IMAGES.items():
    plant(name, lambda faulty=faulty: image(same, faulty))


def second_layer_plain() -> Fault:
    """A p4 layer replaced by the planar convolution of the same shape."""
    group_layer, dense = P4ConvP4(2, 2, 3, padding=1).double(), nn.Conv2d(8, 8, 3, padding=1)
    return regular(group_layer, planar(dense))


plant("a planar convolution instead of a group convolution", second_layer_plain)
