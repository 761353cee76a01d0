"""Ways to prove what is false: each as a network that must not be proved, beside sound twins that resemble it.

All are asked about images of three colours under the flip of the rows, unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .families.circular import shifts
from .families.sets import permutations
from .groups import FINITE
from .subject import Motion, Subject, Wanted, trap

__all__ = ["Plain"]

SIZE = 6


class Plain(nn.Module):
    """A function and the numbers it reads, as buffers."""

    def __init__(self, function: Callable[..., Tensor], **tables: Tensor) -> None:
        super().__init__()
        self.function, self.names = function, list(tables)
        for name, table in tables.items():
            self.register_buffer(name, table)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *(getattr(self, name) for name in self.names))


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def image(model: Any, wanted: Wanted = "refused", group: str = "pm", size: int = SIZE) -> Subject:
    model = model if isinstance(model, nn.Module) else Plain(model)
    return Subject(model.eval(), ((3, size, size),), group, FINITE[group].motions(), wanted)


def sequence(model: nn.Module, wanted: Wanted = "refused", n: int = 5, d: int = 4) -> Subject:
    return Subject(model.eval(), ((n, d),), f"points {n}", permutations(n, (1,)), wanted)


def channels(model: Any, wanted: Wanted = "refused") -> Subject:
    """Colours that change places."""
    return image(model, wanted, "colours")


def sign(model: Any, wanted: Wanted = "refused") -> Subject:
    negated: dict[str, Motion] = {"negation": lambda x: (-x,)}
    model = model if isinstance(model, nn.Module) else Plain(model)
    return Subject(model.eval(), ((3, SIZE, SIZE),), "sign", negated, wanted)


def shifted(model: Any, wanted: Wanted = "refused", size: int = SIZE) -> Subject:
    model = model if isinstance(model, nn.Module) else Plain(model)
    return Subject(model.eval(), ((3, size, size),), "shifts 2", shifts(2), wanted)


def even(taps: Tensor) -> Tensor:
    """Filters that the flips of rows, columns and diagonals leave alone, bit for bit."""
    half = torch.maximum(taps, taps.flip(-1))
    half = torch.maximum(half, half.flip(-2))
    return torch.maximum(half, half.mT)


def flat(*shape: int) -> Tensor:
    """A table that the flip of the rows leaves alone."""
    table = noise(*shape)
    return torch.maximum(table, table.flip(-2))


ROWS = noise(SIZE, 1).abs() + 0.5

for i, (name, model) in enumerate(
    {
        "x.abs().pow(table)": lambda x, t: x.abs().pow(t),
        "table ** x": lambda x, t: t.pow(x.tanh()),
        "clamp(x, min=table)": lambda x, t: torch.clamp(x, min=t),
        "clamp(x, max=table)": lambda x, t: torch.clamp(x, max=t),
        "where(x > 0, x, table)": lambda x, t: torch.where(x > 0, x, t),
        "where(mask, x, 0)": lambda x, t: torch.where(t > 0.9, x, 0),
        "maximum(x, table)": lambda x, t: torch.maximum(x, t),
        "lerp(x, 0, table)": lambda x, t: torch.lerp(x, torch.zeros_like(x), t / 3),
        "atan2(x, table)": lambda x, t: torch.atan2(x, t),
        "fmod(x, table)": lambda x, t: torch.fmod(x, t),
        "x / table": lambda x, t: x / t,
        "table − x": lambda x, t: t - x,
        "addcmul(x, x, table)": lambda x, t: torch.addcmul(x, x, t.expand_as(x)),
        "hypot(x, table)": lambda x, t: torch.hypot(x, t),
        "masked_fill(x, mask, 0)": lambda x, t: x.masked_fill(t > 0.9, 0.0),
        "x > table": lambda x, t: (x > t).to(x.dtype) + x,
        "heaviside(x, table)": lambda x, t: torch.heaviside(x.round(), t) + x,
        "prelu by rows": lambda x, t: F.prelu(x.transpose(1, 2), t.flatten()).transpose(1, 2),
    }.items()
):
    trap(f"{1 if i < 2 else 2}: {name}")(lambda model=model: image(Plain(model, table=ROWS)))
    trap(f"{1 if i < 2 else 2}: {name}, table even")(
        lambda model=model: image(Plain(model, table=torch.maximum(ROWS, ROWS.flip(0))), "either")
    )
trap("2: prelu by channels, channels change places")(
    lambda: channels(Plain(lambda x, t: F.prelu(x, t), slope=torch.tensor([0.1, 0.2, 0.3])))
)
trap("3: x * randn(())")(lambda: image(lambda x: x * torch.randn((), dtype=x.dtype)))
trap("3: x * randn(6, 1)")(lambda: image(lambda x: x * torch.randn(SIZE, 1, dtype=x.dtype)))
trap("3: x + rand_like(x)")(lambda: image(lambda x: x + torch.rand_like(x)))
trap("3: bernoulli")(lambda: image(lambda x: x * torch.bernoulli(torch.full((SIZE, 1), 0.5, dtype=x.dtype))))
trap("3: functional dropout in training")(lambda: image(lambda x: F.dropout(x, 0.5, training=True)))
trap("3: randperm of the rows")(lambda: image(lambda x: x[:, :, torch.randperm(SIZE)]))
trap("3: arange as a ramp")(lambda: image(lambda x: x * torch.arange(SIZE)[:, None]))
trap("3: linspace about the centre, squared")(
    lambda: image(lambda x: x * torch.arange(-5, 6, 2)[:, None].abs(), "either")
)
trap("4: cat([x, x.mT], 0)")(lambda: image(lambda x: torch.cat([x, x.mT], 0)))
trap("4: cat([x, ramp·x], 0)")(lambda: image(Plain(lambda x, t: torch.cat([x, t * x], 0), table=ROWS)))
trap("4: cat([x, x.mT], 0), then its first half")(
    lambda: image(lambda x: torch.cat([x, x.mT], 0)[: x.shape[0]], "either")
)
trap("4: the first sample only")(lambda: image(lambda x: x[:1].amax(-2)))
trap("4: the batch folded into the channels")(lambda: image(lambda x: x.flatten(0, 1).unsqueeze(0)))
trap("5: table · (x − x.roll(1, 0))")(lambda: image(Plain(lambda x, t: t * (x - x.roll(1, 0)), table=ROWS)))
trap("5: table · (x − the batch's mean)")(
    lambda: image(Plain(lambda x, t: (t * (x - x.mean(0, keepdim=True))).sum(-2), table=ROWS))
)
trap("5: x + x.flip(0), then a table")(lambda: image(Plain(lambda x, t: (x - x.flip(0)) * t, table=ROWS)))
trap("5: the batch sorted")(lambda: image(Plain(lambda x, t: (x.sort(0).values - x) * t, table=ROWS)))
trap("5: softmax over the batch")(lambda: image(Plain(lambda x, t: (x.softmax(0) - 1) * t, table=ROWS)))
trap("5: the number of the sample times a ramp")(
    lambda: image(lambda x: x + torch.arange(x.shape[0])[:, None, None, None] * torch.arange(SIZE)[:, None])
)
trap("5: a ramp modulo the batch size")(lambda: image(lambda x: x + (torch.arange(SIZE) % x.shape[0])[:, None]))
trap("5: a ramp divided by the batch size")(
    lambda: image(lambda x: x + (torch.arange(SIZE)[:, None] * 2 - 5).abs().div(5 * x.shape[0], rounding_mode="floor"))
)
trap("5: another way for a batch of one")(
    lambda: image(Plain(lambda x, t: x * t if x.shape[0] == 1 else x, table=ROWS))
)
trap("5: rolled along the batch by two")(lambda: image(Plain(lambda x, t: t * (x - x.roll(2, 0)), table=ROWS)))
trap("5: the first two samples treated otherwise")(
    lambda: image(Plain(lambda x, t: torch.cat([x[:2], t * x[2:]], 0), table=ROWS))
)
trap("5: squeezed")(lambda: image(Plain(lambda x, t: (x - x.mean(0)).squeeze() * t, table=ROWS)))
trap("6: x + ((t + 1e17) − 1e17)")(lambda: image(Plain(lambda x, t: x + ((t + 1e17) - 1e17), table=ROWS)))
trap("6: x + (t·1e-320)·1e320")(
    lambda: image(Plain(lambda x, t: x + (t * 1e-200 * 1e-200) * 1e200 * 1e200, table=ROWS))
)
trap("6: a filter summed of parts that cancel")(
    lambda: image(
        Plain(lambda x, w, u: F.conv2d(x, (w + u) - u), w=noise(2, 3, 3, 3), u=1e17 * even(noise(2, 3, 3, 3)))
    )
)


class Counter(nn.Module):
    """A buffer counts the calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Tensor
        self.table: Tensor
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("table", ROWS)

    def forward(self, x: Tensor) -> Tensor:
        self.calls.add_(1)
        return x * self.table


