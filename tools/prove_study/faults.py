"""Faults planted one at a time in networks that are symmetric without them."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import tools.check_study.faults  # noqa: F401  (they enter themselves in the list)
from tools.check_study.subject import FAULTS as CHECKED

from .families.circular import shifts
from .groups import FINITE
from .subject import Subject
from .traps import Plain

__all__ = ["WEIGHTS", "last_bit", "of_the_check_study", "plant_layer", "plant_weight"]

Edit = Callable[[Tensor, random.Random], None]
"""Changes a weight in place."""


def _at(weight: Tensor, draw: random.Random) -> int:
    return draw.randrange(weight.numel())


def last_bit(weight: Tensor, draw: random.Random) -> None:
    """One entry moves to the next number of its dtype."""
    flat, i = weight.view(-1), _at(weight, draw)
    flat[i] = torch.nextafter(flat[i], torch.full_like(flat[i], draw.choice([-1, 1]) * float("inf")))


def _larger(weight: Tensor, draw: random.Random) -> None:
    weight.view(-1)[_at(weight, draw)] *= 1.5


def _zero(weight: Tensor, draw: random.Random) -> None:
    weight.view(-1)[_at(weight, draw)] = 0


def _negated(weight: Tensor, draw: random.Random) -> None:
    weight.view(-1)[_at(weight, draw)] *= -1


def _exchanged(weight: Tensor, draw: random.Random) -> None:
    flat, i, j = weight.view(-1), _at(weight, draw), _at(weight, draw)
    flat[i], flat[j] = flat[j].clone(), flat[i].clone()


def _row(weight: Tensor, draw: random.Random) -> Tensor:
    return weight[draw.randrange(len(weight))] if weight.ndim else weight


def _row_weaker(weight: Tensor, draw: random.Random) -> None:
    _row(weight, draw).mul_(0.9)


def _row_missing(weight: Tensor, draw: random.Random) -> None:
    _row(weight, draw).zero_()


def _rows_exchanged(weight: Tensor, draw: random.Random) -> None:
    count = weight.shape[0] if weight.ndim else 1
    i, j = draw.randrange(count), draw.randrange(count)
    if i != j:
        weight[[i, j]] = weight[[j, i]]


def _row_mirrored(weight: Tensor, draw: random.Random) -> None:
    row = _row(weight, draw)
    row.copy_(row.flip(-1)) if row.ndim else row.neg_()


def _row_transposed(weight: Tensor, draw: random.Random) -> None:
    row = _row(weight, draw)
    if row.ndim >= 2 and row.shape[-1] == row.shape[-2]:
        row.copy_(row.mT.clone())
    else:
        row.add_(0.1)


def _row_off_centre(weight: Tensor, draw: random.Random) -> None:
    row = _row(weight, draw)
    row.copy_(row.roll(1, -1)) if row.ndim else row.add_(0.1)


def _columns_exchanged(weight: Tensor, draw: random.Random) -> None:
    row = _row(weight, draw)
    if row.ndim and len(row) > 1:
        i, j = draw.sample(range(len(row)), 2)
        row[[i, j]] = row[[j, i]]
    else:
        row.mul_(1.1)


def _noise(weight: Tensor, draw: random.Random) -> None:
    generator = torch.Generator().manual_seed(draw.randrange(2**31))
    weight.mul_(1 + 0.03 * torch.randn(weight.shape, generator=generator))


def _slight_noise(weight: Tensor, draw: random.Random) -> None:
    generator = torch.Generator().manual_seed(draw.randrange(2**31))
    weight.mul_(1 + 1e-6 * torch.randn(weight.shape, generator=generator))


WEIGHTS: dict[str, Edit] = {
    "last bit of one weight": last_bit,
    "one weight larger by a half": _larger,
    "one weight zero": _zero,
    "sign of one weight": _negated,
    "two weights exchanged": _exchanged,
    "one filter weaker": _row_weaker,
    "one filter missing": _row_missing,
    "two filters exchanged": _rows_exchanged,
    "one filter mirrored": _row_mirrored,
    "one filter transposed": _row_transposed,
    "one filter off centre": _row_off_centre,
    "two inputs of one filter exchanged": _columns_exchanged,
    "noise of 3 %": _noise,
    "noise of 1e-6": _slight_noise,
}


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and running statistics, by name; those shared only once."""
    floats = {n: b for n, b in model.named_buffers() if b.is_floating_point() and b.ndim}
    return dict(model.named_parameters()) | floats


@torch.no_grad()
def plant_weight(subject: Subject, name: str, draw: random.Random, edit: Edit | None = None) -> tuple[Subject, str]:
    """The network with one of its weights edited, and which."""
    model = copy.deepcopy(subject.model)
    which, weight = draw.choice(sorted(weights_of(model).items(), key=lambda item: item[0]))
    weight.data = weight.data.contiguous()  # edits go by the number of an entry
    (edit or WEIGHTS[name])(weight, draw)
    return replace(subject, model=model, wanted="either"), which


def _ramp(x: Tensor, axis: int) -> Tensor:
    line = torch.linspace(-1, 1, x.shape[axis], dtype=x.dtype)
    return line.view([-1 if a == axis % x.ndim else 1 for a in range(x.ndim)])


def _shifted(x: Tensor) -> Tensor:
    return torch.cat([x[..., -1:], x[..., :-1]], -1)


