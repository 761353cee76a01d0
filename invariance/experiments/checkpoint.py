"""Safetensors and JSON on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ..errors import CheckpointError
from ..files import write

__all__ = [
    "load_tensors",
    "optimizer_tensors",
    "restore_optimizer",
    "save_tensors",
]


def save_tensors(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Tensors and, as JSON in the header of the same file, what they are."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write(path, save(plain, metadata={"about": json.dumps(about, allow_nan=False)}))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `save_tensors` wrote.

    Raises:
        CheckpointError: the file is missing or is not one of ours.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["about"])
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise CheckpointError(
            path.name, str(path), f"a readable checkpoint; remove it to start again ({error})"
        ) from error


def optimizer_tensors(optimizer: torch.optim.Optimizer, net: nn.Module) -> dict[str, Tensor]:
    """Adam's moments, named after their parameters: "exp_avg/net.head.weight"."""
    state = optimizer.state
    return {f"{key}/{name}": value for name, p in net.named_parameters() for key, value in state.get(p, {}).items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, net: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """The inverse of `optimizer_tensors`; moments take their parameter's memory layout (`fused`)."""
    parameters = dict(net.named_parameters())
    for full_name, value in tensors.items():
        key, _, name = full_name.partition("/")
        p = parameters[name]
        like = p.detach() if value.shape == p.shape else value.to(p.device)
        optimizer.state[p][key] = torch.empty_like(like, dtype=value.dtype).copy_(value)
