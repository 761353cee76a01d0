"""Finite groups, between any two fields: $F(x) = \frac1{|G|}\\sum_g \rho(g)^{-1} f(\rho(g)x)$ for any network f.

Where it is broken, the term of one element counts more than the others.
"""

from __future__ import annotations

import math
import random
from typing import Any

import torch
from torch import Tensor, nn

from invariance.fields import Field, field_named, leaves
from invariance.groups import Element, FiniteGroup, Group, group_named
from invariance.symmetry import Symmetry

from .case import Case, family, flat, perceptron

__all__ = ["AVERAGED", "FIELDS", "Averaged"]

_FLAT = ["features:2:vector:in=2", "nodes:3:vector:in=2", "points:4x2", "features:2:pseudo-scalar:in=2"]
_TURNED = [*_FLAT, "features:irreps2(1x0+2x1+1x2)", "features:1:matrix:in=2"]
_PLANE = ["image:2x4x4", "image:1x4x4:vector", "image:1x5x5:pseudo-scalar", "image:4x4", "image:1x3x3:matrix",
          "video:1x2x4x4", *_TURNED]  # fmt: skip
_SPACE = ["points:4", "vectors:3", "features:2:pseudo-vector", "features:matrix", "features:symmetric",
          "features:traceless", "features:voigt", "features:2:pseudo-scalar", "irreps:1x0e+1x1o+1x2e",
          "nodes:3:irreps(1x0o+1x1e)", "features:covector"]  # fmt: skip
_VOLUMES = ["volume:1x3x3x3", "volume:1x3x3x3:vector", "volume:1x3x3x3:pseudo-scalar"]
_COLOURED = ["image:3x3x3:colour", "sequence:3x4:colour"]


def _items(n: int) -> list[str]:
    return [
        f"nodes:{n}x2",
        f"pairs:{n}x2",
        f"adjacency:{n}",
        f"mask:{n}",
        f"edges:{n}x4",
        f"points:{n}",
        f"scalars:{n}",
    ]


def _with_regular(group: str, held: list[str]) -> list[str]:
    return [*held, f"image:1x4x4:regular({group})", f"image:2x4x4:regular({group}):folded"]


FIELDS: dict[str, list[str]] = {
    **{name: _with_regular(name, _PLANE) for name in ("p2", "pm", "cm", "p4", "p4m")},
    **dict.fromkeys(("flip-lr", "flip-ud", "flips"), _PLANE),
    "p3": [*_FLAT, "features:2:regular(p3)"],
    "C(8)": [*_TURNED, "features:2:regular(C(8))", "features:quotient(C(8), C(2))"],
    "D(6)": [*_TURNED, "features:regular(D(6))", "nodes:3:quotient(D(6), C(3))"],
    "cube": [*_SPACE, *_VOLUMES],
    "octahedral": [*_SPACE, *_VOLUMES],
    "flip-depth": [*_SPACE, *_VOLUMES],
    "parity(3)": [*_SPACE, *_VOLUMES],
    "time-reversal": ["sequence:2x6", "sequence:2x6:vector", "video:1x3x3x3"],
    "shifts(8)": ["sequence:2x8", "sequence:8", "sequence:1x8:vector"],
    "shifts(4, 4)": ["image:2x4x4", "image:1x4x4:vector"],
    "shifts(2, 3, 3)": ["volume:1x2x3x3", "volume:2x2x3x3"],
    "channels(3)": _COLOURED,
    "signs(3)": _COLOURED,
    "S(3)": _items(3),
    "S(4)": _items(4),
    "C(4) x S(3)": ["nodes:3:vector:in=2", "points:3x2", "nodes:3x2"],
    "parity(3) x S(3)": ["vectors:3", "points:3", "nodes:3:pseudo-vector", "pairs:3"],
    "flip-lr x channels(3)": ["image:3x4x4:colour"],
    "time-reversal x signs(2)": ["sequence:2x5:colour"],
}
"""What each finite group acts on."""

_NOT_OUT = ("mask", "edges", "adjacency")


class Averaged(nn.Module):
    """Of one or two inputs, positional; the term of the element in this place counts twice.

    Actions that are linear are kept as matrices on flat samples.
    """

    def __init__(self, net: nn.Module, symmetry: Symmetry, shape: tuple[int, ...], place: int = -1) -> None:
        super().__init__()
        self.net, self.symmetry, self.shape = net, symmetry, shape
        group = symmetry.group
        listed = group.listed if isinstance(group, FiniteGroup) else _closure(group)
        self.fields = [leaf for _, leaf in leaves(symmetry.inputs)]
        self.weights = [2.0 if i == place else 1.0 for i in range(len(listed))]
        self.elements = listed
        (out,) = [leaf for _, leaf in leaves(symmetry.outputs)]
        width = _entries(shape)
        still = [torch.eye(width, dtype=torch.float64)] * len(listed)
        back = still if out.shape == (-1,) else [_matrix(out, group.inverse(g)) for g in listed]
        self.register_buffer("back", torch.stack([w * b for w, b in zip(self.weights, back, strict=True)]))
        self.linear = all(leaf.dtype != torch.int64 for leaf in self.fields)
        into = [torch.block_diag(*(_matrix(leaf, g) for leaf in self.fields)) for g in listed] if self.linear else []
        self.register_buffer("into", torch.stack(into) if into else None)

    def forward(self, *inputs: Tensor) -> Tensor:
        back: Any = self.back
        into: Any = self.into
        if self.linear:
            moved = torch.einsum("gij,bj->gbi", into, flat(*inputs).to(into.dtype))
        else:
            rows = [flat(*(f.act(g, x) for f, x in zip(self.fields, inputs, strict=True))) for g in self.elements]
            moved = torch.stack(rows).to(back.dtype)
        total = torch.einsum("gij,gbj->bi", back, self.net(moved)) / len(self.elements)
        return total.reshape(len(inputs[0]), *self.shape)


def _matrix(field: Field, g: Element) -> Tensor:
    """ρ(g) on flat samples."""
    width = _entries(field.shape)
    units = torch.eye(width, dtype=torch.float64).reshape(width, *field.shape)
    return field.act(g, units.to(field.dtype or torch.float64)).double().flatten(1).mT


def _closure(group: Group) -> tuple[Element, ...]:
    return FiniteGroup.generated("all of it", *group.generators).listed


def _build(name: str, held: list[str], draw: random.Random) -> Case:
    group = group_named(name)
    first, out = draw.choice(held), draw.choice([*(h for h in held if not h.startswith(_NOT_OUT)), "invariant"])
    inputs = (first, draw.choice(held)) if draw.random() < 0.3 else first
    symmetry = Symmetry(group, inputs, out)
    shape = (3,) if out == "invariant" else field_named(out).shape
    width = sum(_entries(leaf.shape) for _, leaf in leaves(symmetry.inputs))
    net = perceptron(draw, width, _entries(shape))
    place = draw.randrange(1, group.order or 2)
    return Case(Averaged(net, symmetry, shape), symmetry, Averaged(net, symmetry, shape, place))


def _entries(shape: tuple[int, ...]) -> int:
    return math.prod(shape)


AVERAGED = tuple(FIELDS)
for _name, _held in FIELDS.items():
    family(_name)(lambda draw, name=_name, held=_held: _build(name, held, draw))
