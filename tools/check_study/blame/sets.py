"""Random networks on points in space, invariant under O(3) and translations, and on nodes, under all permutations."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn

from .networks import Stage

__all__ = ["Centre", "graph", "points"]


class Centre(nn.Module):
    def forward(self, position: Tensor) -> Tensor:
        return position - position.mean(1, keepdim=True)


class Points(Stage):
    """A layer of an E(n)-equivariant graph network: coordinates, and features that turn with nothing."""

    places = 2

    def __init__(self, width: int) -> None:
        super().__init__()
        self.edge = nn.Sequential(nn.Linear(2 * width + 1, 12), nn.SiLU(), nn.Linear(12, 12))
        self.centre, self.step, self.node = Centre(), nn.Linear(12, 1), nn.Linear(width + 12, width)

    def forward(self, position: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        count = position.shape[1]
        towards = self.at(0, position[:, :, None] - position[:, None])
        distance = towards.square().sum(-1, keepdim=True)
        pairs = features[:, :, None].expand(-1, -1, count, -1), features[:, None].expand(-1, count, -1, -1)
        message = self.edge(torch.cat((*pairs, distance), -1))
        position = self.centre(position + self.at(1, (towards * self.step(message)).mean(2)))
        features = features + self.node(torch.cat((features, message.sum(2)), -1)).tanh()
        return position, features


class PointNetwork(nn.Module):
    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Points(width) for _ in range(depth))
        self.head = nn.Linear(width, 3)

    def forward(self, position: Tensor, features: Tensor) -> Tensor:
        for layer in self.layers:
            position, features = layer(position, features)
        spread = position.square().sum(-1).mean(1, keepdim=True)
        return self.head(features.mean(1)) + spread


class Graph(Stage):
    """Messages between all pairs of nodes, by weights that the features make; a norm."""

    places = 2

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.own, self.others = nn.LayerNorm(width), nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, nodes: Tensor) -> Tensor:
        normed = self.at(0, self.norm(nodes))
        weights = (normed @ normed.mT).softmax(-1)
        return self.at(1, nodes + self.own(normed).tanh() + weights @ self.others(normed))


class GraphNetwork(nn.Module):
    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.first = nn.Linear(5, width)
        self.layers = nn.ModuleList(Graph(width) for _ in range(depth))
        self.head = nn.Linear(width, 3)

    def forward(self, nodes: Tensor) -> Tensor:
        nodes = self.first(nodes)
        for layer in self.layers:
            nodes = layer(nodes)
        return self.head(nodes.tanh().sum(1))


def points(rng: random.Random) -> nn.Module:
    return PointNetwork(rng.choice((4, 5)), rng.choice((2, 3))).double()


def graph(rng: random.Random) -> nn.Module:
    return GraphNetwork(rng.choice((6, 7)), rng.choice((2, 3, 4))).double()