def _position(x: Tensor) -> Tensor:
    table = torch.randn(x.shape[1:], generator=torch.Generator().manual_seed(3), dtype=x.dtype)
    return x + 0.1 * table


def _pooled_along_one_axis(x: Tensor) -> Tensor:
    padded = F.pad(x, (1, 1))
    return torch.maximum(torch.maximum(padded[..., 2:], padded[..., :-2]), x)


def _first_dropped(x: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(x[:, :1]), x[:, 1:]], 1)


def _first_turned(x: Tensor) -> Tensor:
    return torch.cat([x[:, :1].flip(-1), x[:, 1:]], 1)


LAYERS: dict[str, Callable[[Tensor], Tensor]] = {
    "a position table": _position,
    "a ramp added": lambda x: x + 0.1 * _ramp(x, -1),
    "a ramp as a factor": lambda x: x * (1 + 0.1 * _ramp(x, -1)),
    "cumulative sum along the last axis": lambda x: x.cumsum(-1),
    "cumulative sum along the channels": lambda x: x.cumsum(1),
    "shifted by one": lambda x: x.roll(1, -1),
    "padded on one side": lambda x: F.pad(x, (1, 0))[..., :-1],
    "its last column cut off": lambda x: x * (torch.arange(x.shape[-1]) < x.shape[-1] - 1),
    "softmax along the last axis": lambda x: x + x.softmax(-1),
    "layer norm along the last axis": lambda x: F.layer_norm(x, x.shape[-1:]),
    "the mean of its last axis taken away": lambda x: x - x.mean(-1, keepdim=True),
    "a maximum along one axis": _pooled_along_one_axis,
    "one channel dropped": _first_dropped,
    "one channel mirrored": _first_turned,
    "channels sorted": lambda x: x.sort(1).values,
    "the last axis sorted": lambda x: x.sort(-1).values,
    "channels in another order": lambda x: x.roll(1, 1),
    "clamped by a table": lambda x: torch.maximum(x, _ramp(x, -1)),
    "the place of the maximum": lambda x: x + x.relu().argmax(-1, keepdim=True),
    "the batch mixed with a table": lambda x: x + (x - x.mean(0, keepdim=True)) * _ramp(x, -1),
    "response norm across channels": lambda x: x / (1 + F.pad(x, (0,) * (2 * (x.ndim - 2)) + (0, 1))[:, 1:].square()),
    "transposed": lambda x: x.mT if x.ndim > 2 and x.shape[-1] == x.shape[-2] else x.flip(-1),
    "every other entry weaker": lambda x: x * (1 - 0.1 * (torch.arange(x.shape[-1]) % 2)),
    "bilinear to 1.5 times and back": lambda x: _resized(x),
}  # fmt: skip


def _resized(x: Tensor) -> Tensor:
    if x.ndim != 4:
        return x * (1 + 0.1 * _ramp(x, -1))
    return F.interpolate(F.interpolate(x, scale_factor=1.5, mode="bilinear"), size=x.shape[-2:], mode="nearest")


def plant_layer(subject: Subject, name: str, draw: random.Random) -> Subject | None:
    """A layer of `LAYERS` between two layers of a sequence, or before or behind another network."""
    fault = Plain(LAYERS[name])
    if isinstance(subject.model, nn.Sequential):
        layers = list(copy.deepcopy(subject.model))
        layers.insert(draw.randint(0, len(layers)), fault)
        model: nn.Module = nn.Sequential(*layers)
    elif len(subject.shapes) == 1:
        both = [copy.deepcopy(subject.model), fault]
        model = nn.Sequential(*(both if draw.random() < 0.5 else reversed(both)))
    else:
        return None
    return replace(subject, model=model.eval(), wanted="either")


class Called(nn.Module):
    """A function of the check study; modules that it holds are found by torch."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def of_the_check_study() -> Iterator[tuple[str, Callable[[], tuple[Subject, Subject]]]]:
    """Each fault of the study of `check` under a group of permutations: the sound module and the faulty one."""
    for name, build in CHECKED.items():
        if "continuous" in build.__module__ or "gains" in name or "block fields" in name:
            continue

        def both(build: Callable[[], object] = build) -> tuple[Subject, Subject]:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                fault = build()
            return _subject(fault, "sound"), _subject(fault, "faulty")

        yield name, both


def _subject(fault: object, which: str) -> Subject:
    model, options = getattr(fault, which), fault.options  # pyright: ignore[reportAttributeAccessIssue]
    shape, group = options["input_shape"], options["group"]
    module = model if isinstance(model, nn.Module) else Called(model)
    if group == "translation":
        return Subject(module.eval(), (shape,), "shifts 2", shifts(2), "either")
    acting = FINITE[group]
    if len(shape) == 3:
        return Subject(module.eval(), (shape,), group, acting.motions(), "either")
    return Subject(module.eval(), (shape,), f"regular {group}", _regular(group), "either")


def _regular(group: str) -> dict[str, Callable[..., tuple[Tensor, ...]]]:
    from invariance import GROUPS

    table = GROUPS[group]
    index = {
        "p2": {"half turn": 1},
        "pm": {"flip": 1},
        "p4": {"quarter turn": 1},
        "p4m": {"quarter turn": 1, "flip": 4},
    }
    return {name: lambda x, g=g: (table.act(g, x),) for name, g in index[group].items()}