class Writes(nn.Module):
    """The input is written to."""

    def __init__(self) -> None:
        super().__init__()
        self.table: Tensor
        self.register_buffer("table", ROWS)

    def forward(self, x: Tensor) -> Tensor:
        x.add_(1)
        return x * self.table


trap("7: a counter")(lambda: image(Counter()))
trap("7: the input mutated")(lambda: image(Writes()))
trap("7: two outputs, the second broken")(lambda: image(lambda x: (x, x * ROWS.to(x))))
trap("8: argmax(relu(x)) over colours")(lambda: channels(lambda x: x.relu().argmax(1).to(x.dtype)))
trap("8: argmax along rows")(lambda: image(lambda x: x.relu().argmax(2).to(x.dtype)))
trap("8: argmax over colours that stay")(lambda: image(lambda x: x.argmax(1).to(x.dtype), "either"))
trap("8: indices of top-k")(lambda: channels(lambda x: x.relu().topk(2, 1).indices.to(x.dtype)))
trap("8: values of top-k")(lambda: channels(lambda x: x.topk(2, 1).values, "either"))
trap("8: argsort")(lambda: channels(lambda x: x.relu().argsort(1).to(x.dtype)))
trap("8: sorted values")(lambda: channels(lambda x: x.sort(1).values, "either"))
trap("8: median of rows and its place")(lambda: image(lambda x: x.relu().median(2).indices.to(x.dtype)))
trap("8: indices of a maximum pool")(
    lambda: image(lambda x: F.max_pool2d(x.relu(), 2, return_indices=True)[1].to(x.dtype))
)
trap("8: unpooled by its indices")(
    lambda: image(lambda x: F.max_unpool2d(*F.max_pool2d(x.relu(), 2, return_indices=True), (2, 2)), "refused")
)
trap("8: gathered by argmax")(lambda: image(lambda x: x[:, 1:].gather(2, x[:, :2].relu().argmax(2, keepdim=True))))


