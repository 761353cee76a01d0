"""What a check beyond images costs beyond the model's own passes: `python -m benchmarks.beyond_images`.

Networks as small as in the tests: an EGNN of five layers on 16 points under O(3), a graph network under S(12). And
networks whose pass of four samples takes ten milliseconds and more. One thread; processor time of the passes and of
what is beside them in the same check, so that whatever else the machine does falls on both; the checks of all networks
take turns, and the median of their ratios is told.
"""

import copy
import itertools
import statistics
import time
from typing import Any

import torch
from torch import Tensor, nn

from invariance import check
from invariance.symmetry import Symmetry

ROUNDS = 9


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
    """Messages on all edges of a dense graph."""

    def __init__(self, width: int = 16, layers: int = 1) -> None:
        super().__init__()
        widths = [5, *[width] * layers]
        self.edges = nn.ModuleList(nn.Linear(2 * a, b) for a, b in itertools.pairwise(widths))
        self.last = nn.Linear(width, 7)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        for edge in self.edges:
            pair = x[:, :, None].expand(-1, -1, x.shape[1], -1), x[:, None].expand(-1, x.shape[1], -1, -1)
            x = (adjacency[..., None] * torch.relu(edge(torch.cat(pair, -1)))).mean(2)
        return self.last(x)


def circular(outputs: int, layers: int = 6, width: int = 64) -> nn.Module:
    options: Any = {"padding": 4, "padding_mode": "circular"}
    widths = [2, *[width] * (layers - 1), outputs]
    convs = [nn.Conv1d(a, b, 9, **options) for a, b in itertools.pairwise(widths)]
    return nn.Sequential(*(layer for conv in convs for layer in (conv, nn.Tanh())))


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    atoms = ("points:16", "scalars:16x5")
    atomic = Symmetry("O(3)", atoms, atoms)
    graph = Symmetry("S(12)", ("nodes:12x5", "adjacency:12"), "nodes:12x7")
    wide = nn.Sequential(nn.Linear(16, 1024), nn.ReLU(), nn.Linear(1024, 512), nn.ReLU(), nn.Linear(512, 64))
    subjects: dict[str, tuple[nn.Module, Symmetry]] = {
        "EGNN, 32 wide": (Egnn(width=32), atomic),
        "EGNN, 768 wide": (Egnn(width=768), atomic),
        "graph network": (Graph(), graph),
        "graph network, 384 wide": (Graph(384, 4), graph),
        "sequence, 4,096 outputs": (circular(8), Symmetry("shifts(512)", "sequence:2x512", "sequence:8x512")),
        "sequence, 32,768 outputs": (circular(64), Symmetry("shifts(512)", "sequence:2x512", "sequence:64x512")),
        "set, 16,384 outputs": (wide, Symmetry("S(256)", "nodes:256x16", "nodes:256x64")),
    }
    costs: dict[str, list[tuple[float, float]]] = {name: [] for name in subjects}
    for _ in range(ROUNDS):
        for name, (net, symmetry) in subjects.items():
            costs[name].append(_cost(Timed(net), symmetry))
    print("network                    group         CPU of a check   a pass   beyond its passes")
    for name, (net, symmetry) in subjects.items():
        total = statistics.median(total for total, _ in costs[name])
        beyond = statistics.median(total / spent - 1 for total, spent in costs[name])
        told = f"{symmetry.group!s:<13} {total:>10.2f} s {1e3 * _pass(net, symmetry):>12.1f} ms {beyond:>14.0%}"
        print(f"{name:<26} {told}")


def _cost(net: Timed, symmetry: Symmetry) -> tuple[float, float]:
    """Seconds of processor time of a check, and of the passes in it."""
    start = time.process_time()
    verdict = check(net, symmetry).verdict
    assert verdict == "consistent", verdict
    return time.process_time() - start, sum(net.clock)


@torch.no_grad()
def _pass(net: nn.Module, symmetry: Symmetry) -> float:
    """Seconds of processor time of a pass of four samples in float64."""
    timed, inputs = Timed(copy.deepcopy(net).double()), symmetry.sample(4, torch.Generator().manual_seed(0))
    for _ in range(ROUNDS):
        symmetry.run(timed, inputs)
    return statistics.median(timed.clock)


if __name__ == "__main__":
    main()
