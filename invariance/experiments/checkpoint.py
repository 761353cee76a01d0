"""Safetensors and JSON on disk: each file is replaced whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ..errors import CheckpointError

__all__ = [
    "load_tensors",
    "optimizer_tensors",
    "read_json",
    "restore_optimizer",
    "save_json",
    "save_tensors",
    "write_atomically",
]


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside `path`, flush to disk, rename over it: a reader or a crash sees the old file or the new one.

    Raises:
        OSError: with the file's name, such as a full disk; the old file is as it was.
    """
    beside = path.with_name(f".{path.name}.partial")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise OSError(error.errno, f"{error.strerror} (what was there before is kept)", str(path)) from error


def save_tensors(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Tensors and, as JSON in the header of the same file, what they are."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, save(plain, metadata={"about": json.dumps(about, allow_nan=False)}))


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


def save_json(path: Path, content: Any) -> None:
    """Indented JSON, a list of numbers or words on one line, for people and programs."""
    text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
    # No string of JSON holds a bare line break, so what matches is structure.
    text = re.sub(r"\[\n[^\[\]{}]*\n *\]", lambda found: re.sub(r"\n *", " ", found[0]), text)
    write_atomically(path, f"{text}\n".encode())


def read_json(path: Path) -> Any:
    """What `save_json` wrote.

    Raises:
        CheckpointError: the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(path.name, str(path), f"readable JSON; remove it to start again ({error})") from error


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