def attention(x: Tensor, mask: Tensor | None = None, **options: Any) -> Tensor:
    heads = x[:, None]
    return F.scaled_dot_product_attention(heads, heads, heads, mask, **options)[:, 0]


trap("9: is_causal")(lambda: sequence(Plain(lambda x: attention(x, is_causal=True))))
trap("9: a constant mask of numbers")(lambda: sequence(Plain(attention, mask=noise(5, 5))))
trap("9: a mask of booleans")(lambda: sequence(Plain(attention, mask=torch.ones(5, 5).tril().bool())))
trap("9: a mask that permutations keep")(lambda: sequence(Plain(attention, mask=torch.eye(5)), "either"))
trap("9: a window")(lambda: sequence(Plain(attention, mask=(torch.arange(5) - torch.arange(5)[:, None]).abs() < 2)))
trap("9: no attention to oneself")(lambda: sequence(Plain(attention, mask=~torch.eye(5).bool()), "either"))
trap("9: another scale")(lambda: sequence(Plain(lambda x: attention(x, scale=0.7)), "either"))
trap("9: the mask of nn.MultiheadAttention")(lambda: sequence(Masked()))
trap("9: masked by hand")(
    lambda: sequence(
        Plain(lambda x, m: (x @ x.mT).masked_fill(m, -9.0).softmax(-1) @ x, m=torch.ones(5, 5).triu(1).bool())
    )
)


