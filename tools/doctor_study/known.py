"""Networks whose symmetry, or what they lack of it, is known by construction: loud channels, faint ones, faults that
photographs alone show, code between layers, heads that see places; and healthy ones that look as if they were not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.symmetry import Symmetry

__all__ = ["known"]

Asked = tuple[Any, dict[str, Any]]
Entry = tuple[str, tuple[str, ...], Callable[[], Asked]]


def filters(out: int, inputs: int, size: int) -> Tensor:
    """The mean over quarter turns of random filters."""
    drawn = torch.randn(out, inputs, size, size, dtype=torch.float64) / size
    return torch.stack([drawn.rot90(k, (2, 3)) for k in range(4)]).mean(0)


class Bank(nn.Module):
    """A convolution by `F.conv2d`, and something after it."""

    def __init__(self, weight: Tensor, after: Callable[[Tensor], Tensor] = lambda y: y) -> None:
        super().__init__()
        self.weight, self.after = nn.Parameter(weight), (after,)

    def forward(self, x: Tensor) -> Tensor:
        return self.after[0](F.conv2d(x, self.weight, padding=self.weight.shape[-1] // 2))


class Padded(nn.Module):
    """Convolutions without symmetry, and the mean over the plane."""

    def __init__(self, depth: int, mode: Literal["zeros", "circular"]) -> None:
        super().__init__()
        layers = [nn.Conv2d(2, 2, 3, padding=1, padding_mode=mode, bias=False) for _ in range(depth)]
        self.convs = nn.ModuleList(layers).double()

    def forward(self, x: Tensor) -> Tensor:
        for conv in self.convs:
            x = torch.tanh(conv(x))
        return x.mean((-2, -1))


class Ramp(nn.Module):
    """A ramp along the rows before a normalisation of the whole plane."""

    def __init__(self, height: float, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, channels, 3, padding=1, padding_mode="circular").double()
        self.norm, self.height = nn.GroupNorm(1, channels).double(), height

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x) + self.height * torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype))


class Photographs(nn.Module):
    """Right for images of both signs, wrong for those in [0, 1]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.good = nn.Parameter(filters(channels, 3, 3))
        self.bad = nn.Parameter(torch.randn(channels, 3, 3, 3, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        bright = (x.amin((1, 2, 3), keepdim=True) >= 0).to(x.dtype)
        return F.conv2d(x, self.good, padding=1) + bright * F.conv2d(x, self.bad, padding=1)


class Edge(nn.Module):
    """The last columns are louder, by a slice in the code."""

    def __init__(self, columns: int, factor: float) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.ReLU()
        self.conv.weight = nn.Parameter(filters(4, 3, 3))
        self.columns, self.factor = columns, factor

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        louder = y[..., -self.columns :] * self.factor
        return self.relu(torch.cat((y[..., : -self.columns], louder), -1)).mean((-2, -1))


class Mirrored(nn.Module):
    """Invariant under the flip of left and right, and under nothing else."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3, padding=1).double()

    def forward(self, x: Tensor) -> Tensor:
        return sum(F.relu(self.conv(y)).mean((-2, -1)) for y in (x, x.flip(-1)))  # pyright: ignore[reportReturnType]


class Outputs(nn.Module):
    """A map that moves with the image and a score that stays."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.conv.weight = nn.Parameter(filters(4, 3, 3))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        y = self.conv(x)
        return {"map": y, "score": y.amax((1, 2, 3))}


class Branches(nn.Module):
    """Invariant as it is, and not as `torch.export` writes it down."""

    def __init__(self, size: float) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        y = x.square().mean((2, 3))
        return y + self.size * x[..., 0, 0] if torch.compiler.is_exporting() else y


def _loud(ratio: float) -> Tensor:
    weight = filters(2, 3, 3)
    weight[1] = torch.randn(3, 3, 3, dtype=torch.float64)
    weight[0] *= ratio
    return weight


def _faint(size: float, channel: int) -> Tensor:
    weight = filters(4, 3, 3)
    weight[channel] *= 1 + size * torch.randn(3, 3, 3, dtype=torch.float64)
    return weight


def _head(side: int, width: int) -> nn.Module:
    conv = nn.Conv2d(3, width, 3, padding=1, bias=False)
    conv.weight = nn.Parameter(filters(width, 3, 3))
    return nn.Sequential(conv, nn.ReLU(), nn.Flatten(), nn.Linear(width * side * side, 5).double())


def _stored() -> nn.Module:
    """Filters that are symmetric to float32 only, and a float32 step."""
    off = filters(6, 3, 5) * (1 + 3e-8 * torch.randn(6, 3, 5, 5, dtype=torch.float64))
    return nn.Sequential(Bank(off.float(), torch.Tensor.float))


def p4(side: int, **options: Any) -> dict[str, Any]:
    return {"input_shape": (3, side, side), "group": "p4", **options}


def known() -> Iterator[Entry]:
    """Name, what the first line may say, which is nothing of healthy ones, and the network with its question."""
    moving = {"claim": "equivariant"}
    for depth, border in ((10, "counted"), (6, "counted")):
        asked = {"input_shape": (2, 16, 16), "group": "translation", "border": border}
        yield f"zero padding, {depth} layers", ("padding",), lambda d=depth, a=asked: (Padded(d, "zeros"), a)
        yield f"circular padding, {depth} layers", (), lambda d=depth, a=asked: (Padded(d, "circular"), a)
    for channels in (4, 6):
        asked = {"input_shape": (1, 32, 32), "group": "translation", **moving}
        yield f"a ramp, {channels} channels", ("code", "layer"), lambda c=channels, a=asked: (Ramp(1.0, c), a)
        yield f"a ramp of height 0, {channels} channels", (), lambda c=channels, a=asked: (Ramp(0.0, c), a)
    for ratio in (1e8, 1e4):
        yield f"a loud channel of {ratio:g}", ("filters",), lambda r=ratio: (Bank(_loud(r)), p4(9, **moving))
    for size, channel in ((0.1, 2), (0.03, 0)):
        yield (
            f"heavy tails over a fault of {size:g}",
            ("filters",),
            lambda e=size, c=channel: (Bank(_faint(e, c), lambda y: torch.exp(15 * y / 4)), p4(17, **moving)),
        )
    for channels in (4, 2):
        yield f"photographs alone, {channels}", ("filters",), lambda c=channels: (Photographs(c), p4(17, **moving))
    for columns, factor in ((2, 1.5), (1, 0.5)):
        yield f"a slice of {columns}", ("code",), lambda n=columns, x=factor: (Edge(n, x), p4(16))
    for side, width in ((24, 4), (12, 3)):
        yield f"a wide head at {side}", ("layer",), lambda s=side, w=width: (_head(s, w), p4(s))
    for channels in (4, 2):
        yield f"one flip, {channels}", ("claim", "filters"), lambda c=channels: (Mirrored(c), p4(12))
        yield f"one flip, asked for, {channels}", (), lambda c=channels: (Mirrored(c), p4(12) | {"group": "flip-lr"})
    for size in (10.0, 1.0, 0.1, 0.01):
        exported = p4(8, variants=("exported",))
        yield f"an exported twin, {size:g}", ("variant",), lambda s=size, a=exported: (Branches(s), a)
    wrong = Symmetry("p4", "image:3x9x9", {"map": "invariant", "score": "invariant"})
    right = Symmetry("p4", "image:3x9x9", {"map": "image:4x9x9", "score": "invariant"})
    yield "a map claimed invariant", ("claim", "layer", "code"), lambda: (Outputs(), {"symmetry": wrong})
    yield "a map and a score", (), lambda: (Outputs(), {"symmetry": right})
    yield "one number a sample", (), lambda: (lambda x: x.square().mean((1, 2, 3)), p4(9))
    yield "stored in float32", (), lambda: (_stored(), p4(9, **moving))
    thin = {"input_shape": (3, 1, 64), "group": "translation", **moving}
    yield "a thin image", (), lambda: (nn.Conv2d(3, 4, (1, 3), padding=(0, 1)), thin)
    yield "a volume", (), lambda: (lambda x: (x + x.flip(2)).square().mean((-3, -2, -1)),
                                   {"symmetry": Symmetry("p4", "volume:1x4x9x9")})  # fmt: skip
