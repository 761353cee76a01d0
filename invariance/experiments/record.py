"""What a run leaves behind for the reader: enough to say what was trained, by which code, on what, how fast."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import torch

from .. import __version__
from .data import Dataset, Splits
from .options import TrainOptions

__all__ = ["FORMAT", "Epoch", "Provenance", "Record", "fingerprint", "new_record", "provenance"]

FORMAT = 1


class Epoch(TypedDict):
    """A line of the history; accuracies in [0, 1], None where no image validates."""

    epoch: int
    train_loss: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float


class Provenance(TypedDict):
    """By which code, with which libraries, on what."""

    code: dict[str, Any]
    versions: dict[str, str]
    hardware: dict[str, Any]


class Record(Provenance):
    """record.json. `best` is None before the first epoch; `finished` says that all epochs are done.

    `weights` is the SHA-256 of model.safetensors, where there is one. The provenance is that of the first session;
    `resumed` has the later ones' and the epoch each went on after.
    """

    format: int
    finished: bool
    options: dict[str, Any]
    data: dict[str, Any]
    parameters: int
    best: dict[str, Any] | None
    history: list[Epoch]
    weights: NotRequired[str]
    resumed: NotRequired[list[dict[str, Any]]]


def new_record(options: TrainOptions, splits: Splits, *, device: torch.device, processes: int) -> Record:
    """The record of a run that has not begun; `parameters` is left to who knows the network."""
    return {
        "format": FORMAT,
        "finished": False,
        "options": options.to_dict(),
        "data": _describe(splits, options.limit),
        "parameters": 0,
        "best": None,
        "history": [],
        **provenance(device, processes),
    }


def provenance(device: torch.device, processes: int = 1) -> Provenance:
    """That of a computation on `device` by this process."""
    return {
        "code": _revision(),
        "versions": _versions(),
        "hardware": _hardware(device) | {"processes": processes},
    }


def _describe(splits: Splits, limit: int | None) -> dict[str, Any]:
    """Name, note and sizes of the splits, and a fingerprint of the training images and labels."""
    return {
        "name": splits.name,
        "note": splits.note,
        "train": len(splits.train[:limit]),
        "validation": len(splits.validation),
        "test": len(splits.test),
        "classes": list(splits.train.classes),
        "channels": splits.train.images.shape[1],
        "size": list(splits.train.images.shape[2:]),
        "sha256": fingerprint(splits.train),
    }


def fingerprint(data: Dataset) -> str:
    """SHA-256 of images and labels."""
    digest = hashlib.sha256()
    for tensor in (data.images, data.labels):
        digest.update(tensor.cpu().contiguous().numpy().data)
    return digest.hexdigest()


def _revision() -> dict[str, Any]:
    """The git revision of the library where it runs from a checkout, and whether tracked files differ from it."""
    here = Path(__file__).parent

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(here), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", "__init__.py")
        return {"revision": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain", "-uno"))}
    except (OSError, subprocess.SubprocessError):
        return {"revision": None, "dirty": None}


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "torch": torch.__version__}  # with its build, as "2.13.0+cpu"
    found["invariance"] = __version__
    for name in ("numpy", "safetensors"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _hardware(device: torch.device) -> dict[str, Any]:
    found: dict[str, Any] = {"device": device.type, "cpu": _cpu(), "threads": torch.get_num_threads()}
    if device.type == "cuda":
        found["gpu"] = torch.cuda.get_device_name(device)
    return found


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    about = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    named = [about[key] for key in ("model name", "cpu family", "model") if key in about]
    return " / ".join(named) or platform.machine()
