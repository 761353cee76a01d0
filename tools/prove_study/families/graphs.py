"""Graph networks on an adjacency matrix, under permutations of the nodes."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tools.check_study.subject import randomised

from ..subject import Subject, family
from .sets import ACTIVATIONS, perceptron, permutations


class GCN(nn.Module):
    """D^−½ (A + I) D^−½ X W (Kipf & Welling 2017), the degrees computed from the adjacency."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.weight = nn.Linear(before, after)

    def forward(self, x: Tensor, a: Tensor) -> Tensor:
        a = a + torch.eye(a.shape[-1], dtype=a.dtype)
        scale = a.abs().sum(-1).rsqrt()
        return (scale.unsqueeze(-1) * a * scale.unsqueeze(-2)) @ self.weight(x)


class Mean(nn.Module):
    """GraphSAGE with means."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.own, self.others = nn.Linear(before, after), nn.Linear(before, after, bias=False)

    def forward(self, x: Tensor, a: Tensor) -> Tensor:
        return self.own(x) + self.others(torch.bmm(a, x) / (a.abs().sum(-1, keepdim=True) + 1))


class GIN(nn.Module):
    """A perceptron of (1 + ε) x + Σ neighbours."""

    def __init__(self, draw: random.Random, before: int, after: int) -> None:
        super().__init__()
        self.eps, self.mlp = nn.Parameter(torch.rand(())), perceptron(draw, before, after)

    def forward(self, x: Tensor, a: Tensor) -> Tensor:
        return self.mlp((1 + self.eps) * x + torch.einsum("bij, bjc -> bic", a, x))


class GAT(nn.Module):
    """Attention between neighbours; the weight of an edge is its logit's offset."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.value, self.source, self.target = nn.Linear(before, after), nn.Linear(before, 1), nn.Linear(before, 1)

    def forward(self, x: Tensor, a: Tensor) -> Tensor:
        logits = F.leaky_relu(self.source(x) + self.target(x).mT, 0.2)
        return torch.softmax(logits + a, -1) @ self.value(x)


class Network(nn.Module):
    """Layers and activations; nodes out, or their sum."""

    def __init__(self, draw: random.Random, width: int) -> None:
        super().__init__()
        kind, layers = draw.choice(["gcn", "gcn", "mean", "gin", "gat"]), []
        for _ in range(draw.randint(1, 4)):
            after = draw.randint(3, 8)
            makers = {"gcn": GCN, "mean": Mean, "gat": GAT}
            layers.append(GIN(draw, width, after) if kind == "gin" else makers[kind](width, after))
            width = after
        self.layers, self.act = nn.ModuleList(layers), draw.choice(ACTIVATIONS)()
        self.norm = nn.LayerNorm(width) if draw.random() < 0.3 else nn.Identity()
        self.pool, self.head = draw.choice(["none", "mean", "sum"]), nn.Linear(width, 4)

    def forward(self, x: Tensor, a: Tensor) -> Tensor:
        for layer in self.layers:
            x = self.act(layer(x, a))
        x = self.norm(x)
        if self.pool != "none":
            x = x.mean(1) if self.pool == "mean" else x.sum(1)
        return self.head(x)


@family
def graph_networks(draw: random.Random) -> Subject:
    n = draw.randint(3, 8)
    d = draw.choice([d for d in range(1, 6) if d != n])  # inputs are told apart by their shapes
    motions = permutations(n, (1,), (1, 2))
    return Subject(randomised(Network(draw, d)), ((n, d), (n, n)), f"graph {n}", motions)
