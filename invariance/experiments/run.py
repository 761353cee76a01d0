"""The folder of a training run: record.json, model.safetensors (best epoch), state.safetensors (last epoch)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ArgumentError, CheckpointError, RunError
from ..files import held_folder
from ..models import build_spec
from ..reading import read_bytes
from ..records import read_record
from .checkpoint import load_tensors
from .classifier import Classifier, WhitenedClassifier
from .options import TrainOptions
from .record import Record

__all__ = ["AnyClassifier", "RunFolder", "build_classifier", "load_run", "load_weights"]


AnyClassifier = Classifier | WhitenedClassifier


def build_classifier(options: dict[str, Any], data: dict[str, Any]) -> AnyClassifier:
    """The untrained network of a record, initialised from its seed; images pass as they are until it is fitted."""
    sizes = {} if options["width"] is None else {"width": options["width"]}
    channels = data["channels"]
    net = build_spec(
        options["model"],
        generator=torch.Generator().manual_seed(options["seed"]),
        in_channels=channels,
        classes=len(data["classes"]),
        **sizes,
    )
    if options["standardise"] == "zca":
        return WhitenedClassifier(net, (channels, *data["size"]))
    return Classifier(net, torch.zeros(channels), torch.ones(channels))


def load_run(out: str | Path) -> tuple[AnyClassifier, Record]:
    """The classifier of the epoch that was kept, in eval mode on the CPU, and the record of a run.

    Raises:
        CheckpointError: a file is missing, unreadable, or does not fit the network.
    """
    folder = RunFolder(Path(out))
    record = folder.read_record()
    classifier = build_classifier(record["options"], record["data"])
    folder.check_weights(record)
    tensors, _ = load_tensors(folder.model)
    load_weights(classifier, tensors, folder.model)
    return classifier.eval(), record


def load_weights(classifier: nn.Module, tensors: Mapping[str, Tensor], path: str | Path) -> None:
    """`load_state_dict` of what `path` holds.

    Raises:
        CheckpointError: names, shapes or dtypes are not the network's, or values are not finite; names the first.
    """
    path = Path(path)
    wanted = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in classifier.state_dict().items()}
    found = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in tensors.items()}
    for name in wanted | found:
        if wanted.get(name) != found.get(name):
            differs = f"{name} is of shape and dtype {found.get(name)}, not {wanted.get(name)}"
            wanted_all = f"the weights of its record's network; remove it to start again ({differs})"
            raise CheckpointError(path.name, path, wanted_all)
        if not tensors[name].isfinite().all():
            raise CheckpointError(path.name, path, f"finite weights; remove it to start again ({name} is not finite)")
    classifier.load_state_dict(tensors)


@dataclass(frozen=True)
class RunFolder:
    """Paths and consistency of one run. The state is one file, so that weights, moments and history never disagree."""

    out: Path

    @property
    def record(self) -> Path:
        """JSON: options, data, every epoch, the SHA-256 of the weights."""
        return self.out / "record.json"

    @property
    def model(self) -> Path:
        """The weights of the epoch that was kept."""
        return self.out / "model.safetensors"

    @property
    def state(self) -> Path:
        """All that going on takes: weights, moments of the optimiser, the best weights, the last epoch."""
        return self.out / "state.safetensors"

    def read_record(self) -> Record:
        """The record.

        Raises:
            CheckpointError: unreadable, or of another format.
        """
        record = read_record(self.record.name, self.record, "run", error=CheckpointError)
        try:  # an option added since: its default
            record["options"] = TrainOptions(**record["options"]).to_dict()
            if record["options"]["standardise"] == "zca" and "size" not in record["data"]:
                raise ArgumentError("data.size", None, "height and width of the images that were whitened")
        except (ArgumentError, TypeError) as error:
            raise CheckpointError(self.record.name, self.record, f"a record of this version ({error})") from error
        return record

    def check_weights(self, record: Record) -> str:
        """The SHA-256 of the weights' file.

        Raises:
            CheckpointError: there are none, or not those that the record has the SHA-256 of.
        """
        if (written := record.get("weights")) is None:
            wanted = "a record with the SHA-256 of its weights; the same training once more writes it"
            raise CheckpointError(self.record.name, self.record, wanted)
        found = hashlib.sha256(read_bytes(self.model.name, self.model, limit=2**36, error=CheckpointError)).hexdigest()
        if written != found:
            wanted = f"the weights that its record has the SHA-256 of, {written[:12]}…, not {found[:12]}…: they are"
            again = "corrupt or another run's; where a training was killed, the same command once more mends it"
            raise CheckpointError(self.model.name, self.model, f"{wanted} {again}")
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The folder, made if need be, for this process alone.

        Raises:
            RunError: it is no folder, or another process trains there.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(held_folder(self.out))
            except BlockingIOError as error:
                raise RunError("--out", self.out, "a folder in which no other process trains") from error
            except OSError as error:
                raise RunError("--out", self.out, f"a folder that can be written to ({error.strerror})") from error
            yield

    def same_run(self, record: Record) -> Record | None:
        """The record found here of the run that `record` begins; None where there is none.

        Where its weights are not those that it was written with, it is not finished: they are written again from the
        state.

        Raises:
            CheckpointError: unreadable; or there is no state to write the weights from.
            RunError: a run with other options or data, naming the first that differs.
        """
        if not self.record.exists():
            if self.state.exists():
                raise RunError("--out", str(self.out), "a new folder: this one has a state without its record.json")
            return None
        found = self.read_record()
        begun_with = found["options"] | found["data"]
        for name, ours in (record["options"] | record["data"]).items():
            theirs = begun_with.get(name)
            if theirs != ours:
                wanted = f"another folder, or the same run: it was begun with {name} = {theirs}, now {ours}"
                raise RunError("--out", str(self.out), wanted)
        if found["finished"]:
            try:
                self.check_weights(found)
            except CheckpointError:
                if not self.state.exists():
                    raise
                found["finished"] = False
        return found
