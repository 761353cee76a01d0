"""Safetensors and JSON on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import CheckpointError
from ..extras import NeededFor
from ..files import write
from ..records import check_record

with NeededFor("training"):
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import save

__all__ = [
    "load_state",
    "load_tensors",
    "optimizer_tensors",
    "restore_optimizer",
    "save_tensors",
]


def save_tensors(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> str:
    """Tensors and, as JSON in the header of the same file, what they are and the SHA-256 of both; that of the file."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(about, allow_nan=False)
    kept = {"about": text, "sha256": _digest(plain, text)}
    # One entry: several are written in any order, and the same weights have to be the same file.
    content = save(plain, metadata={"kept": json.dumps(kept)})
    write(path, content)
    return hashlib.sha256(content).hexdigest()


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `save_tensors` wrote.

    Raises:
        CheckpointError: the file is missing, is not one of ours, or is not as it was written.
    """
    if not path.is_file():
        raise CheckpointError(path.name, path, "an existing file")
    try:
        with safe_open(path, framework="pt") as file:
            kept = json.loads((file.metadata() or {})["kept"])
            text, written = kept["about"], kept["sha256"]
            names = file.keys()  # the file itself is no iterable
            tensors = {name: file.get_tensor(name) for name in names}
        about = json.loads(text)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(path.name, path, f"a readable checkpoint; remove it to start again ({error})") from error
    if written != (found := _digest(tensors, text)):
        wanted = (
            f"the content that was written, of SHA-256 {written[:12]}…, not {found[:12]}…: it is corrupt; remove it"
        )
        raise CheckpointError(path.name, path, f"{wanted} to start again")
    return tensors, about


def load_state(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """As `load_tensors`, of the state of a training.

    Raises:
        CheckpointError: as there; or what is said about the tensors is no history of a training.
    """
    tensors, about = load_tensors(path)
    try:
        check_record(about, "state")
    except ValueError as error:
        raise CheckpointError(path.name, path, f"a state with {error}; remove it to start again") from error
    return tensors, about


def _digest(tensors: Mapping[str, Tensor], about: str) -> str:
    """SHA-256 of names, shapes, dtypes and bits, and of what is said about them."""
    digest = hashlib.sha256(about.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def optimizer_tensors(optimizer: torch.optim.Optimizer, net: nn.Module) -> dict[str, Tensor]:
    """The optimiser's moments, named after their parameters: "exp_avg/net.head.weight"."""
    state = optimizer.state
    return {f"{key}/{name}": value for name, p in net.named_parameters() for key, value in state.get(p, {}).items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, net: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """The inverse of `optimizer_tensors`; moments take their parameter's memory layout (`fused`).

    Raises:
        ValueError: moments of a parameter that there is not, of another shape or dtype, or not finite.
    """
    parameters = dict(net.named_parameters())
    for full_name, value in tensors.items():
        key, _, name = full_name.partition("/")
        if name not in parameters:
            raise ValueError(f"{full_name}, of a parameter that the network does not have")
        p = parameters[name]
        shape = torch.Size() if key == "step" else p.shape
        if value.shape != shape or value.dtype != p.dtype or not value.isfinite().all():
            raise ValueError(f"{full_name} of shape {tuple(value.shape)} and {value.dtype}, or not finite")
        like = p.detach() if value.shape == p.shape else value.to(p.device)
        optimizer.state[p][key] = torch.empty_like(like, dtype=value.dtype).copy_(value)
