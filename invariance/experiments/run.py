"""The folder of a training run: record.json, model.safetensors (best epoch), state.safetensors (last epoch)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .. import models
from ..errors import CheckpointError, RunError
from .checkpoint import load_tensors, read_json, save_json
from .classifier import Classifier
from .options import TrainOptions
from .record import FORMAT, Record

__all__ = ["RunFolder", "build_classifier", "load_run", "load_weights"]


def build_classifier(options: dict[str, Any], data: dict[str, Any]) -> Classifier:
    """The untrained network of a record, initialised from its seed; mean 0 and deviation 1 until they are loaded."""
    sizes = {} if options["width"] is None else {"width": options["width"]}
    channels = data["channels"]
    net = models.build_spec(  # pyright: ignore[reportAttributeAccessIssue]
        options["model"],
        generator=torch.Generator().manual_seed(options["seed"]),
        in_channels=channels,
        classes=len(data["classes"]),
        **sizes,
    )
    return Classifier(net, torch.zeros(channels), torch.ones(channels))


def load_run(out: Path) -> tuple[Classifier, Record]:
    """The classifier of the best validation epoch, in eval mode on the CPU, and the record of a run.

    Raises:
        CheckpointError: a file is missing, unreadable, or does not fit the network.
    """
    folder = RunFolder(out)
    record = folder.read_record()
    classifier = build_classifier(record["options"], record["data"])
    tensors, _ = load_tensors(folder.model)
    load_weights(classifier, tensors)
    return classifier.eval(), record


def load_weights(classifier: Classifier, tensors: dict[str, Tensor]) -> None:
    """`load_state_dict` whose complaint is one of ours.

    Raises:
        CheckpointError: names or shapes are not the network's.
    """
    try:
        classifier.load_state_dict(tensors)
    except RuntimeError as error:
        raise CheckpointError(
            "weights", f"{len(tensors)} tensors", f"those of the record's network ({error})"
        ) from error


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
        record = read_json(self.record)
        if not isinstance(record, dict) or record.get("format") != FORMAT:
            raise CheckpointError(self.record.name, str(self.record), f"a record of format {FORMAT}")
        return record  # pyright: ignore[reportReturnType]

    def claim(self, record: Record) -> Record:
        """The record to go on with: that of the same run found here, or `record`, which then is written.

        Raises:
            RunError: not a folder, or a run with other options or data, naming the first that differs.
        """
        if self.out.exists() and not self.out.is_dir():
            raise RunError("--out", str(self.out), "a folder")
        self.out.mkdir(parents=True, exist_ok=True)
        if not self.record.exists():
            if self.state.exists():
                raise RunError("--out", str(self.out), "a new folder: this one has a state without its record.json")
            save_json(self.record, record)
            return record
        found = self.read_record()
        begun_with = TrainOptions(**found["options"]).to_dict() | found["data"]  # an option added since: its default
        for name, ours in (record["options"] | record["data"]).items():
            theirs = begun_with.get(name)
            if theirs != ours:
                wanted = f"another folder, or the same run: it was begun with {name} = {theirs}, now {ours}"
                raise RunError("--out", str(self.out), wanted)
        return found
