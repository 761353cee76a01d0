"""The state of a training and one epoch of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ..certifying.radius import require_movable
from ..errors import ArgumentError, DivergedError
from .batches import batches, stream
from .captured import CapturedStep
from .checkpoint import optimizer_tensors, restore_optimizer
from .classifier import Classifier
from .data import Dataset, augmentation, to_float
from .distributed import Processes
from .options import TrainOptions
from .record import Epoch, Record
from .run import build_classifier, load_weights
from .worst_case import WorstCase

__all__ = ["Trainer"]

_LOOK = 10  # steps between two looks at the losses: each waits for the device and for the other processes
_EVALUATION_BATCH = 500
_AUGMENTED = 5000  # images changed at a time: a warp of all would make several fields of the size of the data set
_SLOWER = "finite numbers: try a lower --learning-rate in another folder; the epochs before are kept"
_ORDER, _AUGMENTATION, _DROPOUT = range(3)


class Trainer:
    """Classifier, optimiser and data; `tensors` and `restore` carry everything that an epoch changes.

    Raises:
        ArgumentError: fewer images in a step than processes.
    """

    def __init__(
        self, options: TrainOptions, record: Record, training: Dataset, validation: Dataset, processes: Processes
    ) -> None:
        self.options, self.processes, device = options, processes, processes.device
        self.training, self.validation = training.to(device), validation.to(device)
        self.steps = -(-len(training) // options.batch)
        if len(training) // self.steps < processes.count:
            raise ArgumentError("batch", options.batch, f"an image or more for each of {processes.count} processes")
        if not len(validation) and options.select == "best":
            raise ArgumentError("validation", 0, "at least one image, to choose the epoch, or --select last")
        self.augmentation = augmentation(options.augment)
        classifier = build_classifier(record["options"], record["data"])
        classifier.fit(training.images)
        _check_fit(classifier, options.model, training)
        if processes.count > 1 and device.type == "cuda":
            nn.SyncBatchNorm.convert_sync_batchnorm(classifier)
        self.classifier = classifier.to(device)
        if options.channels_last:
            _to_channels_last(classifier)
        self.captured = CapturedStep(self._update) if _can_capture(options, processes) else None
        adam = partial(torch.optim.Adam, capturable=True) if self.captured else torch.optim.Adam
        kind = partial(torch.optim.SGD, momentum=0.9) if options.optimizer == "sgd" else adam
        # What is captured reads the learning rate from the card.
        rate = torch.tensor(options.learning_rate, device=device) if self.captured else options.learning_rate
        self.optimizer = kind(classifier.parameters(), lr=rate, weight_decay=options.weight_decay, fused=True)
        self.scaler = torch.amp.GradScaler(device.type, enabled=options.precision == "float16")
        self.module: Any = torch.compile(classifier) if options.compile else classifier
        trained = self.module
        if options.displacement and isinstance(classifier, Classifier):
            require_movable(classifier.net, options.displacement)
            trained = WorstCase(classifier)
        self.parallel = processes.parallel(trained)

    def epoch(self, number: int, report: Callable[[int, float], None]) -> Epoch:
        """Epoch `number` = 0, 1, …: a pass over the training images, then validation.

        `report` gets the steps done and the mean loss so far, every few steps.

        Raises:
            DivergedError: a loss or a weight is not finite.
        """
        begin = time.perf_counter()
        train_loss = self._train(number, report)
        if self.options.recompute_batchnorm and (len(self.validation) or number + 1 == self.options.epochs):
            self._recompute_batchnorm(number)
        self.processes.same_buffers(self.classifier)
        if not all(tensor.isfinite().all() for tensor in self.tensors().values()):
            raise DivergedError("weights", f"not finite after epoch {number + 1}", _SLOWER)
        loss, accuracy = self._validate()
        if loss is not None and not math.isfinite(loss):
            raise DivergedError("validation loss", f"{loss} after epoch {number + 1}", _SLOWER)
        return {
            "epoch": number + 1,
            "train_loss": train_loss,
            "validation_loss": loss,
            "validation_accuracy": accuracy,
            "seconds": round(time.perf_counter() - begin, 3),
        }

    def tensors(self) -> dict[str, Tensor]:
        """Weights, buffers and the optimiser's moments."""
        weights = {f"weights/{name}": value for name, value in self.classifier.state_dict().items()}
        return weights | optimizer_tensors(self.optimizer, self.classifier)

    def restore(self, tensors: Mapping[str, Tensor], scaler: dict[str, Any], path: Path) -> None:
        """What `tensors` and `scaler.state_dict()` gave, as read from `path`.

        Raises:
            CheckpointError: the weights are another network's.
        """
        weights = {k: v for k, v in tensors.items() if k.startswith("weights/")}
        load_weights(self.classifier, {k.removeprefix("weights/"): v for k, v in weights.items()}, path)
        restore_optimizer(self.optimizer, self.classifier, {k: v for k, v in tensors.items() if k not in weights})
        if scaler:
            self.scaler.load_state_dict(scaler)

    def _train(self, number: int, report: Callable[[int, float], None]) -> float:
        options, processes = self.options, self.processes
        order = batches(len(self.training), options.batch, generator=stream(options.seed, number, _ORDER))
        randomness = stream(options.seed, number, _AUGMENTATION)
        losses = torch.zeros(self.steps, device=processes.device)  # this process's share of each step's mean
        sizes = torch.tensor([len(index) for index in order])
        mean = float("nan")
        self.classifier.train()
        shown = self._at_once(order, randomness) if self.captured else self._one_by_one(order, randomness)
        with _global_randomness(stream(options.seed, number, _DROPOUT + processes.rank), processes.device):
            for step, (images, labels) in enumerate(shown):
                progress = (number + step / self.steps) / options.epochs
                self._set_rate(options.learning_rate_at(progress))
                if self.captured:
                    losses[step] = self.captured(images, labels)
                else:
                    losses[step] = self._step(images, labels, progress)
                if (step + 1) % _LOOK == 0 or step + 1 == self.steps:
                    so_far = processes.sum(losses[: step + 1]).cpu()
                    mean = _mean_loss(so_far, sizes[: step + 1], number)
                    report(step + 1, mean)
        return mean

    def _one_by_one(self, order: list[Tensor], randomness: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Images and labels of each step of an epoch."""
        for index in order:
            index = index.to(self.processes.device)
            images, labels = self.training.images[index], self.training.labels[index]
            yield self.augmentation(images, generator=randomness) if self.augmentation else images, labels

    def _at_once(self, order: list[Tensor], randomness: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """The same ones, made before the first step: a few launches instead of some for each."""
        index, sizes = torch.cat(order).to(self.processes.device), [len(part) for part in order]
        images, labels = self.training.images[index], self.training.labels[index]
        if augmentation := self.augmentation:
            drawn = torch.cat([augmentation.draw(size, randomness) for size in sizes]).to(images.device)
            parts = zip(images.split(_AUGMENTED), drawn.split(_AUGMENTED), strict=True)
            images = torch.cat([augmentation.apply(part, numbers) for part, numbers in parts])
        return zip(images.split(sizes), labels.split(sizes), strict=True)

    def _set_rate(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def _step(self, images: Tensor, labels: Tensor, progress: float) -> Float[Tensor, ""]:
        """A step on this process's share of a batch; its term of the batch's mean loss."""
        told = (self.options.displacement_at(progress),) if self.options.displacement else ()
        part = self.processes.share(labels)
        return self._update(self.processes.share(images), part, *told, weight=len(part) / len(labels))

    def _update(self, images: Tensor, labels: Tensor, *displacement: float, weight: float = 1.0) -> Float[Tensor, ""]:
        self.optimizer.zero_grad()
        told = (labels, *displacement) if displacement else ()
        loss = cross_entropy(self._logits(self.parallel, images, *told), labels) * weight
        self.scaler.scale(loss * self.processes.count).backward()  # gradients are averaged over the processes
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss.detach()

    def _logits(
        self, net: Callable[..., Tensor], images: Shaped[Tensor, "b c h w"], *told: Tensor | float
    ) -> Float[Tensor, "b classes"]:
        layout = torch.channels_last if self.options.channels_last else torch.contiguous_format
        precision = self.options.precision
        autocast = torch.autocast(images.device.type, getattr(torch, precision), enabled=precision != "float32")
        with autocast:
            return net(to_float(images).contiguous(memory_format=layout), *told).float()

    @torch.no_grad()
    def _validate(self) -> tuple[float, float] | tuple[None, None]:
        """Mean cross-entropy and accuracy on the validation split."""
        if not len(self.validation):
            return None, None
        self.classifier.eval()
        sums = torch.zeros(2, dtype=torch.float64, device=self.processes.device)
        mine = self.processes.share(torch.arange(len(self.validation), device=self.processes.device))
        for index in mine.split(_EVALUATION_BATCH):
            if len(index):
                logits, labels = self._logits(self.module, self.validation.images[index]), self.validation.labels[index]
                sums[0] += cross_entropy(logits, labels, reduction="sum")
                sums[1] += (logits.argmax(1) == labels).sum()
        loss, accuracy = (self.processes.sum(sums) / len(self.validation)).tolist()
        return loss, accuracy

    @torch.no_grad()
    def _recompute_batchnorm(self, number: int) -> None:
        """Batch norm's statistics: means over batches of all training images, with the weights as they are."""
        norms = [m for m in self.classifier.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        training = self.options.statistics == "training"
        size = self.options.batch if training else _EVALUATION_BATCH
        epoch = self.options.epochs + number  # of no training: its randomness is nobody else's
        randomness = stream(self.options.seed, epoch, _AUGMENTATION)
        self.classifier.train(training)
        with _averaging(norms), _global_randomness(stream(self.options.seed, epoch, _DROPOUT), self.processes.device):
            for index in torch.arange(len(self.training)).tensor_split(-(-len(self.training) // size)):
                images = self.training.images[index.to(self.processes.device)]
                if training and self.augmentation:
                    images = self.augmentation(images, generator=randomness)
                self._logits(self.module, images)


def _can_capture(options: TrainOptions, processes: Processes) -> bool:
    """Whether a step is the same kernels each time: no number of it is the host's, no other process takes part."""
    plain = not (options.compile or options.displacement or options.precision == "float16")
    return plain and processes.count == 1 and processes.device.type == "cuda"


@contextmanager
def _averaging(norms: list[Any]) -> Iterator[None]:
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch's word for the plain mean over the batches seen
        norm.train()
    yield
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


@torch.no_grad()
def _check_fit(classifier: nn.Module, model: str, data: Dataset) -> None:
    shape = tuple(data.images.shape[1:])
    try:
        logits = classifier.eval()(to_float(data.images[:2].cpu()))
    except RuntimeError as error:
        raise ArgumentError("model", model, f"a network for images of shape {shape} ({error})") from error
    if logits.shape != (len(data.images[:2]), len(data.classes)):
        wanted = f"a classifier: {len(data.classes)} logits an image, not an output of shape {tuple(logits.shape)[1:]}"
        raise ArgumentError("model", model, wanted)


def _mean_loss(losses: Float[Tensor, "steps"], sizes: Int64[Tensor, "steps"], number: int) -> float:
    finite = losses.isfinite()
    if not finite.all():
        step = int(finite.logical_not().nonzero()[0])
        before = f"it was {losses[step - 1]:.4g} the step before" if step else "as before this epoch"
        value = f"{losses[step]} in epoch {number + 1}, step {step + 1}"
        raise DivergedError("loss", value, f"a finite loss ({before}); try a lower --learning-rate")
    return float((losses.double() * sizes).sum() / sizes.sum())


def _to_channels_last(net: nn.Module) -> None:
    """As `net.to(memory_format=torch.channels_last)`, which refuses the five axes of group convolutions' filters."""
    for tensor in net.parameters():
        if tensor.ndim == 4:
            tensor.data = tensor.data.contiguous(memory_format=torch.channels_last)


@contextmanager
def _global_randomness(generator: torch.Generator, device: torch.device) -> Iterator[None]:
    """Dropout draws from torch's global generators: seed them here, and give them back as they were."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(generator.initial_seed())
        yield
