"""Faults under translations: what knows where it is, or looks only at every other place.

What the border alone sees is no fault here: the claim is about content that stays clear of it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..subject import Fault, Model, plant
from .layers import noise

SIZE = 20
LINE = torch.linspace(-1, 1, SIZE, dtype=torch.float64)


def conv(x: Tensor) -> Tensor:
    """A circular convolution and a nonlinearity."""
    return F.conv2d(F.pad(x, (1, 1, 1, 1), "circular"), noise(3, 3, 3, 3, scale=0.3)).tanh()


def mean(x: Tensor) -> Tensor:
    return conv(x).mean((-2, -1))


def field(faulty: Model) -> Fault:
    return Fault(conv, faulty, {"input_shape": (3, SIZE, SIZE), "group": "translation", "claim": "equivariant"})


def vector(faulty: Model, sound: Model = mean) -> Fault:
    return Fault(sound, faulty, {"input_shape": (3, SIZE, SIZE), "group": "translation", "claim": "invariant"})


def windows(x: Tensor) -> Tensor:
    """Attention inside windows of 4×4 pixels."""
    tokens = x.unflatten(-1, (-1, 4)).unflatten(-3, (-1, 4)).transpose(-3, -2).flatten(-2)
    tokens = tokens.movedim(1, -1)
    mixed = (tokens @ tokens.mT / 3).softmax(-1) @ tokens
    back = mixed.movedim(-1, 1).unflatten(-1, (4, 4)).transpose(-3, -2)
    return back.flatten(-4, -3).flatten(-2)


def patches(x: Tensor) -> Tensor:
    """Four numbers for each patch of 4×4 pixels, spread over it again."""
    weights = noise(4, 3, 4, 4, scale=0.2)
    return F.conv_transpose2d(F.conv2d(x, weights, stride=4), weights, stride=4)


FIELDS: dict[str, Model] = {
    "a ramp of the position": lambda x: conv(x) + 0.1 * LINE,
    "a learnt map of the position": lambda x: conv(x) + noise(3, SIZE, SIZE, scale=0.05),
    "a channel with the coordinate": lambda x: conv(x + 0.2 * LINE[:, None]),
    "a vignette": lambda x: conv(x) * (1 - 0.2 * LINE.square()),
    "one weight that changes along the image": lambda x: conv(x) + 0.1 * LINE.sign() * x,
    "filters of the right half of their own": lambda x: torch.where(LINE < 0, conv(x), 0.9 * conv(x)),
    "one row that is processed twice": lambda x: torch.where(torch.arange(SIZE)[:, None] == 9, conv(conv(x)), conv(x)),
    "a mirrored output": lambda x: conv(x).flip(-1),
    "a transposed output": lambda x: conv(x).mT,
    "columns sorted": lambda x: conv(x).sort(-2).values,
    "attention inside windows": lambda x: conv(x) + windows(x),
    "patches": lambda x: conv(x) + patches(x),
    "a maximum over 2, spread over its window again": lambda x: conv(x) + F.interpolate(F.max_pool2d(x, 2), SIZE),
    "every other pixel kept": lambda x: conv(x) * ((torch.arange(SIZE) % 2)[:, None] + 1),
    "one dead pixel": lambda x: conv(x) * (torch.arange(SIZE**2).view(SIZE, SIZE) != 210),
    "a Fourier filter that multiplies in space": lambda x: conv(x) * (1 + 0.1 * (3 * LINE).cos()),
    "tiles of 10 normalised on their own": lambda x: conv(F.layer_norm(x.unflatten(-1, (2, 10)), (10,)).flatten(-2)),
    "features shifted with the brightness": lambda x: conv(x).roll(1, -1) * LINE.abs() + conv(x),
}
for name, faulty in FIELDS.items():
    plant(f"shifts: {name}", lambda faulty=faulty: field(faulty))

VECTORS: dict[str, Model] = {
    "stride 2 before the mean": lambda x: conv(x)[..., ::2, ::2].mean((-2, -1)),
    "a maximum over 2 before the mean": lambda x: F.max_pool2d(conv(x), 2).mean((-2, -1)),
    "a mean over 3 before a nonlinearity": lambda x: F.avg_pool2d(conv(x), 3).square().mean((-2, -1)),
    "a mean with weights": lambda x: (conv(x) * (1 + 0.1 * LINE)).mean((-2, -1)),
    "a mean over the left half": lambda x: conv(x)[..., : x.shape[-1] // 2].mean((-2, -1)),
    "the pixel in the middle": lambda x: conv(x)[..., x.shape[-2] // 2, x.shape[-1] // 2],
    "quarters of the image flattened": lambda x: F.adaptive_avg_pool2d(conv(x), 2).flatten(1)[:, :3],
    "a dense layer over the pixels": lambda x: mean(x) + conv(x).flatten(1) @ noise(3 * SIZE**2, 3, scale=0.01),
}
for name, faulty in VECTORS.items():
    plant(f"shifts, pooled: {name}", lambda faulty=faulty: vector(faulty))


def spectrum(x: Tensor) -> Tensor:
    return torch.fft.rfft2(x).abs().flatten(1)


plant(
    "shifts, pooled: the phase of one frequency kept",
    lambda: vector(lambda x: torch.cat((torch.fft.rfft2(x)[:, :1, 0, 1].real, spectrum(x)[:, 1:]), 1), spectrum),
)


def tower() -> Fault:
    """A padded network of stride 2 and its mean: shifts by one pixel are seen."""
    torch.manual_seed(5)
    dense = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()).double()
    options = {"input_shape": (3, 20, 20), "group": "translation", "claim": "invariant"}
    return Fault(lambda x: dense(x).mean((-2, -1)), lambda x: dense(x)[..., ::2, ::2].mean((-2, -1)), options)


plant("shifts, pooled: a padded network at every other pixel", tower)
