"""Causes planted one at a time, and healthy networks; every case says which causes its first line may name."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.groups import P4
from invariance.layers.gconv import LiftingConv2d

from ..check_study.blame.networks import BUILDS, Regular, build, four_fold
from ..check_study.blame.slips import ON_IMAGES
from ..check_study.faults import banks, sizes
from ..check_study.subject import FAULTS, randomised
from .known import known

_ENTERED = (banks, sizes)  # importing them enters their faults in FAULTS

__all__ = ["Planted", "healthy", "planted"]

Build = Callable[[], tuple[Any, dict[str, Any]]]


@dataclass(frozen=True)
class Planted:
    """A network to make, with the question; `causes` is empty for a healthy one."""

    name: str
    causes: tuple[str, ...]
    build: Build


class Step(nn.Module):
    """A function as a stage of a network."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Between(nn.Module):
    """A function in the code of `forward`, between two layers."""

    def __init__(self, first: nn.Module, function: Callable[[Tensor], Tensor], second: nn.Module) -> None:
        super().__init__()
        self.first, self.second = first, second
        self.function = (function,)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.function[0](self.first(x)))


class Noise(nn.Module):
    """Noise in training mode alone, as an augmentation inside a network."""

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.1 * torch.randn_like(x) if self.training else x


class Low(nn.Module):
    """A convolution with symmetric filters, computed in a lower precision: sums in another order are other numbers."""

    def __init__(self, cast: str, size: int) -> None:
        super().__init__()
        self.cast, self.conv = cast, four_fold(6, 6, size)

    def forward(self, x: Tensor) -> Tensor:
        x, weight = (getattr(t, self.cast)() for t in (x, self.conv.weight))
        return F.conv2d(x, weight, padding=weight.shape[-1] // 2).double()


class Positions(nn.Module):
    """A learned embedding of places."""

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        self.table = nn.Parameter(0.3 * torch.randn(width, side, side))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table


class Across(nn.Module):
    """A step that looks at the whole batch, with a flag for the twin that looks at each sample alone."""

    def __init__(self, step: Callable[[Tensor, tuple[int, ...]], Tensor], *, alone: bool = False) -> None:
        super().__init__()
        self.step, self.axes = (step,), (1, 2, 3) if alone else (0, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.step[0](x, self.axes)


BATCHES: dict[str, Callable[[Tensor, tuple[int, ...]], Tensor]] = {
    "its mean": lambda x, axes: x - x.mean(axes, keepdim=True),
    "its largest value": lambda x, axes: x / x.abs().amax(axes, keepdim=True),
    "its variance": lambda x, axes: x * torch.rsqrt(x.var(axes, keepdim=True) + 1e-3),
    "its softmax": lambda x, axes: x * torch.softmax(x.mean((2, 3), keepdim=True), axes[0]),
}


class Finer(nn.Module):
    """Computed at a multiple of the size and read at the old places, which `align_corners` moves."""

    def __init__(self, mode: str, factor: int, *, align: bool) -> None:
        super().__init__()
        self.conv = conv(3, 4, padding=1, padding_mode="circular")
        self.mode, self.factor, self.align = mode, factor, align

    def forward(self, x: Tensor) -> Tensor:
        fine = F.interpolate(self.conv(x), scale_factor=self.factor, mode=self.mode, align_corners=self.align)
        first = self.factor // 2
        return fine[..., first :: self.factor, first :: self.factor]


class Residual(nn.Module):
    """Two branches of one stride."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.long = nn.Sequential(conv(3, width, stride=2, padding=1), nn.ReLU(), conv(width, width, padding=1))
        self.short = conv(3, width, 1, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return (self.long(x) + self.short(x)).relu()


class Transposed(nn.Module):
    """A turn to the left of its input is one to the right of its output."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = four_fold(3, width), four_fold(width, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x).tanh().mT)


def head(width: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 3)]


def net(*middle: nn.Module, width: int = 6) -> nn.Sequential:
    """Symmetric filters, what is given, symmetric filters, a head."""
    return nn.Sequential(
        four_fold(3, width), nn.Tanh(), *middle, four_fold(width, width), nn.Tanh(), *head(width)
    ).double()


def conv(inputs: int, outputs: int, size: int = 3, **options: Any) -> nn.Conv2d:
    """Filters without symmetry."""
    return nn.Conv2d(inputs, outputs, size, **options).double()


def symmetric(inputs: int, outputs: int, size: int, stride: int, padding: int) -> nn.Conv2d:
    made = four_fold(inputs, outputs, size)
    made.stride, made.padding = (stride, stride), (padding, padding)
    return made


def p4(side: int = 16, **options: Any) -> dict[str, Any]:
    return {"input_shape": (3, side, side), "group": "p4", **options}


def shifts(side: int = 16, **options: Any) -> dict[str, Any]:
    return {"input_shape": (3, side, side), "group": "translation", **options}


def _of_seed(seed: int, make: Callable[[], tuple[Any, dict[str, Any]]]) -> Build:
    def drawn() -> tuple[Any, dict[str, Any]]:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return make()

    return drawn


def planted() -> Iterator[Planted]:
    """Every cause several times, in networks of several builds."""
    made: list[tuple[str, tuple[str, ...], Callable[[], tuple[Any, dict[str, Any]]]]] = []

    def add(name: str, cause: str | tuple[str, ...], make: Callable[[], tuple[Any, dict[str, Any]]]) -> None:
        made.append((name, (cause,) if isinstance(cause, str) else cause, make))

    for layer in (nn.Dropout(0.5), nn.Dropout2d(0.3), nn.AlphaDropout(0.2), Noise(), nn.Dropout(0.05)):
        add(f"{layer} in training mode", "training mode", lambda layer=layer: (net(layer), p4()))
        add(
            f"{layer}, shifts",
            "training mode",
            lambda layer=layer: (nn.Sequential(conv(3, 4), nn.ReLU(), layer, *head(4)).double(), shifts()),
        )
    for cast in ("half", "float"):
        for size, group in ((3, "p4"), (5, "p4"), (3, "p2"), (5, "p2")):
            add(
                f"a convolution of {size}×{size} in {cast}, {group}",
                "precision",
                lambda cast=cast, k=size, g=group: (
                    net(Low(cast, k)),
                    p4(group=g, tolerance=1e-10),
                ),
            )
    for channels, size in ((2, 3), (3, 3), (2, 5), (4, 3), (1, 5), (3, 7)):
        add(
            f"the inverse action in the test, {channels} channels of {size}×{size}",
            "action in the test",
            lambda c=channels, k=size: (
                randomised(LiftingConv2d(P4, 3, c, k, 1, k // 2)).double(),
                p4(9, claim="equivariant", action=_backwards),
            ),
        )
    for width in (3, 5):
        add(
            f"a map transposed on the way, {width}",
            "action in the test",
            lambda w=width: (Transposed(w), p4(9, claim="equivariant")),
        )
        add(
            f"a flattened map claimed invariant, {width}",
            "claim",
            lambda w=width: (nn.Sequential(four_fold(3, w), nn.Tanh(), nn.Flatten()), p4(9)),
        )
    for name, step in BATCHES.items():
        add(f"the batch: {name}", "batch", lambda step=step: (net(Across(step)), p4(9, group="batch")))
    add(
        "the batch: a norm without statistics of its own",
        "batch",
        lambda: (net(nn.BatchNorm2d(6, track_running_stats=False)), p4(9, group="batch")),
    )
    add(
        "the batch: a norm in training mode",
        "training mode",
        lambda: (net(nn.BatchNorm2d(6)), p4(9, group="batch")),
    )
    for mode, factor in (("bilinear", 2), ("bilinear", 3), ("bicubic", 3)):
        add(
            f"align_corners, {mode}, {factor} times as fine",
            "interpolation",
            lambda m=mode, f=factor: (Finer(m, f, align=True), shifts(12, claim="equivariant")),
        )
    for size, side in ((3, 16), (5, 12), (3, 10)):
        add(
            f"{size}×{size} without symmetry, stride 2, at {side}",
            ("filters", "size and stride"),
            lambda k=size, n=side: (
                nn.Sequential(conv(3, 5, k, stride=2, padding=k // 2), nn.Tanh(), conv(5, 5, padding=1), *head(5)),
                p4(n),
            ),
        )
    for width in (3, 4, 6):
        add(
            f"an equivariant map claimed invariant, {width}",
            "claim",
            lambda w=width: (nn.Sequential(four_fold(3, w), nn.Tanh(), four_fold(w, 2)).double(), p4(9)),
        )
        add(
            f"a chiral network claimed mirror-symmetric, {width}",
            "claim",
            lambda w=width: (net(Regular(w), width=w), p4(group="p4m")),
        )
        add(
            f"half turns claimed quarter turns, {width}",
            "claim",
            lambda w=width: (
                nn.Sequential(_half_turn(3, w), nn.Tanh(), _half_turn(w, w), nn.Tanh(), *head(w)).double(),
                p4(),
            ),
        )
    for size, stride, padding, side in (
        (3, 2, 1, 16),
        (3, 2, 1, 32),
        (5, 2, 2, 16),
        (1, 2, 0, 12),
        (3, 3, 1, 15),
        (3, 2, 0, 16),
    ):
        add(
            f"{size}×{size}, stride {stride}, at {side}",
            "size and stride",
            lambda k=size, s=stride, p=padding, n=side: (
                nn.Sequential(symmetric(3, 5, k, s, p), nn.Tanh(), four_fold(5, 5), *head(5)).double(),
                p4(n),
            ),
        )
    for pool in (nn.MaxPool2d(2), nn.AvgPool2d(2), nn.MaxPool2d(3, 2), nn.AvgPool2d(3, 2)):
        side = 17 if pool.kernel_size == 2 else 16
        add(f"{pool} at {side}", "size and stride", lambda pool=pool, n=side: (net(pool), p4(n)))
    for sides in ((2, 0, 1, 1), (1, 1, 2, 0), (2, 0, 2, 0), (0, 2, 1, 1), (0, 2, 2, 0)):
        add(f"ZeroPad2d{sides}", "padding", lambda s=sides: (net(nn.ZeroPad2d(s), symmetric(6, 6, 3, 1, 0)), p4()))
        add(
            f"F.pad {sides} in forward",
            "padding",
            lambda s=sides: (net(Step(lambda x: F.pad(x, s)), symmetric(6, 6, 3, 1, 0)), p4()),
        )
    for depth in (1, 2, 3, 4):
        add(
            f"zero padding, {depth} layers deep, its border counted",
            "padding",
            lambda d=depth: (
                nn.Sequential(*(conv(3, 3, padding=1) for _ in range(d)), *head(3)).double(),
                shifts(border="counted"),
            ),
        )
    for factor in (1.5, 2.5, 1.25):
        add(
            f"nearest, {factor} times as large",
            "interpolation",
            lambda f=factor: (net(nn.Upsample(scale_factor=f, mode="nearest")), p4()),
        )
    for side in (21, 23, 19, 27, 11):
        add(
            f"nearest, to {side} pixels",
            "interpolation",
            lambda n=side: (net(Step(lambda x: F.interpolate(x, size=(n, n)))), p4()),
        )
    for name, step in {
        "max pooling": nn.MaxPool2d(2),
        "mean pooling": nn.AvgPool2d(2),
        "3×3, stride 2": conv(4, 4, 3, stride=2, padding=1),
        "1×1, stride 2": conv(4, 4, 1, stride=2),
        "max pooling of 4": nn.MaxPool2d(4),
        "5×5, stride 2": conv(4, 4, 5, stride=2, padding=2),
        "stride 4": conv(4, 4, 3, stride=4, padding=1),
    }.items():
        add(
            f"shifts: {name}",
            "aliasing",
            lambda step=step: (
                nn.Sequential(conv(3, 4, padding=1), nn.ReLU(), step, nn.Tanh(), *head(4)).double(),
                shifts(),
            ),
        )
    for pool in (nn.MaxPool2d(2), nn.AvgPool2d(2)):
        add(
            f"shifts: there and back, {pool}",
            "aliasing",
            lambda pool=pool: (
                nn.Sequential(conv(3, 4, padding=1), nn.ReLU(), pool, nn.Upsample(scale_factor=2)),
                shifts(claim="equivariant"),
            ),
        )
    for pooling, side in ((nn.Identity(), 16), (nn.MaxPool2d(3, 2, 1), 16), (nn.AvgPool2d(2), 24)):
        add(
            f"shifts: a residual block of stride 2, {pooling}",
            "aliasing",
            lambda pool=pooling, n=side: (nn.Sequential(Residual(4), pool, *head(4)).double(), shifts(n)),
        )
    for i, noise in enumerate((1e-3, 1e-2, 0.1, 0.3, 1.0)):
        add(f"filters off by {noise:g}", "filters", lambda e=noise: (net(_noisy(6, e)), p4()))
        add(f"filters off by {noise:g} under p2, {i}", "filters", lambda e=noise: (net(_noisy(6, e)), p4(group="p2")))
    for size in (3, 5, 7):
        add(
            f"filters without symmetry, {size}×{size}",
            "filters",
            lambda k=size: (net(conv(6, 6, k, padding=k // 2)), p4()),
        )
    for slip in ON_IMAGES:
        add(
            f"code: {slip.__name__}",
            "code",
            lambda slip=slip: (
                nn.Sequential(Between(four_fold(3, 6), slip, four_fold(6, 6)), nn.Tanh(), *head(6)).double(),
                p4(),
            ),
        )
        add(f"a layer: {slip.__name__}", ("layer", "code"), lambda slip=slip: (net(Step(slip)), p4()))
    for side in (9, 16):
        add(f"learned positions at {side}", ("layer", "code"), lambda n=side: (net(Positions(6, n)), p4(n)))
        add(
            f"a head that sees places, {side}",
            "layer",
            lambda n=side: (
                nn.Sequential(four_fold(3, 4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * n * n, 5)).double(),
                p4(n),
            ),
        )
    for number, (name, causes, make) in enumerate(made):
        yield Planted(name, causes, _of_seed(number, make))
    yield from _of_the_check_study()
    yield from _known(sick=True)


def _of_the_check_study() -> Iterator[Planted]:
    """Every fourth fault of its banks, and all of sizes: other people's code, as functions and modules."""
    causes = {"banks": ("filters", "layer", "code"), "sizes": ("size and stride", "padding", "interpolation")}
    rows = {name: build for name, build in FAULTS.items() if build.__module__.rpartition(".")[2] in causes}
    other = ("pixels into", "channels into", "transposed")  # a layer's own, at every size
    rows = {name: build for name, build in rows.items() if not name.startswith(other)}
    for number, (name, build_fault) in enumerate(sorted(rows.items())):
        kind = build_fault.__module__.rpartition(".")[2]
        if kind == "banks" and number % 6:
            continue

        def make(build_fault: Any = build_fault) -> tuple[Any, dict[str, Any]]:
            fault = build_fault()
            return fault.faulty, fault.options

        yield Planted(f"check study: {name}", causes[kind], _of_seed(number, make))


def healthy() -> Iterator[Planted]:
    """Networks that have the symmetry that is asked for."""
    for kind in BUILDS:
        for seed in range(6):
            yield Planted(
                f"{kind} {seed}",
                (),
                _of_seed(seed, lambda kind=kind, seed=seed: (build(kind, random.Random(seed)), p4())),
            )
    for depth in range(1, 6):
        for mode in ("circular", "zeros"):
            yield Planted(
                f"shifts, {depth} layers, {mode}",
                (),
                _of_seed(
                    depth,
                    lambda d=depth, mode=mode: (
                        nn.Sequential(
                            *(
                                m
                                for i in range(d)
                                for m in (conv(4 if i else 3, 4, padding=1, padding_mode=mode), nn.ReLU())
                            ),
                            *head(4),
                        ).double(),
                        shifts(),
                    ),
                ),
            )
    for name, step in BATCHES.items():
        build_alone = _of_seed(0, lambda step=step: (net(Across(step, alone=True)), p4(9, group="batch")))
        yield Planted(f"each sample alone: {name}", (), build_alone)
    for mode, factor in (("bilinear", 3), ("bicubic", 3)):
        build_finer = _of_seed(0, lambda m=mode, f=factor: (Finer(m, f, align=False), shifts(12, claim="equivariant")))
        yield Planted(f"centred, {mode}, {factor} times as fine", (), build_finer)
    yield from _known(sick=False)


def _known(*, sick: bool) -> Iterator[Planted]:
    for number, (name, causes, make) in enumerate(known()):
        if bool(causes) is sick:
            yield Planted(f"known: {name}", causes, _of_seed(1000 + number, make))


def _backwards(g: int, y: Tensor) -> Tensor:
    """The action of the inverse of the g-th quarter turn on functions on p4, "b c 4 h w"."""
    return P4.act(P4.inverse[g], y)


def _half_turn(inputs: int, outputs: int) -> nn.Conv2d:
    made = conv(inputs, outputs, padding=1)
    weight = made.weight.detach()
    made.weight = nn.Parameter((weight + weight.rot90(2, (2, 3))) / 2)
    return made


def _noisy(width: int, size: float) -> nn.Conv2d:
    made = four_fold(width, width)
    made.weight = nn.Parameter(made.weight.detach() * (1 + size * torch.randn(made.weight.shape).double()))
    return made