class Masked(nn.Module):
    """Causal by a mask."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.layer = nn.MultiheadAttention(4, 2, batch_first=True)
        self.register_buffer("mask", torch.ones(5, 5).triu(1).bool())

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x, x, x, attn_mask=self.mask, need_weights=False)[0]


for mode, kind, sizes in (
    ("nearest", "10", (3, 4, 8, 12)),
    ("nearest-exact", "10", (2, 3, 4, 9)),
    ("bilinear", "11", (4, 7, 9)),
    ("bicubic", "11", (4, 7, 11)),
    ("area", "10", (2, 4, 5)),
):
    for size in sizes:
        trap(f"{kind}: {mode} from 6 to {size}")(
            lambda mode=mode, size=size: image(lambda x: F.interpolate(x, size=size, mode=mode), "either")
        )
trap("10: nearest to half")(lambda: image(lambda x: F.interpolate(x, scale_factor=0.5)))
trap("10: nearest-exact to half")(lambda: image(lambda x: F.interpolate(x, scale_factor=0.5, mode="nearest-exact")))
trap("10: nearest-exact to a third")(
    lambda: image(lambda x: F.interpolate(x, scale_factor=1 / 3, mode="nearest-exact"), "either")
)
trap("11: bilinear, scale_factor=1.5 at 5")(
    lambda: image(lambda x: F.interpolate(x, scale_factor=1.5, mode="bilinear"), size=5)
)
trap("11: bilinear, size=7 at 5")(lambda: image(lambda x: F.interpolate(x, size=7, mode="bilinear"), "either", size=5))
trap("11: bilinear with corners, size=7 at 5")(
    lambda: image(lambda x: F.interpolate(x, size=7, mode="bilinear", align_corners=True), "either", size=5)
)
trap("11: bilinear, scale_factor=1.5 at 5, recomputed")(
    lambda: image(
        lambda x: F.interpolate(x, scale_factor=1.5, mode="bilinear", recompute_scale_factor=True), "either", size=5
    )
)
trap("11: antialiased")(
    lambda: image(lambda x: F.interpolate(x, size=4, mode="bilinear", antialias=True), "either", size=7)
)


def transposed(**options: Any) -> nn.Module:
    layer = nn.ConvTranspose2d(3, 2, 3, **options)
    with torch.no_grad():
        layer.weight.copy_(even(noise(3, 2, 3, 3)))
        nn.init.constant_(layer.get_parameter("bias"), 0.3)
    return layer


trap("12: ConvTranspose2d, output_padding=1")(lambda: image(transposed(stride=2, padding=1, output_padding=1)))
trap("12: ConvTranspose2d")(lambda: image(transposed(stride=2, padding=1), "either"))
trap("12: ConvTranspose2d, dilation")(lambda: image(transposed(stride=2, padding=2, dilation=2), "either"))
trap("12: ConvTranspose2d, output_padding and a crop")(
    lambda: image(
        nn.Sequential(transposed(stride=2, padding=1, output_padding=1), Plain(lambda x: x[..., :-1, :-1])), "either"
    )
)


def conv(kernel: int, **options: Any) -> nn.Conv2d:
    layer = nn.Conv2d(3, 2, kernel, **options)
    with torch.no_grad():
        layer.weight.copy_(even(noise(*layer.weight.shape)))
        nn.init.constant_(layer.get_parameter("bias"), 0.3)
    return layer


trap("13: padding=same, kernel 2")(lambda: image(conv(2, padding="same")))
trap("13: padding=same, kernel 4")(lambda: image(conv(4, padding="same")))
trap("13: padding=same, kernel 3")(lambda: image(conv(3, padding="same"), "either"))
trap("13: stride 2 at 6, padding 1")(lambda: image(conv(3, stride=2, padding=1)))
trap("13: stride 2 at 7, padding 1")(lambda: image(conv(3, stride=2, padding=1), "either", size=7))
trap("13: ceil_mode that overhangs")(lambda: image(nn.MaxPool2d(2, ceil_mode=True), size=7))
trap("13: ceil_mode that does not")(lambda: image(nn.MaxPool2d(2, ceil_mode=True), "either"))
trap("13: ceil_mode of a mean")(lambda: image(nn.AvgPool2d(2, ceil_mode=True), size=7))
trap("13: ceil_mode of a padded mean")(lambda: image(nn.AvgPool2d(3, 2, 1, ceil_mode=True), "either"))
trap("13: dilated maximum that misses the last row")(lambda: image(nn.MaxPool2d(2, 2, dilation=2), "either", size=8))
trap("13: dilated maximum of stride 2")(lambda: image(nn.MaxPool2d(2, 2, dilation=2), "either", size=7))
trap("13: count_include_pad=False")(lambda: image(nn.AvgPool2d(3, 2, 1, count_include_pad=False), "either", size=7))
trap("13: count_include_pad=False at 6")(lambda: image(nn.AvgPool2d(3, 2, 1, count_include_pad=False)))
trap("13: divisor_override")(lambda: image(nn.AvgPool2d(3, 1, 1, divisor_override=5), "either"))
trap("13: adaptive mean of 6 to 4")(lambda: image(nn.AdaptiveAvgPool2d(4), "either"))
trap("13: adaptive maximum of 7 to 3")(lambda: image(nn.AdaptiveMaxPool2d(3), "either", size=7))
trap("13: maximum of stride 2 at 7")(lambda: image(nn.MaxPool2d(2), size=7))
trap("13: padded on one side")(
    lambda: image(Plain(lambda x, w: F.conv2d(F.pad(x, (1, 1, 2, 0)), w), w=even(noise(2, 3, 3, 3))))
)
trap("13: reflected on one side")(
    lambda: image(Plain(lambda x, w: F.conv2d(F.pad(x, (1, 1, 2, 0), "reflect"), w), w=even(noise(2, 3, 3, 3))))
)
trap("13: another value above than below")(
    lambda: image(lambda x: F.pad(F.pad(x, (0, 0, 1, 0), value=1.0), (0, 0, 0, 1), value=2.0), "either")
)
trap("13: unfolded with a stride that leaves a row")(lambda: image(lambda x: x.unfold(2, 2, 3).sum(-1)))


def circular(mode: Any = "circular", **options: Any) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Conv2d(3, 2, 3, padding=1, padding_mode=mode, **options)


trap("14: zero padding under shifts")(lambda: shifted(circular("zeros")))
trap("14: reflected padding under shifts")(lambda: shifted(circular("reflect")))
trap("14: replicated padding under shifts")(lambda: shifted(circular("replicate")))
trap("14: circular padding under shifts")(lambda: shifted(circular(), "either"))
trap("14: circular padding, stride 2")(lambda: shifted(circular(stride=2)))
trap("14: circular padding of 1 for a kernel of 5")(
    lambda: shifted(Plain(lambda x, w: F.conv2d(F.pad(x, (1, 1, 1, 1), "circular"), w, padding=1), w=noise(2, 3, 5, 5)))
)
trap("14: circular rows, zero columns")(
    lambda: shifted(
        Plain(lambda x, w: F.conv2d(F.pad(F.pad(x, (0, 0, 1, 1), "circular"), (1, 1, 0, 0)), w), w=noise(2, 3, 3, 3))
    )
)
trap("14: circular padding and a function before the convolution")(
    lambda: shifted(
        Plain(lambda x, w: F.conv2d(F.pad(x, (1, 1, 1, 1), "circular").tanh(), w), w=noise(2, 3, 3, 3)), "either"
    )
)
trap("14: circular padding alone, then its mean")(
    lambda: shifted(lambda x: F.pad(x, (1, 1, 1, 1), "circular").mean((-2, -1)))
)
trap("14: circular padding, then a maximum over 2")(lambda: shifted(nn.Sequential(circular(), nn.MaxPool2d(2))))
trap("14: circular padding wider than it is used, a batch norm's shift between")(
    lambda: shifted(Plain(lambda x, w: F.conv2d(F.pad(x, (2, 0, 1, 1), "circular"), w), w=noise(2, 3, 3, 3)), "either")
)


def grouped(groups: int, weight: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: F.conv2d(x, weight.to(x), groups=groups)


trap("15: one filter a colour, all unlike")(
    lambda: channels(Plain(lambda x, w: F.conv2d(x, w, groups=3), w=noise(3, 1, 3, 3)))
)
trap("15: one filter a colour, all alike")(
    lambda: channels(Plain(lambda x, w: F.conv2d(x, w.expand(3, 1, 3, 3), groups=3), w=noise(1, 1, 3, 3)), "either")
)
trap("15: groups of two, mixed by the permutation")(
    lambda: channels(
        Plain(lambda x, w: F.conv2d(torch.cat([x, x], 1), w, groups=3), w=noise(1, 2, 1, 1).expand(3, 2, 1, 1).clone())
    )
)
trap("15: groups of two with equal filters inside")(
    lambda: channels(
        Plain(lambda x, w: F.conv2d(torch.cat([x, x], 1), w, groups=2), w=noise(2, 1, 1, 1).expand(2, 3, 1, 1).clone()),
        "either",
    )
)
trap("15: channel shuffle between groups")(
    lambda: channels(
        Plain(
            lambda x, w: F.conv2d(
                x.repeat_interleave(2, 1).unflatten(1, (2, 3)).transpose(1, 2).flatten(1, 2), w, groups=3
            ),
            w=noise(3, 2, 1, 1),
        )
    )
)

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


trap("18: F.batch_norm(training=True)")(
    lambda: image(Plain(lambda x, t: t * (F.batch_norm(x, None, None, training=True)), table=ROWS))
)
trap("18: F.batch_norm(training=True), constants cancelled by the batch")(
    lambda: image(
        Plain(
            lambda x, t: (
                F.batch_norm(x.flatten(1) * 0 + t.flatten()[0], None, None, training=True)[:, :1]
                + (x * t).sum((1, 2, 3))[:, None]
            ),
            table=ROWS,
        )
    )
)
trap("18: instance norm")(lambda: image(nn.InstanceNorm2d(3), "either"))
trap("18: instance norm with running statistics of a row")(
    lambda: image(Plain(lambda x, m: F.batch_norm(x.transpose(1, 2), m, m.abs() + 1).transpose(1, 2), m=ROWS.flatten()))
)


def products(first: Tensor, second: Tensor) -> Callable[[Tensor], Tensor]:
    """qkᵀ where q and k are read from other orders of the rows."""
    return lambda x: x[:, :, first].mT @ x[:, :, second]


UP, DOWN = torch.arange(SIZE), torch.arange(SIZE).flip(0)
SKEW = torch.tensor([1, 0, 2, 3, 4, 5])
trap("19: qkᵀ with unlike permutations")(lambda: image(products(UP, SKEW)))
trap("19: qkᵀ with one permutation")(lambda: image(products(SKEW, SKEW), "either"))
trap("19: qkᵀ, one reversed: still one motion")(lambda: image(products(UP, DOWN), "either"))
trap("19: qkᵀ of shifted rows")(lambda: image(lambda x: x.roll(1, 2).mT @ x, "either"))
trap("19: qkᵀ with unlike signs")(lambda: sign(lambda x: x.mT @ x.abs() + x.mT @ x))
trap("19: qkᵀ with like signs")(lambda: sign(lambda x: x.mT @ x, "either"))
trap("19: einsum that contracts a row with a column")(lambda: image(lambda x: torch.einsum("bcij, bcjk -> bcik", x, x)))
trap("19: einsum with the diagonal")(lambda: image(lambda x: torch.einsum("bcii -> bc", x)))
trap("19: a bilinear form of a table that is not symmetric")(
    lambda: image(
        Plain(lambda x, t: torch.einsum("bci, ij, bcj -> bc", x[..., 0], t, x[..., 1]), table=noise(SIZE, SIZE))
    )
)
trap("20: cumsum")(lambda: image(lambda x: x.cumsum(2)))
trap("20: cumsum, then its last")(lambda: image(lambda x: x.cumsum(2)[:, :, -1], "either"))
trap("20: cumprod")(lambda: image(lambda x: x.tanh().cumprod(2)))
trap("20: cummax")(lambda: image(lambda x: x.cummax(2).values))
trap("20: logcumsumexp")(lambda: image(lambda x: x.logcumsumexp(2)))
trap("20: diff along rows")(lambda: image(lambda x: x.diff(dim=2), "either"))
trap("20: |diff| along rows")(lambda: image(lambda x: x.diff(dim=2).abs(), "either"))


class Recurrent(nn.Module):
    """The last state of a recurrent layer over the tokens."""

    def __init__(self, kind: Any) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.layer = kind(4, 3, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)[0][:, -1]


trap("20: GRU")(lambda: sequence(Recurrent(nn.GRU)))
trap("20: LSTM")(lambda: sequence(Recurrent(nn.LSTM)))
trap("20: RNN")(lambda: sequence(Recurrent(nn.RNN)))


def holed(value: float) -> nn.Module:
    layer = conv(3, padding=1)
    with torch.no_grad():
        layer.weight[0, 0, 0, 0] = value
        layer.weight[0, 0, 2, 0] = value
    return layer


trap("21: NaN in a filter")(lambda: image(holed(float("nan"))))
trap("21: ∞ in a filter")(lambda: image(holed(float("inf"))))
trap("21: 1/x of ±0 in a table")(
    lambda: image(Plain(lambda x, t: x + (1 / t).clamp(-9, 9), table=torch.tensor([0.0, 1, 1, 1, 1, -0.0])[:, None]))
)
trap("21: atan2 of ±0 in a table")(
    lambda: image(
        Plain(lambda x, t: torch.atan2(t, -1 - x.abs()), table=torch.tensor([0.0, 1, 1, 1, 1, -0.0])[:, None])
    )
)
trap("21: x / ±0")(lambda: image(Plain(lambda x, t: x / t, table=torch.tensor([0.0, 1, 1, 1, 1, -0.0])[:, None])))
trap("21: copysign of ±0")(
    lambda: image(Plain(lambda x, t: torch.copysign(x, t), table=torch.tensor([0.0, 1, 1, 1, 1, -0.0])[:, None]))
)
trap("21: ±0 in a filter")(lambda: image(zeroed(), "either"))


def zeroed() -> nn.Module:
    layer = conv(3, padding=1)
    with torch.no_grad():
        layer.weight[:, :, 0], layer.weight[:, :, 2] = 0.0, -0.0
    return layer


trap("22: layer norm, γ of its own for each row")(
    lambda: image(Plain(lambda x, t: F.layer_norm(x, (SIZE, SIZE), t), table=ROWS.expand(SIZE, SIZE).clone()))
)
trap("22: layer norm, β of its own for each row")(
    lambda: image(Plain(lambda x, t: F.layer_norm(x, (SIZE, SIZE), None, t), table=ROWS.expand(SIZE, SIZE).clone()))
)
trap("22: layer norm, γ even")(
    lambda: image(Plain(lambda x, t: F.layer_norm(x, (SIZE, SIZE), t), table=flat(SIZE, SIZE)), "either")
)
trap("22: group norm whose groups the colours cross")(
    lambda: channels(lambda x: F.group_norm(torch.cat([x, x[:, :1]], 1), 2))
)
trap("22: group norm, γ for each colour")(
    lambda: channels(Plain(lambda x, g: F.group_norm(x, 3, g), gain=torch.tensor([1.0, 2, 3])))
)
trap("22: group norm")(lambda: channels(lambda x: F.group_norm(x, 3), "either"))
trap("22: response norm across colours")(lambda: channels(nn.LocalResponseNorm(2, 0.5)))
trap("22: rms norm, weight by columns of tokens")(lambda: sequence(nn.RMSNorm(4), "either"))


class Cond(nn.Module):
    """torch.cond: its branches are graphs of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.table: Tensor
        self.register_buffer("table", ROWS)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cond(
            x.sum() > 0, lambda x: x * self.table.to(x.dtype), lambda x: x * self.table.to(x.dtype) + 1, (x,)
        )


