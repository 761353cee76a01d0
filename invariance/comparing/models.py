"""Networks by "LABEL=TARGET": targets of `load_target`, and the papers' networks by their names here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import ArgumentError
from ..measure.error import Model
from ..models import build_spec, list_models
from ..reading import is_file, is_folder
from ..targets import load_target

__all__ = ["Named", "named_models", "weights_hash"]


@dataclass(frozen=True)
class Named:
    """A network: those of one label are runs of one network."""

    label: str
    model: Model
    target: str = ""
    seed: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """What is kept of it."""
        return {"target": self.target, "weights": weights_hash(self.model), "seed": self.seed}


def named_models(texts: Iterable[str], *, seed: int = 0, seeds: int = 1) -> list[Named]:
    """Networks of the texts, each built from the seeds `seed`, `seed` + 1, ….

    `diffcnn:kernel_size=1` is a network of `invariance.models`; whatever has another name in front is a target.

    Raises:
        ArgumentError: what `load_target` or `build_spec` raises; a label that is empty.
    """
    found = []
    for text in texts:
        label, target = _labelled(text)
        for number in range(seed, seed + seeds):
            found.append(Named(label, _built(target, number), target, number))
    return found


def weights_hash(model: object) -> str | None:
    """SHA-256 of names, shapes, dtypes and bits of parameters and buffers; None of what has none."""
    state = model.state_dict() if isinstance(model, nn.Module) else {}
    if not state:
        return None
    digest = hashlib.sha256()
    for name, value in sorted(state.items()):
        if isinstance(value, torch.Tensor):
            digest.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
            digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _labelled(text: str) -> tuple[str, str]:
    """A label has no colon and no slash: `diffcnn:kernel_size=1` has none, nor has a path with "=" in it."""
    label, equals, target = text.partition("=")
    if not equals or ":" in label or "/" in label or is_file("--model", Path(text)) or is_folder("--model", Path(text)):
        return text, text
    if not (label.strip() and target):
        raise ArgumentError("--model", text, "LABEL=TARGET, or TARGET")
    return label.strip(), target


def _built(target: str, seed: int) -> Model:
    name = target.partition(":")[0]
    if name in list_models():
        return build_spec(target, generator=torch.Generator().manual_seed(seed))
    if not (":" in target or target.endswith(".pt2") or is_folder("--model", Path(target))):
        wanted = "FILE.py:NAME, FILE.pt2, timm:NAME, the folder of a training, or one of "
        raise ArgumentError("TARGET", target, wanted + ", ".join(list_models()))
    return load_target(target, seed=seed)
