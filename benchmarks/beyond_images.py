"""What a check beyond images costs beyond the model's own passes: `python benchmarks/beyond_images.py`.

An EGNN of five layers on 16 points under O(3), a graph network under S(12), and networks of many outputs, whose every
pass takes ten milliseconds and more. One thread; processor time, the least of a few runs.
"""

import copy
import time
from typing import Any

import torch
from torch import Tensor, nn

from invariance import check
from invariance.symmetry import Symmetry

ROUNDS = 3


class Timed(nn.Module):
    """A network that knows how long its passes took."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        self.clock: list[float] = []

    def __deepcopy__(self, memo: dict[int, Any]) -> "Timed":
        copied = Timed(copy.deepcopy(self.net, memo))
        copied.clock = self.clock
        return copied

    def forward(self, *inputs: Tensor) -> Any:
        start = time.process_time()
        outputs = self.net(*inputs)
        self.clock.append(time.process_time() - start)
        return outputs


class Egnn(nn.Module):
    """Satorras et al. 2021, on all pairs."""

    def __init__(self, layers: int = 5, width: int = 32) -> None:
        super().__init__()
        self.edges = nn.ModuleList(nn.Sequential(nn.Linear(11, width), nn.SiLU()) for _ in range(layers))
        self.gates = nn.ModuleList(nn.Linear(width, 1) for _ in range(layers))
        self.nodes = nn.ModuleList(nn.Linear(width + 5, 5) for _ in range(layers))

    def forward(self, pos: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        for edge, gate, node in zip(self.edges, self.gates, self.nodes, strict=True):
            apart = pos[:, :, None] - pos[:, None]
            pair = h[:, :, None].expand(-1, -1, h.shape[1], -1), h[:, None].expand(-1, h.shape[1], -1, -1)
            message = edge(torch.cat((*pair, apart.square().sum(-1, keepdim=True)), -1))
            pos = pos + (apart * gate(message)).mean(2)
            h = h + node(torch.cat((h, message.mean(2)), -1))
        return pos, h


class Graph(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.own, self.near, self.last = nn.Linear(5, 16), nn.Linear(5, 16), nn.Linear(16, 7)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        return self.last(torch.relu(self.own(x) + adjacency @ self.near(x) / 4))


def circular(width: int) -> nn.Module:
    options: Any = {"padding": 4, "padding_mode": "circular"}
    convs = [nn.Conv1d(width if depth else 2, width, 9, **options) for depth in range(4)]
    return nn.Sequential(*(layer for conv in convs for layer in (conv, nn.Tanh())))


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    atoms = ("points:16", "scalars:16x5")
    wide = nn.Sequential(nn.Linear(16, 1024), nn.ReLU(), nn.Linear(1024, 512), nn.ReLU(), nn.Linear(512, 64))
    subjects: dict[str, tuple[nn.Module, Symmetry]] = {
        "EGNN, 16 points": (Egnn(), Symmetry("O(3)", atoms, atoms)),
        "graph network": (Graph(), Symmetry("S(12)", ("nodes:12x5", "adjacency:12"), "nodes:12x7")),
        "sequence, 16,384 outputs": (circular(64), Symmetry("shifts(256)", "sequence:2x256", "sequence:64x256")),
        "sequence, 32,768 outputs": (circular(64), Symmetry("shifts(512)", "sequence:2x512", "sequence:64x512")),
        "set, 16,384 outputs": (wide, Symmetry("S(256)", "nodes:256x16", "nodes:256x64")),
    }
    print("network                    group         CPU of a check   a pass   beyond its passes")
    for name, (net, symmetry) in subjects.items():
        found = [_cost(Timed(net), symmetry) for _ in range(ROUNDS + 1)][1:]
        total, passes, spent = min(found, key=lambda cost: cost[0] - cost[2])
        told = f"{symmetry.group!s:<13} {total:>10.2f} s {1e3 * spent / passes:>12.1f} ms {total / spent - 1:>14.0%}"
        print(f"{name:<26} {told}", flush=True)


def _cost(net: Timed, symmetry: Symmetry) -> tuple[float, int, float]:
    start = time.process_time()
    verdict = check(net, symmetry).verdict
    assert verdict == "consistent", verdict
    return time.process_time() - start, len(net.clock), sum(net.clock)


if __name__ == "__main__":
    main()
