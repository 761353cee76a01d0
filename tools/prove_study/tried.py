"""Architectures that others published, built here, and what came of asking; how long it takes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from invariance.errors import ArgumentError
from invariance.layers import to_planar
from invariance.models import build
from invariance.proving import trace
from invariance.proving.checker import RefusedError, verify
from invariance.proving.prove import prove_program
from invariance.proving.question import question_of
from invariance.symmetry import Symmetry

from .families.grids import Bottleneck
from .groups import FINITE, trivial
from .layers import conv, dense, norm

__all__ = ["TRIED", "Tried", "ask"]


@dataclass(frozen=True)
class Tried:
    """A network and a question about it: a group by name on one input, or a symmetry of fields."""

    build: Callable[[], nn.Module]
    shape: tuple[int, ...] | None = None
    group: str | None = None
    claim: Any = "invariant"
    symmetry: Symmetry | None = None


class ResNet50(nn.Module):
    """ResNet-50 with every filter tied along its orbit under p4m."""

    def __init__(self) -> None:
        super().__init__()
        group = FINITE["p4m"]
        stem, layers, before = trivial(group, 64), [], trivial(group, 64)
        for width, blocks in ((64, 3), (128, 4), (256, 6), (512, 3)):
            inside, after = trivial(group, width), trivial(group, 4 * width)
            for i in range(blocks):
                layers.append(Bottleneck(group, before, after, 2 if i == 0 and width > 64 else 1, inside))
                before = after
        self.stem = nn.Sequential(
            conv(group, trivial(group, 3), stem, 7, stride=2, padding=3, bias=False),
            norm(group, stem),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
        )
        self.layers, self.head = nn.Sequential(*layers), dense(group, before, trivial(group, 1000))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(self.stem(x)).mean((2, 3)))


def _dense_gcn() -> nn.Module:
    from torch_geometric.nn import DenseGCNConv

    return DenseGCNConv(5, 3)


def _planar(name: str, **options: Any) -> Callable[[], nn.Module]:
    return lambda: to_planar(build(name, **options).eval())


GRAPH = Symmetry("S(6)", ("nodes:6x5", "pairs:6"), "nodes:6x3")
TRIED: dict[str, Tried] = {
    "P4CNN (Cohen and Welling 2016), 28 × 28": Tried(_planar("p4cnn"), (1, 28, 28), "p4"),
    "Z2CNN (the same, planar), 28 × 28": Tried(lambda: build("z2cnn"), (1, 28, 28), "p4"),
    "All-CNN-C p4m (the same), 33 × 33": Tried(_planar("allcnn-p4m"), (3, 33, 33), "p4m"),
    "All-CNN-C p4m, 32 × 32": Tried(_planar("allcnn-p4m"), (3, 32, 32), "p4m"),
    "ResNet44 p4m (the same), 33 × 33": Tried(_planar("resnet44-p4m"), (3, 33, 33), "p4m"),
    "ResNet44 p4m, 32 × 32": Tried(_planar("resnet44-p4m"), (3, 32, 32), "p4m"),
    "ResNet-50 (He et al. 2016), filters symmetric under p4m, 225 × 225": Tried(ResNet50, (3, 225, 225), "p4m"),
    "Transformer encoder of torch, no positions, 16 tokens": Tried(
        lambda: nn.TransformerEncoder(
            nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 2, enable_nested_tensor=False
        ),
        (16, 32),
        "permutations",
        "equivariant",
    ),
    "LSTM of torch, 5 tokens": Tried(lambda: nn.LSTM(4, 4, batch_first=True), (5, 4), "permutations", "equivariant"),
    "DenseGCNConv of torch-geometric, 6 nodes": Tried(_dense_gcn, symmetry=GRAPH),
}


def ask(tried: Tried) -> dict[str, Any]:
    """What came out; seconds of CPU, of the export, of a generator, and of the check of the certificate."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = tried.build().eval()
    question = question_of(tried.group, tried.shape, None if tried.symmetry else tried.claim, tried.symmetry)
    start = time.process_time()
    try:
        program = trace(model, question.shapes)
    except ArgumentError as error:
        return {"verdict": "refused", "reason": str(error).splitlines()[0]}
    exported = time.process_time()
    report = prove_program(program, question, search=False)
    asked = time.process_time()
    found = {"verdict": report.verdict, "operations": report.operations, "export": exported - start}
    found["generator"] = (asked - exported) / len(question.generators)
    if report.verdict != "proved":
        return found | {"reason": str((*report.stops, "")[0]).splitlines()[0]}
    try:
        verify(json.loads(json.dumps(report.certificate())), model)
    except RefusedError as refused:
        return found | {"checker": str(refused)}
    return found | {"checker": "verified", "check": time.process_time() - asked}
