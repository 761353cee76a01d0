"""Faults as code, to slip into a `forward`. Images have their plane on the last axes, sets their items on axis 1."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["ON_COORDINATES", "ON_IMAGES", "ON_ITEMS", "Slip"]

Slip = Callable[[Tensor], Tensor]


def adds_positions(x: Tensor) -> Tensor:
    positions = torch.linspace(0.5, 1, x.shape[-1] * x.shape[-2], dtype=x.dtype).view(x.shape[-2:])
    x = x.clone()
    x += positions
    return x


def pads_one_side(x: Tensor) -> Tensor:
    return F.pad(x, (1, 0))[..., :-1]


def pads_by_hand(x: Tensor) -> Tensor:
    canvas = torch.zeros_like(x[..., :1, :]).expand(*x.shape).clone()
    canvas[..., 1:, :] = x[..., :-1, :]
    return canvas


def louder_columns(x: Tensor) -> Tensor:
    return torch.cat((x[..., :-2], x[..., -2:] * 1.5), -1)


def concatenates_coordinates(x: Tensor) -> Tensor:
    ramp = torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype).expand_as(x[:, :1])
    return torch.cat((x[:, 1:], ramp), 1)


def mirrors_half(x: Tensor) -> Tensor:
    half = x.shape[1] // 2
    return torch.cat((x[:, :half], x[:, half:].flip(-1)), 1)


def forgets_a_turn(x: Tensor) -> Tensor:
    kernel = torch.linspace(-1, 1, 9, dtype=x.dtype).view(1, 1, 3, 3)
    planes = x.reshape(-1, 1, *x.shape[-2:])
    turned = (torch.rot90(F.conv2d(torch.rot90(planes, k, (2, 3)), kernel, padding=1), -k, (2, 3)) for k in range(3))
    return x + 0.2 * torch.stack(list(turned)).sum(0).view_as(x)


def clears_a_row(x: Tensor) -> Tensor:
    x = x.clone()
    x[..., 0, :] = 0
    return x


def takes_the_left_maximum(x: Tensor) -> Tensor:
    return torch.maximum(x, x.roll(1, -1))


def accumulates(x: Tensor) -> Tensor:
    return x + 0.1 * x.cumsum(-1)


def normalises_rows(x: Tensor) -> Tensor:
    return x / (1 + x.abs().mean(-1, keepdim=True))


def crops(x: Tensor) -> Tensor:
    return x * F.pad(torch.ones_like(x[..., 1:]), (0, 1))


ON_IMAGES: tuple[Slip, ...] = (
    adds_positions,
    pads_one_side,
    pads_by_hand,
    louder_columns,
    concatenates_coordinates,
    mirrors_half,
    forgets_a_turn,
    clears_a_row,
    takes_the_left_maximum,
    accumulates,
    normalises_rows,
    crops,
)


def weights_items(x: Tensor) -> Tensor:
    return x * torch.linspace(0.5, 1, x.shape[1], dtype=x.dtype).view(-1, *[1] * (x.ndim - 2))


def embeds_order(x: Tensor) -> Tensor:
    x = x.clone()
    x += torch.linspace(-1, 1, x.shape[1], dtype=x.dtype).view(-1, *[1] * (x.ndim - 2))
    return x


def leaves_one_out(x: Tensor) -> Tensor:
    return torch.cat((x[:, :-1], torch.zeros_like(x[:, -1:])), 1)


def sees_the_item_before(x: Tensor) -> Tensor:
    return x + 0.5 * x.roll(1, 1).tanh()


ON_ITEMS: tuple[Slip, ...] = (weights_items, embeds_order, leaves_one_out, sees_the_item_before)


def drifts(x: Tensor) -> Tensor:
    return x + torch.tensor([0.3, 0.0, 0.0], dtype=x.dtype)


def bends(x: Tensor) -> Tensor:
    return x + 0.1 * x.tanh()


def stretches(x: Tensor) -> Tensor:
    return x * torch.tensor([1.0, 1.1, 1.0], dtype=x.dtype)


def forgets_an_axis(x: Tensor) -> Tensor:
    return torch.cat((x[..., :2], torch.zeros_like(x[..., 2:])), -1)


ON_COORDINATES: tuple[Slip, ...] = (drifts, bends, stretches, forgets_an_axis)
