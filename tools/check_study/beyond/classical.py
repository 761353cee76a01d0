"""Infinite and large groups: functions of invariants, times what is equivariant; convolutions, sets and graphs."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from invariance.fields.irreps import irrep_polynomials
from invariance.symmetry import Symmetry

from .case import FAMILIES, Case, family, flat, perceptron

__all__ = ["CLASSICAL", "OfSpace"]

_PARITY = {0: "0e", 1: "1o", 2: "2e", 3: "3o"}


class OfSpace(nn.Module):
    """Of k points or vectors in n dimensions: coefficients, which are any function of invariants, times tensors."""

    def __init__(self, draw: random.Random, count: int, n: int, kind: str, out: str) -> None:
        super().__init__()
        self.kind, self.out, self.n = kind, out, n
        self.net = perceptron(draw, count * count, count * count)

    def forward(self, x: Tensor) -> Tensor:
        v = x - x.mean(1, keepdim=True) if self.kind[0] == "E" or self.kind in ("SE", "translations") else x
        sides = v if self.kind != "lorentz" else v * torch.tensor([1.0, -1, -1, -1], dtype=v.dtype)
        invariants = flat(v) if self.kind == "translations" else flat(sides @ v.mT)
        if self.kind == "translations":
            invariants = invariants.repeat(1, x.shape[1])[:, : x.shape[1] ** 2]
        if self.kind == "scalings":
            invariants = invariants / invariants.square().mean(1, keepdim=True).sqrt()
        c = self.net(invariants).reshape(len(x), x.shape[1], -1)
        match self.out:
            case "invariant":
                return c.flatten(1)
            case "points":
                return x + c @ v if self.kind != "translations" else x + c[..., :1]
            case "vectors":
                return c @ v
            case "pseudo-vectors":
                return c[:, :, :1] * torch.linalg.cross(v, v.roll(1, 1), dim=-1)
            case "pseudo-scalar":
                return torch.linalg.det(v[:, : self.n]) * c[:, 0, 0]
            case "matrix":
                return v.mT @ c @ v
            case "symmetric":
                return v.mT @ (c + c.mT) @ v
            case "covector":
                return (c @ v) / v.square().sum((1, 2), keepdim=True)
            case _:
                degree = int(self.out)
                found = [irrep_polynomials(v[:, i], degree) * c[:, i, :1] for i in range(x.shape[1])]
                return torch.stack(found).sum(0)


def _of_space(kind: str, n: int, draw: random.Random) -> Case:
    count = draw.choice([n + 1, n + 2])
    places = kind in ("SE", "E", "translations") or draw.random() < 0.5
    outs = ["invariant", "vectors", "matrix", "symmetric", "points"]
    outs += ["pseudo-scalar"] + ["pseudo-vectors", "2", "3"] * (n == 3)
    if kind in ("scalings", "lorentz", "translations"):
        outs = {"scalings": ["invariant", "vectors", "covector"], "lorentz": ["invariant", "vectors"],
                "translations": ["invariant", "points"]}[kind]  # fmt: skip
    out = draw.choice(outs)
    name = "lorentz" if kind == "lorentz" else f"{kind}({n})"
    given = f"points:{count}x{n}" if places else f"nodes:{count}:vector:in={n}"
    moving = {"points": given if places else f"nodes:{count}:vector:in={n}", "vectors": f"nodes:{count}:vector:in={n}",
              "pseudo-vectors": f"nodes:{count}:pseudo-vector", "pseudo-scalar": f"features:pseudo-scalar:in={n}",
              "matrix": f"features:matrix:in={n}", "symmetric": f"features:symmetric:in={n}",
              "covector": f"nodes:{count}:covector:in={n}", "invariant": "invariant"}  # fmt: skip
    told = moving.get(out) or f"irreps:1x{_PARITY[int(out)]}"
    return Case(OfSpace(draw, count, n, kind, out), Symmetry(name, given, told))


for _kind in ("SO", "O", "SE", "E"):
    for _n in (2, 3, 4):
        family(f"{_kind}({_n})")(lambda draw, kind=_kind, n=_n: _of_space(kind, n, draw))
for _n in (2, 3):
    family(f"translations({_n})")(lambda draw, n=_n: _of_space("translations", n, draw))
    family(f"scalings({_n})")(lambda draw, n=_n: _of_space("scalings", n, draw))
family("lorentz")(lambda draw: _of_space("lorentz", 4, draw))


class OfMaps(nn.Module):
    """A tuple of networks and the function that uses them."""

    def __init__(self, function: Callable[..., Any], *nets: nn.Module) -> None:
        super().__init__()
        self.nets, self.function = nn.ModuleList(nets), function

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(*self.nets, *inputs)


@family("affine(2)")
def _affine(draw: random.Random) -> Case:
    """Ratios of areas are invariant; sums of points with weights that add up to 1 are equivariant."""
    count = draw.choice([4, 5])
    equivariant = draw.random() < 0.5

    def function(net: nn.Module, x: Tensor) -> Tensor:
        sides = x - x[:, :1]
        areas = sides[..., :1] * sides[..., 1:].mT - sides[..., 1:] * sides[..., :1].mT
        c = net(flat(areas / areas.square().mean((1, 2), keepdim=True).sqrt())).reshape(len(x), count, count)
        return x + c @ sides if equivariant else c.flatten(1)

    net = perceptron(draw, count * count, count * count)
    points = f"points:{count}x2"
    return Case(OfMaps(function, net), Symmetry("affine(2)", points, points if equivariant else "invariant"))


@family("gains(3)")
def _gains(draw: random.Random) -> Case:
    equivariant = draw.random() < 0.5

    def function(net: nn.Module, x: Tensor) -> Tensor:
        c = net(flat(x / x.square().mean((2, 3), keepdim=True).sqrt()))
        return x * c.view_as(x) if equivariant else c

    field = "image:3x3x3:colour"
    return Case(
        OfMaps(function, perceptron(draw, 27, 27)), Symmetry("gains(3)", field, field if equivariant else "invariant")
    )


@family("hue")
def _hue(draw: random.Random) -> Case:
    equivariant = draw.random() < 0.5

    def function(net: nn.Module, x: Tensor) -> Tensor:
        grey = x.mean(1, keepdim=True)
        chroma = (x - grey).flatten(2)
        c = net(flat(grey, chroma.mT @ chroma))
        return grey + (x - grey) * c[:, None, :9].view_as(grey) if equivariant else c

    field = "image:3x3x3:colour"
    return Case(
        OfMaps(function, perceptron(draw, 90, 9)), Symmetry("hue", field, field if equivariant else "invariant")
    )


@family("S(12)")
def _sets(draw: random.Random) -> Case:
    one, two = perceptron(draw, 3, 5), perceptron(draw, 5, 4)
    kinds: list[tuple[Any, Any, str, Callable[..., Tensor]]] = [
        ("S(12)", "nodes:12x3", "invariant", lambda a, b, x: b(a(x).mean(1))),
        ("S(12)", "nodes:12x3", "invariant", lambda a, b, x: b(a(x).amax(1))),
        ("S(12)", "nodes:12x3", "nodes:12x4", lambda a, b, x: b(a(x) - a(x).mean(1, keepdim=True))),
        ("S(12)", ("nodes:12x3", "adjacency:12"), "nodes:12x4", lambda a, b, x, e: b((e @ a(x)) / 4 + a(x))),
        ("S(12)", ("nodes:12x3", "mask:12"), "invariant",
         lambda a, b, x, m: b((a(x) * m[..., None]).sum(1) / m.sum(1, keepdim=True))),
        ("S(12)", "nodes:12x3", "nodes:12x4", lambda a, b, x: b((a(x) @ a(x).mT / 5).softmax(-1) @ a(x))),
        ("S(12)", "nodes:12x3", "pairs:12x4", lambda a, b, x: b(a(x)[:, :, None] * a(x)[:, None])),
        ("S(12)", "pairs:12x3", "nodes:12x4", lambda a, b, x: b(a(x).mean(2) + a(x).amax(1))),
        ("S(12)", "pairs:12x3", "pairs:12x4", lambda a, b, x: b(a(x) + a(x).mean(1, keepdim=True))),
        ("S(6, users) x S(5)", ("nodes:6x3:on=users", "nodes:5x3"), "nodes:5x4",
         lambda a, b, u, x: b(a(x) + a(u).mean(1, keepdim=True))),
    ]  # fmt: skip
    group, given, out, function = draw.choice(kinds)
    return Case(OfMaps(function, one, two), Symmetry(group, given, out))


@family("S(12), a graph at a time")
def _graphs(draw: random.Random) -> Case:
    def function(a: nn.Module, b: nn.Module, x: Tensor, edges: Tensor) -> Tensor:
        held = a(x)
        return b(held + torch.zeros_like(held).index_add(0, edges[1], held[edges[0]]))

    group = draw.choice(["S(12)", "S(12) x S(30, edges)"])
    symmetry = Symmetry(group, ("nodes:12x3", "edges:12x30"), "nodes:12x4", batched=False)
    return Case(OfMaps(function, perceptron(draw, 3, 5), perceptron(draw, 5, 4)), symmetry)


@family("E(3) x S(6)")
def _egnn(draw: random.Random) -> Case:
    def function(edge: nn.Module, node: nn.Module, pos: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        apart = pos[:, :, None] - pos[:, None]
        pair = [h[:, :, None].expand(-1, -1, 6, -1), h[:, None].expand(-1, 6, -1, -1)]
        message = edge(torch.cat((*pair, apart.square().sum(-1, keepdim=True)), -1))
        return pos + (apart * message[..., :1]).mean(2), h + node(torch.cat((h, message.mean(2)), -1))

    tree = ("points:6", "nodes:6x2")
    group = draw.choice(["E(3) x S(6)", "SE(3) x S(6)", "O(3) x S(6)", "translations(3) x S(6)"])
    return Case(OfMaps(function, perceptron(draw, 5, 4), perceptron(draw, 6, 2)), Symmetry(group, tree, tree))


@family("shifts of grids")
def _shifts(draw: random.Random) -> Case:
    kind = draw.choice([1, 2, 3])
    name, field = {1: ("shifts(64)", "sequence:{}x64"), 2: ("shifts(12, 10)", "image:{}x12x10"),
                   3: ("shifts(4, 6, 5)", "volume:{}x4x6x5")}[kind]  # fmt: skip
    conv = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}[kind]
    options: Any = {"padding": 1, "padding_mode": "circular", "dtype": torch.float64}
    layers = [conv(2, 4, 3, **options), draw.choice([nn.Tanh, nn.ReLU])(), conv(4, 3, 3, **options)]
    equivariant = draw.random() < 0.6
    net = nn.Sequential(*layers)
    model = net if equivariant else OfMaps(lambda net, x: net(x).flatten(2).square().mean(2), net)
    return Case(model, Symmetry(name, field.format(2), field.format(3) if equivariant else "invariant"))


CLASSICAL = tuple(name for name, build in FAMILIES.items() if build.__module__ == __name__)
