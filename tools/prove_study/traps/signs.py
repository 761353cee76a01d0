"""Signs through functions (16), and constants that flip or do not (17)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..subject import Subject, Wanted, trap
from .asked import SIZE, Plain, noise, sign

SIGNS: tuple[tuple[str, Any, Wanted], ...] = (
    ("gelu", F.gelu, "refused"),
    ("clamp(−1, 2)", lambda x: x.clamp(-1, 2), "refused"),
    ("clamp(−1, 1)", lambda x: x.clamp(-1, 1), "either"),
    ("pow(2)", lambda x: x.pow(2), "either"),
    ("pow(3)", lambda x: x.pow(3), "either"),
    ("x³ + x²", lambda x: x.pow(3) + x.pow(2), "refused"),
    ("max(−x)", lambda x: (-x).amax(1), "refused"),
    ("max − min", lambda x: x.amax(1) + x.amin(1), "either"),
    ("tanh", torch.tanh, "either"),
    ("relu", torch.relu, "refused"),
    ("softshrink", F.softshrink, "either"),
    ("sigmoid", torch.sigmoid, "refused"),
    ("sigmoid − 1/2", lambda x: x.sigmoid() - 0.5, "either"),
    ("cos", torch.cos, "either"),
    ("exp", torch.exp, "refused"),
    ("softmax", lambda x: x.softmax(1), "refused"),
    ("logsumexp", lambda x: x.logsumexp(1), "refused"),
    ("max pool", lambda x: F.max_pool2d(x, 2), "refused"),
    ("remainder", lambda x: x.remainder(1.0), "refused"),
    ("floor", torch.floor, "refused"),
    ("round", torch.round, "either"),
    ("sign", torch.sign, "either"),
    ("x / |x|.sum", lambda x: x / (x.abs().sum(1, keepdim=True) + 1), "either"),
    ("x / x.sum", lambda x: x / (x.sum(1, keepdim=True).square() + 1), "either"),
    ("x + 1", lambda x: x + 1, "refused"),
    ("x − 1/2", lambda x: x - 0.5, "refused"),
    ("1 − x", lambda x: 1 - x, "refused"),
    ("x + 0", lambda x: x + 0, "either"),
    ("2·x, by add with alpha", lambda x: torch.add(x, x, alpha=2), "either"),
    ("1 added twice by alpha", lambda x: torch.add(x, 1, alpha=2), "refused"),
    ("x.bool()", lambda x: x.bool().to(x.dtype), "either"),
    ("x.long()", lambda x: x.long().to(x.dtype), "either"),
    ("x as uint8", lambda x: (3 * x).clamp(-9, 9).to(torch.uint8).to(x.dtype), "refused"),
    ("x ** −1", lambda x: x.pow(-1), "either"),
    ("|x| ** 0.5", lambda x: x.abs().pow(0.5), "either"),
    ("hardtanh", F.hardtanh, "either"),
    ("hardtanh(−1, 2)", lambda x: F.hardtanh(x, -1, 2), "refused"),
    ("mean", lambda x: x.mean(1), "either"),
    ("std", lambda x: x.std(1), "either"),
    ("argmax", lambda x: x.argmax(1).to(x.dtype), "refused"),
    ("max pool of −x", lambda x: -F.max_pool2d(-x, 2), "refused"),
    ("mean pool", lambda x: F.avg_pool2d(x, 2), "either"),
    ("softplus − softplus(−x)", lambda x: F.softplus(x) - F.softplus(-x), "either"),
    ("reflect padding", lambda x: F.pad(x, (1, 1), "reflect"), "either"),
    ("padding with 1", lambda x: F.pad(x, (1, 1), value=1.0), "refused"),
    ("padding with 0", lambda x: F.pad(x, (1, 1)), "either"),
    ("cat with ones", lambda x: torch.cat([x, torch.ones_like(x)], 1), "either"),
    ("|x| beside x", lambda x: torch.cat([x, x.abs()], 1), "either"),
    ("|x| + x", lambda x: x.abs() + x, "refused"),
    ("|x| · x", lambda x: x.abs() * x, "either"),
    ("upsampled", lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), "either"),
    ("group norm", lambda x: F.group_norm(x, 1), "either"),
    ("attention", lambda x: F.scaled_dot_product_attention(x, x, x), "either"),
    ("attention by |x|", lambda x: F.scaled_dot_product_attention(x, x, x.abs()), "either"),
    ("attention, keys |x|", lambda x: F.scaled_dot_product_attention(x, x.abs(), x), "refused"),
    ("leaky relu", lambda x: F.leaky_relu(x, 0.1), "refused"),
    ("norm", lambda x: x.norm(dim=1), "either"),
    ("prod of two colours", lambda x: x[:, 0] * x[:, 1], "either"),
    ("prod of three", lambda x: x.prod(1), "either"),
    ("x > 0", lambda x: (x > 0).to(x.dtype), "refused"),
    ("layer norm with shift", lambda x: F.layer_norm(x, (SIZE,), bias=torch.ones(SIZE).to(x)), "refused"),
    ("layer norm", lambda x: F.layer_norm(x, (SIZE,)), "either"),
)
for name, function, wanted in SIGNS:
    trap(f"16: {name}")(lambda function=function, wanted=wanted: sign(function, wanted))


def negated_norm() -> nn.Module:
    """Two colours that change places with their signs: means and shifts do, variances and scales do not."""
    layer = nn.BatchNorm2d(3, affine=True)
    with torch.no_grad():
        layer.get_buffer("running_mean").copy_(torch.tensor([0.5, 0.5, 0.5]))
        layer.bias.copy_(torch.tensor([0.2, 0.2, 0.2]))
    return layer


def flipped(model: Any, wanted: Wanted = "refused") -> Subject:
    """All inputs change sign."""
    return sign(model, wanted)


trap("17: a bias")(lambda: flipped(nn.Conv2d(3, 2, 1)))
trap("17: no bias")(lambda: flipped(nn.Conv2d(3, 2, 3, bias=False), "either"))
trap("17: a running mean")(lambda: flipped(negated_norm()))
trap("17: a variance alone")(lambda: flipped(nn.BatchNorm2d(3), "either"))
trap("17: pairs ±w with biases ±b")(lambda: flipped(Plain(paired, w=noise(2, 3, 3, 3), b=noise(2))))
trap("17: pairs ±w with equal biases")(
    lambda: flipped(
        Plain(
            lambda x, w, b: F.conv2d(x, torch.cat([w, -w]), torch.cat([b, b])).relu(), w=noise(2, 3, 3, 3), b=noise(2)
        ),
        "either",
    )
)
trap("17: pairs ±w, the bias of one off")(
    lambda: flipped(
        Plain(
            lambda x, w, b: F.conv2d(x, w, b).relu(),
            w=torch.cat([noise(2, 3, 3, 3), -noise(2, 3, 3, 3)]),
            b=torch.tensor([1.0, 2, 1, 3]),
        )
    )
)


def paired(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return F.conv2d(x, torch.cat([w, -w]), torch.cat([b, -b])).tanh()