class Cast(nn.Module):
    """An autocast region."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return (x @ x.mT).to(x.dtype)


trap("23: torch.cond")(lambda: image(Cond()))
trap("23: autocast")(lambda: image(Cast(), "either"))
trap("23: control flow that depends on data")(lambda: image(lambda x: x * ROWS.to(x) if x.sum() > 0 else x))
trap("23: rounded to bfloat16 and back")(lambda: image(lambda x: x.bfloat16().to(x.dtype), "either"))
trap("23: a table rounded to bfloat16")(
    lambda: image(Plain(lambda x, t: x + t.bfloat16().to(x.dtype), table=1 + 1e-6 * ROWS), "either")
)
trap("23: integers and back")(lambda: image(lambda x: x.long().to(x.dtype), "either"))
trap("24: 1 / the sum of the rows")(lambda: image(Plain(lambda x, t: 1 / (x * t).sum(2), table=ROWS)))
trap("24: sign of a weighted sum")(lambda: image(Plain(lambda x, t: (x * t).sum(2).sign(), table=1 + 1e-7 * ROWS)))
trap("24: floor of a weighted sum")(lambda: image(Plain(lambda x, t: (x * t).sum(2).floor(), table=1 + 1e-7 * ROWS)))
trap("25: a dot product off by its last bit")(
    lambda: image(Plain(lambda x, t: (x * t).sum(2), table=1 + 2e-7 * (torch.arange(SIZE)[:, None] == 1)))
)
trap("26: a Fourier transform under shifts")(lambda: shifted(lambda x: torch.fft.rfft2(x).real))
trap("26: a power spectrum under shifts")(lambda: shifted(lambda x: torch.fft.rfft2(x).abs(), "either"))
trap("26: rows chosen by values")(lambda: image(lambda x: x.gather(2, (x.abs() * 5).long() % SIZE)))
trap("26: values of an index used as numbers")(
    lambda: image(lambda x: x + torch.arange(SIZE, dtype=x.dtype)[:, None].expand(SIZE, SIZE))
)
trap("26: one-hot of an argmax along rows")(lambda: image(lambda x: F.one_hot(x.relu().argmax(2), SIZE).mT.to(x.dtype)))


def duplicates() -> nn.Sequential:
    """Filters that come twice, read with unlike weights."""
    first = nn.Conv2d(3, 4, 3, bias=False)
    second = nn.Conv2d(4, 1, 1, bias=False)
    with torch.no_grad():
        w = noise(1, 3, 3, 3)
        first.weight.copy_(torch.cat([w, w, w.flip(-2), w.flip(-2)]))
        second.weight.copy_(torch.tensor([1.0, 2, 3, 4]).view(1, 4, 1, 1))
    return nn.Sequential(first, nn.ReLU(), second)


def duplicates_that_agree() -> nn.Module:
    net = duplicates()
    with torch.no_grad():
        net[2].get_parameter("weight").copy_(torch.tensor([1.0, 2, 2, 1]).view(1, 4, 1, 1))
    return net


trap("27: duplicate filters, read with unlike weights")(lambda: image(duplicates()))
trap("27: duplicate filters that only one permutation serves")(lambda: image(duplicates_that_agree(), "either"))
trap("27: duplicate filters whose sum is right")(lambda: image(merged(), "either"))


def merged() -> nn.Module:
    """1 + 3 = 2 + 2: symmetric once duplicates are merged, by no permutation before."""
    net = duplicates()
    with torch.no_grad():
        net[2].get_parameter("weight").copy_(torch.tensor([1.0, 3, 2, 2]).view(1, 4, 1, 1))
    return net
