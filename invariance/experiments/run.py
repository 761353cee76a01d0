"""The folder of a training run: record.json, model.safetensors (best epoch), state.safetensors (last epoch)."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import CheckpointError, RunError
from ..models import build_spec
from ..reading import read_json
from .checkpoint import load_tensors
from .classifier import Classifier
from .options import TrainOptions
from .record import FORMAT, Record

__all__ = ["RunFolder", "build_classifier", "load_run", "load_weights"]


def build_classifier(options: dict[str, Any], data: dict[str, Any]) -> Classifier:
    """The untrained network of a record, initialised from its seed; mean 0 and deviation 1 until they are loaded."""
    sizes = {} if options["width"] is None else {"width": options["width"]}
    channels = data["channels"]
    net = build_spec(
        options["model"],
        generator=torch.Generator().manual_seed(options["seed"]),
        in_channels=channels,
        classes=len(data["classes"]),
        **sizes,
    )
    return Classifier(net, torch.zeros(channels), torch.ones(channels))


def load_run(out: Path) -> tuple[Classifier, Record]:
    """The classifier of the epoch that was kept, in eval mode on the CPU, and the record of a run.

    Raises:
        CheckpointError: a file is missing, unreadable, or does not fit the network.
    """
    folder = RunFolder(out)
    record = folder.read_record()
    classifier = build_classifier(record["options"], record["data"])
    tensors, _ = load_tensors(folder.model)
    load_weights(classifier, tensors, folder.model)
    return classifier.eval(), record


def load_weights(classifier: Classifier, tensors: Mapping[str, Tensor], path: Path) -> None:
    """`load_state_dict` of what `path` holds.

    Raises:
        CheckpointError: names or shapes are not the network's; names the first.
    """
    wanted = {name: tensor.shape for name, tensor in classifier.state_dict().items()}
    found = {name: tensor.shape for name, tensor in tensors.items()}
    for name in wanted | found:
        if wanted.get(name) != found.get(name):
            shapes = f"{name} has shape {found.get(name)}, not {wanted.get(name)}"
            message = f"the weights of its record's network; remove it to start again ({shapes})"
            raise CheckpointError(path.name, str(path), message)
    classifier.load_state_dict(tensors)


@dataclass(frozen=True)
class RunFolder:
    """Paths and consistency of one run. The state is one file, so that weights, moments and history never disagree."""

    out: Path

    @property
    def record(self) -> Path:
        return self.out / "record.json"

    @property
    def model(self) -> Path:
        return self.out / "model.safetensors"

    @property
    def state(self) -> Path:
        return self.out / "state.safetensors"

    def read_record(self) -> Record:
        """The record.

        Raises:
            CheckpointError: unreadable, or of another format.
        """
        record = read_json(self.record.name, self.record, error=CheckpointError)
        if not isinstance(record, dict) or record.get("format") != FORMAT:
            raise CheckpointError(self.record.name, str(self.record), f"a record of format {FORMAT}")
        return record  # pyright: ignore[reportReturnType]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The folder, made if need be, for this process alone.

        Raises:
            RunError: it is no folder, or another process trains there.
        """
        if self.out.exists() and not self.out.is_dir():
            raise RunError("--out", str(self.out), "a folder")
        self.out.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.out, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise RunError("--out", str(self.out), "a folder in which no other process trains") from error
        finally:
            os.close(descriptor)
            with suppress(OSError):  # it was made for nothing
                self.out.rmdir()

    def same_run(self, record: Record) -> Record | None:
        """The record found here of the run that `record` begins; None where there is none.

        Raises:
            RunError: a run with other options or data, naming the first that differs.
        """
        if not self.record.exists():
            if self.state.exists():
                raise RunError("--out", str(self.out), "a new folder: this one has a state without its record.json")
            return None
        found = self.read_record()
        try:
            begun_with = (
                TrainOptions(**found["options"]).to_dict() | found["data"]
            )  # an option added since: its default
        except (KeyError, TypeError) as error:
            raise CheckpointError(self.record.name, str(self.record), f"a record of this version ({error})") from error
        for name, ours in (record["options"] | record["data"]).items():
            theirs = begun_with.get(name)
            if theirs != ours:
                wanted = f"another folder, or the same run: it was begun with {name} = {theirs}, now {ours}"
                raise RunError("--out", str(self.out), wanted)
        return found
