"""The usual explanations, each as a change that takes it away: the simplest one first, the network itself last.

Each is a function of a case and of what `check` says of it, and gives the changes that make sense there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from ..checking.shorthand import symmetry_of
from ..errors import ArgumentError, ArgumentTypeError
from ..fields import Invariant, leaves
from ..groups import GROUPS, SplitGroup, as_group
from ..measure.error import Model
from ..modes import in_evaluation
from ..symmetrize import symmetrize
from ..symmetry import Symmetry
from .case import Case, Outcome
from .overrides import (
    Overridden,
    SymmetricFilters,
    balanced_padding,
    centred_sampling,
    circular_padding,
    kept_precision,
    polyphase,
)

__all__ = ["CAUSES", "OF_THE_NETWORK", "OF_THE_QUESTION", "REMEDIES", "Remedy", "last_resort"]

CAUSES = (
    *("training mode", "batch", "precision", "variant", "action in the test", "claim", "size and stride", "padding"),
    *("interpolation", "aliasing", "filters", "layer", "code"),
)
"""What the first line of a diagnosis names."""


@dataclass(frozen=True)
class Remedy:
    """A change, which can be made on top of others.

    Attributes:
        cause: one of `CAUSES`.
        change: what to do, as an instruction.
        made: the case in which it is made, of the one in which it is not.
        partly: whether an error that it makes smaller says something; of another question only a verdict does.
    """

    cause: str
    change: str
    made: Callable[[Case], Case]
    partly: bool = True


def _swapped(network: Callable[[Model], Model]) -> Callable[[Case], Case]:
    return lambda case: case.with_model(network(case.model))


def _asked(**changed: Any) -> Callable[[Case], Case]:
    return lambda case: case.asking(**changed)


def evaluation_mode(case: Case, _: Outcome) -> Iterator[Remedy]:
    if isinstance(case.model, nn.Module) and any(layer.training for layer in case.model.modules()):
        if not any(_has_modes(layer) for layer in case.model.modules()):
            return
        yield Remedy("training mode", "call net.eval() before it is used or checked",
                     _swapped(_in_evaluation))  # fmt: skip


def _in_evaluation(net: Model) -> Model:
    return in_evaluation(net) if isinstance(net, nn.Module) else net


def _has_modes(layer: nn.Module) -> bool:
    """Whether evaluation mode changes what it computes."""
    name = type(layer).__name__.lower()
    return layer.training and ("norm" in name or "dropout" in name or "drop" in name or not _is_of_torch(layer))


def _is_of_torch(layer: nn.Module) -> bool:
    return type(layer).__module__.startswith("torch.")


def one_sample_at_a_time(case: Case, _: Outcome) -> Iterator[Remedy]:
    if case.options.get("symmetry") is None:
        yield Remedy("batch", "take no statistics over the batch: GroupNorm, LayerNorm, or fixed statistics of eval()",
                     _swapped(_Alone))  # fmt: skip


class _Alone(nn.Module):
    def __init__(self, net: Model) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.net(sample) for sample in x.split(1)])


def full_precision(case: Case, _: Outcome) -> Iterator[Remedy]:
    exact = _asked(dtype=torch.float64)
    if case.options.get("dtype", torch.float64) != torch.float64:
        yield Remedy("precision", "compute in float64, or ask with a tolerance that the dtype can keep", exact)
    yield Remedy("precision", "leave out the casts to a lower precision, or ask with a tolerance that they can keep",
                 lambda case: exact(case).with_model(Overridden(case.model, kept_precision())))  # fmt: skip


def other_action(case: Case, outcome: Outcome) -> Iterator[Remedy]:
    """The inverse action, as of R for Rᵀ; what `check` found to hold of a `Symmetry`."""
    symmetry, action = case.options.get("symmetry"), case.options.get("action")
    if callable(action) and case.group in GROUPS:
        inverse = GROUPS[case.group].inverse
        change = _INVERSE
        yield Remedy("action in the test", change, _asked(action=lambda g, y: action(inverse[g], y)), False)
    elif symmetry is None and case.claim == "equivariant" and _permutes_pixels(case.group):
        yield from _inverse_on_maps(GROUPS[case.group], str(action or "scalar"))
    if not isinstance(symmetry, Symmetry) or outcome.report is None:
        return
    said = [line for line in outcome.report.diagnosis if "consistent if" in line]
    elements = list(symmetry.group.tried(torch.Generator().manual_seed(0), 4))
    if any("claim invariant" in line for line in said):
        still = Symmetry(symmetry.group, symmetry.inputs, batched=symmetry.batched)
        yield Remedy("claim", "claim that the output is invariant: it stays", _asked(symmetry=still), False)
    elif any("inverse" in line and line.startswith("output") for line in said):
        turned = _own(symmetry, elements, act_out=lambda g, y: symmetry.act_out(g.inverse(), y))
        yield Remedy("action in the test", said[0], _asked(symmetry=turned), False)
    elif any("inverse" in line for line in said):
        turned = _own(symmetry, elements, act=lambda g, x: symmetry.act(g.inverse(), x))
        yield Remedy("action in the test", said[0], _asked(symmetry=turned), False)


_INVERSE = "move the output by the inverse element in the test: it moves the other way round"


def _inverse_on_maps(group: SplitGroup, action: str) -> Iterator[Remedy]:
    """As of an image that is transposed on the way, so that a turn to the left becomes one to the right."""
    act = group.act if action == "regular" else group.act_on_plane
    if any(group.inverse[g] != g for g in group.elements):
        yield Remedy("action in the test", _INVERSE, _asked(action=lambda g, y: act(group.inverse[g], y)), False)


def _permutes_pixels(group: str) -> bool:
    return group in GROUPS and GROUPS[group].permutes_pixels


def _own(symmetry: Symmetry, elements: list[Any], act: Any = None, act_out: Any = None) -> Any:
    return Symmetry.of(
        elements={str(g): g for g in elements},
        act=act or symmetry.act,
        act_out=act_out or symmetry.act_out,
        sample=symmetry.sample,
        batched=symmetry.batched,
    )


def other_claim(case: Case, _: Outcome) -> Iterator[Remedy]:
    """The other claims of the same group."""
    if case.options.get("symmetry") is not None or callable(case.options.get("action")):
        return
    asked = (case.claim, case.options.get("action") or "scalar")
    for claim, action in (("invariant", "scalar"), ("equivariant", "scalar"), ("equivariant", "regular")):
        if (claim, action) == asked or (claim == asked[0] == "invariant"):
            continue
        moves = {"scalar": "a field that moves with the image", "regular": "a function on the group"}[action]
        change = "claim that the output is " + ("invariant" if claim == "invariant" else f"equivariant, {moves}")
        yield Remedy("claim", change, _asked(claim=claim, action=None if claim == "invariant" else action), False)


def smaller_group(case: Case, outcome: Outcome) -> Iterator[Remedy]:
    """The same claim of a subgroup, where several places break it: where one does, that one is the cause."""
    said = " ".join(outcome.report.diagnosis) if outcome.report is not None else ""
    if case.options.get("action") is not None or "broken also by" not in said:
        return
    for smaller in {"p4m": ("p4", "pm"), "p4": ("p2",)}.get(case.group, ()):
        change = f"claim {smaller}: it has that symmetry, and not all of {case.group}"
        yield Remedy("claim", change, _asked(group=smaller), False)


def other_size(case: Case, outcome: Outcome) -> Iterator[Remedy]:
    """Those at which `check` found no error where it tried some, as it does of modules; else those nearby."""
    shape = case.options.get("input_shape")
    if outcome.report is None or shape is None or len(shape) < 3 or case.options.get("inputs") is not None:
        return
    if case.group not in GROUPS:
        return
    verdicts: dict[tuple[int, ...], set[str]] = {}
    for row in outcome.report.rows:
        verdicts.setdefault(tuple(row.size), set()).add(row.verdict)
    sizes = [size for size, found in verdicts.items() if found == {"consistent"} and size != tuple(shape[-2:])]
    sizes.sort(key=lambda size: (abs(size[-1] - shape[-1]), -size[-1]))  # of two as near the one that loses no pixel
    if len(verdicts) == 1 and not isinstance(case.model, nn.Module):
        sizes = [(shape[-2] + more, shape[-1] + more) for more in (1, -1, 2, -2, 3) if min(shape[-2:]) + more > 0]
    here = "×".join(map(str, shape[-2:]))
    for size in sizes:
        change = f"give images of {'×'.join(map(str, size))} pixels: at {here} a strided window is off centre"
        yield Remedy("size and stride", change, _asked(input_shape=(*shape[:-2], *size), sizes=None), False)


def other_padding(case: Case, _: Outcome) -> Iterator[Remedy]:
    yield Remedy("padding", "pad as many rows on each side",
                 _swapped(lambda net: Overridden(net, balanced_padding())))  # fmt: skip
    if case.group == "translation":
        yield Remedy("padding", 'pad circularly: padding_mode="circular"',
                     _swapped(lambda net: Overridden(net, circular_padding())))  # fmt: skip


def other_sampling(case: Case, _: Outcome) -> Iterator[Remedy]:
    """The nearest centre is a tie where an odd number of pixels is made of an even one; a mean of two is none."""
    for mode in ("nearest-exact", "bilinear"):
        change = f"resize with align_corners=False, and mode='{mode}' in place of 'nearest'"
        swaps = centred_sampling(mode)
        yield Remedy("interpolation", change, _swapped(lambda net, swaps=swaps: Overridden(net, swaps)))


def no_aliasing(case: Case, _: Outcome) -> Iterator[Remedy]:
    if case.group == "translation":
        change = "pad circularly, and take in strided layers the phase of the largest norm (polyphase sampling)"
        yield Remedy("aliasing", change, _swapped(lambda net: Overridden(net, polyphase())))


def symmetrised_filters(case: Case, _: Outcome) -> Iterator[Remedy]:
    if _permutes_pixels(case.group):
        yield Remedy("filters", f"use filters that are symmetric under {case.group}, such as their mean over the group",
                     _swapped(lambda net: SymmetricFilters(net, case.group)))  # fmt: skip


Family = Callable[[Case, Outcome], Iterator[Remedy]]

REMEDIES: tuple[Family, ...] = (
    evaluation_mode,
    full_precision,
    other_action,
    other_claim,
    smaller_group,
    other_size,
    other_padding,
    other_sampling,
    no_aliasing,
    symmetrised_filters,
    one_sample_at_a_time,
)


OF_THE_NETWORK: tuple[Family, ...] = (
    evaluation_mode,
    full_precision,
    other_sampling,
    no_aliasing,  # pads circularly by itself, so that it has to come before the padding
    other_padding,
    symmetrised_filters,
    one_sample_at_a_time,
)
"""Which can be made on top of each other; those of `OF_THE_QUESTION` exclude each other.

A smaller group is none of these: some subgroup is left of almost any fault."""

OF_THE_QUESTION: tuple[Family, ...] = (other_action, other_claim, other_size)


def last_resort(case: Case, cause: str) -> Remedy | None:
    """The network summed over the group, where that is finite and moves entries."""
    symmetry = case.options.get("symmetry")
    try:
        if symmetry is None:
            held = cast(tuple[int, ...], case.options["input_shape"])
            action = case.options.get("action") or "scalar"
            if callable(action) or len(held) != 3:
                return None
            symmetry = symmetry_of(case.model, held, as_group(case.group), case.options.get("claim") or "invariant",
                                   action, dtype=case.options.get("dtype", torch.float64))  # fmt: skip
        made = symmetrize(case.model, symmetry)
    except (ArgumentError, ArgumentTypeError, KeyError):
        return None
    if any(isinstance(leaf, Invariant) for _, leaf in leaves(symmetry.inputs)):
        return None
    return Remedy(
        cause, f"symmetrize(net, symmetry): {made.passes} passes of the network for one", _swapped(lambda _: made)
    )
