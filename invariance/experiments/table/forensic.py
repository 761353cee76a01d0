"""Which change to all images, the same at every scale, makes a network's row look like the printed one?

A row that falls at σ = 0.01 and then stays cannot come from warps, which move pixels ten times less there than at 0.1.
Each candidate of `CORRUPTIONS` is put before the warps, and what the trained networks make of it is compared with the
printed rows. That a candidate comes close does not show that it is what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...errors import ArgumentError
from ...files import write_json
from ..data import Dataset
from ..evaluation import CORRUPTIONS, Protocol, draw_all, evaluate
from ..kept import parsing, read_kept
from .claims import claimed

__all__ = ["FORMAT", "Forensic", "forensic", "forensic_to_markdown", "load_forensic"]

FORMAT = "invariance forensic 1"


@dataclass(frozen=True, eq=False)
class Forensic:
    """Accuracies under candidates.

    Attributes:
        cells: (family, σ) of the printed cells.
        printed: what the paper has there, by model.
        accuracy: what was found, by candidate, model and cell.
    """

    table: str
    protocol: Protocol
    images: int
    note: str
    models: tuple[str, ...]
    candidates: tuple[str, ...]
    cells: tuple[tuple[str, float], ...]
    printed: Float[Tensor, "m cells"]
    accuracy: Float[Tensor, "c m cells"]

    @property
    def distance(self) -> Float[Tensor, "c m"]:
        """Root mean square over the cells of found − printed, in points of a per cent."""
        return 100 * (self.accuracy - self.printed).square().mean(2).sqrt()

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` is the inverse."""
        return {
            "format": FORMAT,
            "table": self.table,
            "protocol": self.protocol.to_dict(),
            "images": self.images,
            "note": self.note,
            "models": list(self.models),
            "candidates": list(self.candidates),
            "cells": [list(cell) for cell in self.cells],
            "printed": self.printed.tolist(),
            "accuracy": self.accuracy.tolist(),
            "distance": self.distance.tolist(),
        }

    @classmethod
    def from_dict(cls, content: Any) -> Forensic:
        """The inverse of `to_dict`.

        Raises:
            ResultError: not of this format.
        """
        with parsing(content, FORMAT):
            printed, accuracy = (torch.tensor(content[k], dtype=torch.float64) for k in ("printed", "accuracy"))
            models, candidates = (tuple(content[k]) for k in ("models", "candidates"))
            cells = tuple((str(family), float(scale)) for family, scale in content["cells"])
            if accuracy.shape != (len(candidates), *printed.shape) or printed.shape != (len(models), len(cells)):
                raise ValueError("accuracies that do not fit the candidates, models and cells")
            plain = content["table"], Protocol.from_dict(content["protocol"]), content["images"], content["note"]
            return cls(*plain, models, candidates, cells, printed, accuracy)

    def save(self, path: str | Path) -> None:
        """As JSON."""
        write_json(path, self.to_dict())


def load_forensic(path: str | Path) -> Forensic:
    """What is kept in a JSON file.

    Raises:
        ResultError: the file is missing, is not JSON, or holds something else.
    """
    return read_kept(path, Forensic.from_dict)


def forensic(
    classifiers: Mapping[str, nn.Module],
    test: Dataset,
    protocol: Protocol,
    *,
    table: str = "diffcnn",
    note: str = "",
    candidates: Sequence[str] = CORRUPTIONS,
    batch: int = 500,
    device: torch.device | str = "cpu",
    tick: Callable[[int, int], None] | None = None,
) -> Forensic:
    """The networks, by the names that they have in the paper's table, under every candidate in turn.

    A name may have options, "name:option=value": the paper does not say all of them.

    Raises:
        ArgumentError: a network or a protocol of which the paper printed nothing.
    """
    claims = claimed(table)
    protocol = replace(protocol, scales=tuple(scale for scale in protocol.scales if scale > 0), corruption="none")
    cells = tuple((cell.family, cell.scale) for cell in protocol.cells if cell.family is not None)
    printed = []
    for name in classifiers:
        claim = claims.of(name.partition(":")[0])
        values = [None if claim is None else claim.at(*cell) for cell in cells]
        if not values or None in values:
            raise ArgumentError("classifiers", name, f"a network with printed values at {cells}")
        printed.append(values)
    draws = draw_all(protocol, len(test), (int(test.images.shape[2]), int(test.images.shape[3])))
    total = len(candidates) * len(test) * len(draws)
    step = None if tick is None else lambda done: tick(done, total)
    found = []
    for candidate in candidates:
        changed = replace(protocol, corruption=candidate)
        answers = evaluate(classifiers, test, changed, draws=draws, batch=batch, device=device, tick=step)
        found.append(torch.stack([answer.correct[1:].double().mean(1) for answer in answers.values()]))
    plain = table, protocol, len(test), note, tuple(classifiers), tuple(candidates), cells
    return Forensic(*plain, torch.tensor(printed, dtype=torch.float64), torch.stack(found))


def forensic_to_markdown(result: Forensic) -> str:
    """Distances, the nearest candidate in bold for each network; then the rows of the nearest ones."""
    distance = result.distance
    order = distance.mean(1).argsort().tolist()
    best = distance.argmin(0).tolist()
    note = f" ({result.note})" if result.note else ""
    lines = [
        "# What makes a row look like the printed one?",
        "",
        f"{result.images:,} test images{note}. Root mean square distance to the printed row over "
        f"{len(result.cells)} cells, in points; the nearest in bold.",
        "",
        f"| before every warp | {' | '.join(result.models)} | mean |",
        "|" + " --- |" * (len(result.models) + 2),
    ]
    for i in order:
        entries = [f"**{d:.1f}**" if best[m] == i else f"{d:.1f}" for m, d in enumerate(distance[i].tolist())]
        lines.append(f"| {result.candidates[i]} | {' | '.join(entries)} | {distance[i].mean():.1f} |")
    heads = [f"{family} {scale:g}" for family, scale in result.cells]
    lines += ["", "The rows, in %:", "", f"| | {' | '.join(heads)} |", "|" + " --- |" * (len(heads) + 1)]
    for m, model in enumerate(result.models):
        shown = [(f"*{model}, printed*", result.printed[m], "*{:.0f}*")]
        for i in dict.fromkeys((best[m], order[0])):
            shown.append((f"{model}, {result.candidates[i]}", result.accuracy[i, m], "{:.0f}"))
        for name, values, style in shown:
            lines.append(f"| {name} | {' | '.join(style.format(100 * v) for v in values.tolist())} |")
    return "\n".join(lines) + "\n"
