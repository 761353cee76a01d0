"""Weights of a checkpoint in a network that is there: a file of safetensors, of which nothing is run."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from ..errors import ArgumentTypeError, CheckpointError
from ..extras import NeededFor
from ..measure.error import Model
from ..reading import read_bytes

__all__ = ["with_weights"]

_LARGEST = 2**35  # bytes
_PREFIXES = ("", "model.", "module.", "net.", "_orig_mod.")
"""What trainers put before the names: Lightning an attribute, data-parallel training and compilation a word."""


def with_weights(model: Model, path: Path) -> nn.Module:
    """The module with the weights of the file, in eval mode.

    Raises:
        ArgumentTypeError: no module.
        CheckpointError: no such file, no safetensors, or weights of another architecture; names the first that differs.
    """
    if not isinstance(model, nn.Module):
        raise ArgumentTypeError("TARGET", type(model).__name__, f"a module, to have the weights of {path}")
    with NeededFor("weights of a file"):
        from safetensors import SafetensorError
        from safetensors.torch import load
    content = read_bytes("TARGET", path, limit=_LARGEST, error=CheckpointError)
    try:
        found = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        wanted = f"weights that safetensors.torch.save_file(net.state_dict(), …) wrote ({error})"
        raise CheckpointError("TARGET", path, wanted) from error
    state = model.state_dict()
    wanted = {name: tuple(value.shape) for name, value in state.items()}
    named = next((stripped for p in _PREFIXES if (stripped := _without(p, found)).keys() == wanted.keys()), found)
    for name in sorted(wanted.keys() | named.keys()):
        shape = tuple(named[name].shape) if name in named else None
        if wanted.get(name) != shape:
            told = f"{name} is {_told(shape)} in the file and {_told(wanted.get(name))} in the network"
            raise CheckpointError("TARGET", path, f"a checkpoint of this architecture: {told}")
        value, like = named[name], state[name]
        if value.dtype != like.dtype and not (value.is_floating_point() and like.is_floating_point()):
            raise CheckpointError("TARGET", path, f"{name} of {like.dtype}, as in the network, not of {value.dtype}")
        if not value.to(like.dtype).isfinite().all():
            raise CheckpointError("TARGET", path, f"finite weights: {name} is not")
    model.load_state_dict(named)
    return model.eval()


def _without(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _told(shape: tuple[int, ...] | None) -> str:
    return "missing" if shape is None else f"of shape {shape}"
