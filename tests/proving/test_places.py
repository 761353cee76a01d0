"""Numbers of places: ends of edges are relabelled as the nodes change places."""

import json
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from invariance.proving import prove
from invariance.proving.checker import seal
from invariance.symmetry import Symmetry
from tools.prove_study.altered import refused

GRAPH = Symmetry("S(5)", ("nodes:5x3", "edges:5x6"), "nodes:5x4")


class Messages(nn.Module):
    """What neighbours send is added up at each node."""

    def __init__(self, change: Callable[[Tensor], Tensor] | None = None, wrong: str = "") -> None:
        super().__init__()
        self.send, self.own, self.change, self.wrong = nn.Linear(6, 4), nn.Linear(3, 4), change, wrong

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        if self.change is not None:
            edges = self.change(edges)
        source, target = (edges[:, k].unsqueeze(-1).expand(-1, -1, 3) for k in (0, 1))
        table = nodes.flip(1) if self.wrong == "table" else nodes
        sent = torch.cat([table.gather(1, source), nodes.gather(1, target)], -1)
        sent = self.send(sent).relu()
        if self.wrong == "message":
            sent = sent * torch.arange(1.0, 7).unsqueeze(-1)
        if self.wrong == "values":
            sent = sent + edges[:, :1].mT
        where = edges[:, 1].unsqueeze(-1).expand(-1, -1, 4)
        start = self.own(nodes) + nodes.new_zeros(nodes.shape[0], 5, 4)
        return start.scatter_add(1, where, sent)


def test_messages_along_edges_are_proved() -> None:
    report = prove(Messages(), symmetry=GRAPH)
    assert report.verdict == "proved", str(report)
    found = json.loads(json.dumps(report.certificate()))
    assert refused(found, Messages()) == "fingerprint: of another model, or of other weights"
    model = report.program.module if report.program else None
    assert model is not None
    found["fingerprint"] = __import__("invariance.proving.checker", fromlist=["x"]).fingerprint(model)
    assert refused(found | {"seal": seal(found)}, model) is None
    found["generators"][0]["labels"] = [[0, 1, 5]]
    assert "gather" in str(refused(found | {"seal": seal(found)}, model))


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Messages(wrong="table"), "do not move as the numbers"),
        (Messages(wrong="values"), "whose values move"),
        (Messages(lambda e: e + 0), "whose values move"),
        (Messages(lambda e: e.clamp(max=3)), "whose values move"),
        (Messages(lambda e: torch.cat([e, torch.zeros_like(e)], 2)[:, :, :6]), ""),
    ],
)
def test_numbers_that_are_computed_with_are_not(model: nn.Module, reason: str) -> None:
    report = prove(model, symmetry=GRAPH)
    assert report.verdict == "not proved"
    assert reason in str(report)


def test_edges_in_another_order() -> None:
    """Messages that are numbered are no symmetry of the order of the edges, and one of the nodes."""
    assert prove(Messages(wrong="message"), symmetry=GRAPH).verdict == "proved"


def test_the_numbers_themselves_are_no_output() -> None:
    class Ends(nn.Module):
        def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
            return edges

    report = prove(Ends(), symmetry=Symmetry("S(5)", ("nodes:5x3", "edges:5x6"), "invariant"))
    assert report.verdict == "not proved"


def address(edges: Tensor) -> Tensor:
    return edges[:, :1].mT.expand(-1, -1, 3)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, e: x[:, :3].gather(1, address(e)),
        lambda x, e: x.repeat(1, 1, 2).scatter_add(1, address(e), x[:, :1].expand(-1, 6, -1)),
    ],
)
def test_tables_of_other_lengths_are_refused(function: Callable[[Tensor, Tensor], Tensor]) -> None:
    class Of(nn.Module):
        def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
            return function(nodes, edges)

    report = prove(Of(), symmetry=Symmetry("S(5)", ("nodes:5x3", "edges:5x6"), "invariant"))
    assert report.verdict == "not proved"
