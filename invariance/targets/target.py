"""A model named by a string: where the command line and a saved counterexample find it again."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from ..errors import ArgumentError
from ..measure.error import Model
from ..reading import is_file, is_folder
from .libraries import LIBRARIES, from_library
from .python import from_python, names_in, source_of

__all__ = ["load_target", "origin"]

_WANTED = (
    f"file.py:name, package.module:name, {', '.join(f'{name}:MODEL' for name in LIBRARIES)}, file.pt2 of "
    "torch.export.save, the folder of an `invariance train`, or one of these @weights.safetensors"
)


def load_target(target: str, *, seed: int = 0) -> Model:
    """The model that a string names.

    - `file.py:name`, `package.module:name`: what Python finds there; its code is run.
    - `timm:NAME`, `torchvision:NAME`: a network of that library, untrained; see `from_library`.
    - `file.pt2`: a program that `torch.export.save` saved; nothing in it is run but tensor operations.
    - `TARGET@WEIGHTS.safetensors`: that network with the weights of the file, in eval mode; see `with_weights`.
    - a folder that `invariance train` wrote: the network of its best epoch; nothing in it is run.

    What is built has its random weights from `seed`; torch's global generator is left as it was.

    Raises:
        ArgumentError: no such file, module or name; the reason that it does not import; parameters that are missing.
        ArgumentTypeError: what is there is not callable.
    """
    network, at, weights = target.rpartition("@")
    if at and network and weights.endswith(".safetensors"):
        from .weights import with_weights

        return with_weights(load_target(network, seed=seed), Path(weights))
    path = Path(target)
    if target.endswith(".pt2"):
        from .program import load_program

        return load_program(path)
    if target and is_folder("TARGET", path):
        # By name: `experiments` knows this room, and not the other way round.
        return import_module("invariance.experiments.run").load_run(path)[0]
    where, colon, name = target.rpartition(":")
    if not (where and colon and name):
        raise ArgumentError("TARGET", target, f"{_told(target)}{_WANTED}")
    if weights.endswith(_PICKLED):
        raise ArgumentError("TARGET", target, _weights(weights))
    return from_library(where, name, seed=seed) if where in LIBRARIES else from_python(where, name, seed=seed)


_PICKLED = (".pt", ".pth", ".bin", ".ckpt", ".pkl")


def _told(target: str) -> str:
    """What is meant by a name that is none: names in a file of Python, a file that would have to be run to be read."""
    if target.endswith(".py") and is_file("TARGET", file := Path(target)):
        names = names_in(file)
        return (
            f"a name in it, such as {', '.join(f'{target}:{name}' for name in names[:3])}; otherwise " if names else ""
        )
    return f"{_weights(target)}; otherwise " if target.endswith(_PICKLED) else ""


def _weights(file: str) -> str:
    return (
        f"weights are read from safetensors, which runs nothing: safetensors.torch.save_file(net.state_dict(), "
        f"'net.safetensors') writes them, and TARGET is then file.py:name@net.safetensors, not {file}"
    )


def origin(target: str) -> str:
    """The file whose code `load_target` would run, or the package; "" where it would run none of a user's."""
    if target.endswith(".safetensors"):
        target = target.rpartition("@")[0]
    where, _, name = target.rpartition(":")
    if target.endswith(".pt2") or not (where and name) or is_folder("TARGET", Path(target)) or where in LIBRARIES:
        return ""
    return source_of(where)
