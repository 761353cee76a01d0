"""Training a classifier: resumable after every epoch, to the bit on a CPU."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ..errors import DivergedError
from .batches import batches, stream
from .checkpoint import load_tensors, optimizer_tensors, restore_optimizer, save_json, save_tensors
from .classifier import channel_statistics
from .data import augment, to_float
from .options import TrainOptions
from .record import Epoch, Record, describe_data, provenance
from .run import FORMAT, RunFolder, build_classifier, load_into

if TYPE_CHECKING:
    from .data import Dataset, Splits

__all__ = ["Listener", "train"]

_LOOK = 10  # steps between two looks at the losses: each waits for the device
_EVALUATION_BATCH = 500


class Listener(Protocol):
    """What a progress display implements."""

    def begin(self, record: Record, steps: int) -> None:
        """Before the first step; `steps` an epoch."""

    def step(self, epoch: int, step: int, loss: float) -> None:
        """Every few steps, with the mean loss of the epoch so far."""

    def epoch(self, entry: Epoch) -> None:
        """After validation, with everything saved."""


def train(
    options: TrainOptions,
    splits: Splits,
    out: Path,
    *,
    device: torch.device | str = "cpu",
    listener: Listener | None = None,
) -> Record:
    """Train, or go on training, and leave the run in `out`; a finished run is returned at once.

    The weights of the epoch with the best validation accuracy (the first of equals) are kept; the test split is not
    looked at. Order, augmentation and dropout of an epoch follow from (seed, epoch), so that a run killed at any time
    and resumed ends in the same bits on the same CPU with the same number of threads.

    Raises:
        RunError: `out` holds another run.
        CheckpointError: a file in `out` is unreadable.
        DivergedError: the loss or the weights stopped being finite; names epoch and step.
        OSError: a file cannot be written; the state of the last epoch stays valid.
    """
    device = torch.device(device)
    splits_used = splits.train[: options.limit]
    record: Record = {
        "format": FORMAT,
        "finished": False,
        "options": options.to_dict(),
        "data": describe_data(splits) | {"train": len(splits_used)},
        "parameters": 0,
        "best": None,
        "history": [],
        **provenance(device),
    }
    folder = RunFolder(out)
    trainer = _Trainer(options, record, splits_used, splits.validation, device)
    record["parameters"] = sum(p.numel() for p in trainer.classifier.parameters())
    record = folder.claim(record)
    if record["finished"]:
        return record
    if folder.state.exists():
        record["history"], record["best"] = trainer.restore(folder.state)
    if listener:
        listener.begin(record, trainer.steps)
    for number in range(len(record["history"]), options.epochs):
        entry = trainer.epoch(number, listener)
        record["history"].append(entry)
        if record["best"] is None or entry["validation_accuracy"] > record["best"]["validation_accuracy"]:
            record["best"] = {"epoch": entry["epoch"], "validation_accuracy": entry["validation_accuracy"]}
            save_tensors(folder.model, trainer.classifier.state_dict(), record["best"])
        record["finished"] = len(record["history"]) == options.epochs
        trainer.save(folder.state, record)
        save_json(folder.record, record)
        if listener:
            listener.epoch(entry)
    return record


class _Trainer:
    def __init__(
        self, options: TrainOptions, record: Record, training: Dataset, validation: Dataset, device: torch.device
    ) -> None:
        self.options, self.device = options, device
        self.training, self.validation = training.to(device), validation.to(device)
        self.steps = -(-len(training) // options.batch)
        self.classifier = build_classifier(record["options"], record["data"])
        self.classifier.mean, self.classifier.std = channel_statistics(training.images)
        self.classifier.to(device)
        if options.channels_last:
            _to_channels_last(self.classifier)
        self.optimizer = torch.optim.Adam(
            self.classifier.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay, fused=True
        )
        self.scaler = torch.amp.GradScaler(device.type, enabled=options.precision == "float16")
        self.forward: nn.Module = torch.compile(self.classifier) if options.compile else self.classifier  # pyright: ignore[reportAttributeAccessIssue]

    def epoch(self, number: int, listener: Listener | None) -> Epoch:
        begin = time.perf_counter()
        train_loss = self._train(number, listener)
        if self.options.recompute_batchnorm:
            self._recompute_batchnorm()
        loss, accuracy = self._validate()
        if not all(p.isfinite().all() for p in self.classifier.parameters()):
            raise DivergedError("weights", f"not finite after epoch {number + 1}", "a lower --learning-rate")
        return {
            "epoch": number + 1,
            "train_loss": train_loss,
            "validation_loss": loss,
            "validation_accuracy": accuracy,
            "seconds": round(time.perf_counter() - begin, 3),
        }

    def _train(self, number: int, listener: Listener | None) -> float:
        options = self.options
        order = batches(len(self.training), options.batch, generator=stream(options.seed, number, 0))
        augmentation = stream(options.seed, number, 1)
        losses = torch.zeros(self.steps, device=self.device)
        sizes = torch.tensor([len(index) for index in order])
        self.classifier.train()
        with _global_randomness(stream(options.seed, number, 2).initial_seed(), self.device):
            for step, index in enumerate(order):
                for group in self.optimizer.param_groups:
                    group["lr"] = options.learning_rate_at((number + step / self.steps) / options.epochs)
                index = index.to(self.device)
                images = self.training.images[index]
                if options.augment != "none":
                    images = augment(images, flip=options.augment == "crop-flip", generator=augmentation)
                losses[step] = self._step(images, self.training.labels[index])
                if (step + 1) % _LOOK == 0 or step + 1 == self.steps:
                    mean = _mean_loss(losses[: step + 1].cpu(), sizes[: step + 1], number)
                    if listener:
                        listener.step(number + 1, step + 1, mean)
        return _mean_loss(losses.cpu(), sizes, number)

    def _step(self, images: Tensor, labels: Tensor) -> Tensor:
        self.optimizer.zero_grad()
        loss = cross_entropy(self._logits(images), labels)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss.detach()

    def _logits(self, images: Tensor) -> Tensor:
        layout = torch.channels_last if self.options.channels_last else torch.contiguous_format
        with self._autocast():
            return self.forward(to_float(images).contiguous(memory_format=layout)).float()

    def _autocast(self) -> AbstractContextManager[object]:
        if self.options.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, getattr(torch, self.options.precision))

    @torch.no_grad()
    def _validate(self) -> tuple[float, float]:
        """Mean cross-entropy and accuracy on the validation split."""
        self.classifier.eval()
        loss = correct = 0.0
        for first in range(0, len(self.validation), _EVALUATION_BATCH):
            part = self.validation[first : first + _EVALUATION_BATCH]
            logits = self._logits(part.images)
            loss += cross_entropy(logits, part.labels, reduction="sum").item()
            correct += (logits.argmax(1) == part.labels).sum().item()
        return loss / len(self.validation), correct / len(self.validation)

    @torch.no_grad()
    def _recompute_batchnorm(self) -> None:
        """Mean over the batches of every batch normalisation's statistics, with the weights as they are now."""
        norms = [m for m in self.classifier.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        momenta = [m.momentum for m in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
        self.classifier.eval()
        for norm in norms:
            norm.train()
        for index in torch.arange(len(self.training), device=self.device).tensor_split(self.steps):
            self._logits(self.training.images[index])
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum

    def save(self, path: Path, record: Record) -> None:
        tensors = {f"weights/{k}": v for k, v in self.classifier.state_dict().items()}
        tensors |= optimizer_tensors(self.optimizer, self.classifier)
        about = {"history": record["history"], "best": record["best"], "scaler": self.scaler.state_dict()}
        save_tensors(path, tensors, about)

    def restore(self, path: Path) -> tuple[list[Epoch], dict[str, object] | None]:
        tensors, about = load_tensors(path)
        weights = {k.removeprefix("weights/"): v for k, v in tensors.items() if k.startswith("weights/")}
        load_into(self.classifier, weights, path)
        moments = {k: v for k, v in tensors.items() if not k.startswith("weights/")}
        restore_optimizer(self.optimizer, self.classifier, moments)
        if about["scaler"]:
            self.scaler.load_state_dict(about["scaler"])
        return about["history"], about["best"]


def _mean_loss(losses: Float[Tensor, "steps"], sizes: Tensor, number: int) -> float:
    if not losses.isfinite().all():
        step = int(losses.isfinite().logical_not().nonzero()[0])
        last = f"it was {losses[step - 1]:.4g} the step before" if step else "on the first step of the epoch"
        value = f"{losses[step]} in epoch {number + 1}, step {step + 1}"
        raise DivergedError("loss", value, f"a finite loss ({last}); try a lower --learning-rate")
    return float((losses.double() * sizes).sum() / sizes.sum())


def _to_channels_last(net: nn.Module) -> None:
    for tensor in net.parameters():
        if tensor.ndim == 4:
            tensor.data = tensor.data.contiguous(memory_format=torch.channels_last)


def _global_randomness(seed: int, device: torch.device) -> AbstractContextManager[object]:
    """Dropout draws from torch's global generators: seed them here, and give them back as they were."""
    context = torch.random.fork_rng([device] if device.type == "cuda" else [])
    return _Seeded(context, seed)


class _Seeded(AbstractContextManager[object]):
    def __init__(self, context: AbstractContextManager[object], seed: int) -> None:
        self.context, self.seed = context, seed

    def __enter__(self) -> object:
        entered = self.context.__enter__()
        torch.manual_seed(self.seed)
        return entered

    def __exit__(self, *details: object) -> None:
        self.context.__exit__(*details)  # pyright: ignore[reportArgumentType]
