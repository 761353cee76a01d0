"""Faults in the expanded filters of a group convolution: what a wrong index, turn or export leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance import GROUPS
from invariance.layers import GroupConv2d, LiftingConv2d

from ..subject import Fault, plant, randomised

Edit = Callable[[Tensor], Tensor]
"""Of filters "out |H| in k k", where "in" holds the group of the input, if it has one."""


class Bank(nn.Module):
    """The planar convolution of a group layer, its filters edited."""

    def __init__(self, layer: LiftingConv2d | GroupConv2d, edit: Edit | None = None, bias: Edit | None = None) -> None:
        super().__init__()
        self.order, offset = layer.group.order, layer.planar_bias()
        assert offset is not None
        filters = layer.filter_bank().detach().double().unflatten(0, (-1, self.order))
        offset = offset.detach().double().unflatten(0, (-1, self.order))
        self.filters = nn.Parameter((edit(filters.clone()) if edit else filters).flatten(0, 1))
        self.bias = nn.Parameter((bias(offset.clone()) if bias else offset).flatten())

    def forward(self, x: Tensor) -> Tensor:
        planar = x.flatten(1, -3)
        return F.conv2d(planar, self.filters, self.bias, padding=1).unflatten(1, (-1, self.order))


def draw() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def changed(where: Any, change: Callable[[Tensor], Tensor | float]) -> Edit:
    def edit(filters: Tensor) -> Tensor:
        filters[where] = change(filters[where])
        return filters

    return edit


def largest(change: Callable[[Tensor], Tensor]) -> Edit:
    """The largest weight of one filter of the second orientation."""

    def edit(filters: Tensor) -> Tensor:
        taps = filters[0, 1, 0].flatten()
        taps[taps.abs().argmax()] = change(taps[taps.abs().argmax()])
        filters[0, 1, 0] = taps.view_as(filters[0, 1, 0])
        return filters

    return edit


def permuted(filters: Tensor) -> Tensor:
    order = torch.randperm(filters[0, 0, 0].numel(), generator=draw())
    return filters.flatten(-2)[..., order].view_as(filters)


def exchanged(filters: Tensor) -> Tensor:
    flat = filters.flatten(-2)
    return flat[..., [1, 0, *range(2, flat.shape[-1])]].view_as(filters)


def rounded_at_random(filters: Tensor) -> Tensor:
    step = filters.abs().max() / 16
    return (filters / step + torch.rand(filters.shape, generator=draw(), dtype=filters.dtype)).floor() * step


def pruned(filters: Tensor) -> Tensor:
    return filters * (torch.rand(filters.shape, generator=draw()) > 0.05)


EVERY, SECOND = slice(None), (slice(None), 1)

EDITS: dict[str, Edit] = {
    "taps permuted": permuted,
    "taps of one orientation permuted": changed(SECOND, lambda f: permuted(f[:, None])[:, 0]),
    "two taps exchanged": exchanged,
    "one weight larger by a half": largest(lambda f: 1.5 * f),
    "one weight zero": largest(lambda f: 0 * f),
    "sign of one weight": largest(lambda f: -f),
    "noise of 3 %": lambda f: f * (1 + 0.03 * torch.randn(f.shape, generator=draw(), dtype=f.dtype)),
    "one orientation not turned": lambda f: f[:, [0, 0, *range(2, f.shape[1])]],
    "orientations in another order": lambda f: f[:, [1, 0, *range(2, f.shape[1])]],
    "one orientation transposed": changed(SECOND, lambda f: f.mT),
    "one orientation mirrored": changed(SECOND, lambda f: f.flip(-1)),
    "one orientation off centre": changed(SECOND, lambda f: f.roll(1, -1)),
    "all orientations off centre": lambda f: f.roll((1, 1), (-2, -1)),
    "one orientation weaker": changed(SECOND, lambda f: 0.9 * f),
    "one orientation turned by interpolation off by half a pixel": changed(SECOND, lambda f: (f + f.roll(1, -1)) / 2),
    "a row cut off": changed((..., 0, EVERY), lambda f: 0 * f),
    "a corner cut off": changed((..., 0, 0), lambda f: 0 * f),
    "weights pruned at random": pruned,
    "weights rounded at random to five bits": rounded_at_random,
}


def shifted(filters: Tensor, steps: Callable[[int], int]) -> Tensor:
    """The group axis of the input, p4, turned by so many steps at each orientation of the output."""
    inputs = filters.unflatten(2, (-1, 4))
    return torch.stack([inputs[:, g].roll(steps(g), 2) for g in range(4)], 1).flatten(2, 3)


GROUP_EDITS: dict[str, Edit] = {
    "group axis of the filters not shifted": lambda f: shifted(f, lambda g: -g),
    "group axis of the filters shifted the other way": lambda f: shifted(f, lambda g: -2 * g),
    "filters turned the other way": lambda f: torch.stack([f[:, g].rot90(-2 * g, (-2, -1)) for g in range(4)], 1),
    "filters not turned": lambda f: torch.stack([f[:, g].rot90(-g, (-2, -1)) for g in range(4)], 1),
}

BASES: dict[str, Callable[[], LiftingConv2d | GroupConv2d]] = {
    "p4 lifting 3×3": lambda: LiftingConv2d(GROUPS["p4"], 3, 2, 3),
    "p4 lifting 5×5": lambda: LiftingConv2d(GROUPS["p4"], 3, 2, 5),
    "p4 lifting 4×4": lambda: LiftingConv2d(GROUPS["p4"], 3, 2, 4),
    "p4 group 3×3": lambda: GroupConv2d(GROUPS["p4"], 2, 2, 3),
    "p4m lifting 3×3": lambda: LiftingConv2d(GROUPS["p4m"], 3, 2, 3),
    "p4m group 3×3": lambda: GroupConv2d(GROUPS["p4m"], 2, 2, 3),
    "p2 lifting 3×3": lambda: LiftingConv2d(GROUPS["p2"], 3, 2, 3),
    "pm lifting 3×3": lambda: LiftingConv2d(GROUPS["pm"], 3, 2, 3),
}


def build(base: str, edit: Edit | None = None, bias: Edit | None = None) -> Fault:
    layer = BASES[base]()
    randomised(layer)
    order = layer.group.order
    shape = (3, 9, 9) if isinstance(layer, LiftingConv2d) else (2, order, 9, 9)
    options = {"input_shape": shape, "group": layer.group.name, "claim": "equivariant", "action": "regular"}
    if len(shape) > 3:
        options["fibre"] = "regular"
    return Fault(Bank(layer), Bank(layer, edit, bias), options)


for base in BASES:
    for name, edit in EDITS.items():
        if name == "orientations in another order" and base.startswith(("p2 ", "pm ")):
            continue  # the other order of two elements is the same action
        plant(f"{base}: {name}", lambda base=base, edit=edit: build(base, edit))
    plant(f"{base}: bias of one orientation", lambda base=base: build(base, None, changed(SECOND, lambda b: b + 0.1)))
for name, edit in GROUP_EDITS.items():
    plant(f"p4 group 3×3: {name}", lambda edit=edit: build("p4 group 3×3", edit))
