"""Sets of points: DeepSets and PointNet under permutations of the points."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn

from tools.check_study.subject import randomised

from ..subject import Motion, Subject, family

ACTIVATIONS = [nn.ReLU, nn.GELU, nn.Tanh, nn.ELU]


def permutations(n: int, *axes: tuple[int, ...]) -> dict[str, Motion]:
    """S_n by a transposition and a cycle, on the given axes of each input's batch."""

    def moved(order: list[int]) -> Motion:
        def move(*inputs: Tensor) -> tuple[Tensor, ...]:
            found = []
            for x, along in zip(inputs, axes, strict=True):
                for axis in along:
                    x = x.index_select(axis, torch.tensor(order))
                found.append(x)
            return tuple(found)

        return move

    return {"swap": moved([1, 0, *range(2, n)]), "cycle": moved([*range(1, n), 0])}


def perceptron(draw: random.Random, before: int, after: int) -> nn.Sequential:
    inside = draw.randint(3, 12)
    return nn.Sequential(nn.Linear(before, inside), draw.choice(ACTIVATIONS)(), nn.Linear(inside, after))


class Pool(nn.Module):
    """Over the points, axis −2."""

    def __init__(self, how: str, keep: bool = False) -> None:
        super().__init__()
        self.how, self.keep = how, keep

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "logsumexp":
            return x.logsumexp(-2, keepdim=self.keep)
        return getattr(x, {"max": "amax"}.get(self.how, self.how))(-2, keepdim=self.keep)


HOW = ["max", "mean", "sum", "logsumexp"]


class EquivariantLayer(nn.Module):
    """Λx + Γ pool(x): the layer of DeepSets that moves with the points."""

    def __init__(self, draw: random.Random, before: int, after: int) -> None:
        super().__init__()
        self.own, self.all = nn.Linear(before, after), nn.Linear(before, after, bias=False)
        self.pool = Pool(draw.choice(HOW[:3]), keep=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.own(x) - self.all(self.pool(x))


@family
def deep_sets(draw: random.Random) -> Subject:
    n, d, layers = draw.randint(3, 9), draw.randint(1, 5), []
    width = d
    for _ in range(draw.randint(1, 3)):
        after = draw.randint(3, 10)
        layers += [EquivariantLayer(draw, width, after), draw.choice(ACTIVATIONS)()]
        width = after
    if draw.random() < 0.3:
        layers.append(nn.LayerNorm(width))
    if draw.random() < 0.7:
        layers += [perceptron(draw, width, width), Pool(draw.choice(HOW)), perceptron(draw, width, 4)]
    return Subject(randomised(nn.Sequential(*layers)), ((n, d),), f"points {n}", permutations(n, (1,)))


class PointNet(nn.Module):
    """1×1 convolutions, a transform of the coordinates from the points themselves, a maximum over points."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__()
        wide = draw.randint(4, 12)
        self.transform = draw.random() < 0.6
        self.segment = draw.random() < 0.3
        self.local = self._layers(draw, 3, 8)
        self.pose = nn.Sequential(nn.Linear(8, wide), nn.ReLU(), nn.Linear(wide, 9))
        self.body = self._layers(draw, 3, wide)
        self.head = nn.Sequential(nn.Linear(wide, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 5))
        self.each = nn.Conv1d(2 * wide, 4, 1)

    @staticmethod
    def _layers(draw: random.Random, before: int, after: int) -> nn.Sequential:
        inside = draw.randint(4, 8)
        layers = [nn.Conv1d(before, inside, 1), nn.BatchNorm1d(inside), nn.ReLU(), nn.Conv1d(inside, after, 1)]
        return nn.Sequential(*layers, nn.BatchNorm1d(after), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        if self.transform:
            pose = self.pose(self.local(x).max(2)[0]).view(-1, 3, 3) + torch.eye(3).to(x)
            x = torch.bmm(x.transpose(2, 1), pose).transpose(2, 1)
        x = self.body(x)
        whole = x.amax(2)
        if self.segment:
            return self.each(torch.cat([x, whole[:, :, None].expand(-1, -1, x.shape[2])], 1))
        return self.head(whole)


@family
def pointnet(draw: random.Random) -> Subject:
    n = draw.randint(3, 10)
    return Subject(randomised(PointNet(draw)), ((3, n),), f"columns {n}", permutations(n, (2,)))
