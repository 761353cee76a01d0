"""Captured steps, with a recorder in the card's place that computes a step anew each time it is replayed."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from experiments.training.synthetic import splits
from torch import Tensor

from invariance.experiments import trainer
from invariance.experiments.captured import CapturedStep
from invariance.experiments.fit import train
from invariance.experiments.options import TrainOptions


def recorder(step: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
    loss = torch.zeros(())

    def replay() -> None:
        loss.copy_(step())

    return replay, loss


def refuses(step: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
    raise RuntimeError("operation not permitted when stream is capturing")


def captured_with(monkeypatch: pytest.MonkeyPatch, capture: object) -> None:
    monkeypatch.setattr(trainer, "_can_capture", lambda *_: True)
    monkeypatch.setattr("invariance.experiments.captured._as_graph", capture)


@pytest.mark.filterwarnings("ignore:the training step cannot be recorded")
@pytest.mark.parametrize("capture", [recorder, refuses])
@pytest.mark.parametrize("augment", ["none", "crop-flip", "rotation:20", "shift-flip:2"])
def test_a_training_of_captured_steps_is_the_same_training(capture, augment: str, monkeypatch, tmp_path: Path):
    # Steps of 9 and of 8 images. Adam would divide gradients of nothing but rounding by their own size.
    options = TrainOptions("cnn", "cifar10", width=4, epochs=2, batch=9, augment=augment, optimizer="sgd")
    plain = train(options, splits(60), tmp_path / "plain")
    captured_with(monkeypatch, capture)
    captured = train(options, splits(60), tmp_path / "captured")
    losses = [[entry["train_loss"] for entry in record["history"]] for record in (plain, captured)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_rate_that_a_captured_step_reads_follows_the_schedule(optimizer, monkeypatch, tmp_path: Path):
    options = TrainOptions("cnn", "cifar10", width=4, epochs=2, batch=9, optimizer=optimizer)
    plain = train(options, splits(60), tmp_path / "plain")
    captured_with(monkeypatch, recorder)
    captured = train(options, splits(60), tmp_path / "captured")
    assert plain["history"][-1]["train_loss"] == pytest.approx(captured["history"][-1]["train_loss"], rel=1e-5)


def test_each_size_of_a_batch_is_recorded_once():
    recorded: list[int] = []

    def step(images: Tensor, labels: Tensor) -> Tensor:
        return images.sum() + labels.sum()

    def capture(captured: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
        recorded.append(len(recorded))
        return recorder(captured)

    captured = CapturedStep(step, capture)
    for size in (3, 2, 3, 3, 2, 3, 2, 2):
        images, labels = torch.rand(size, 1, 2, 2), torch.arange(size)
        assert torch.equal(captured(images, labels), step(images, labels))
    assert recorded == [0, 1]


def test_a_step_that_cannot_be_recorded_says_why():
    captured = CapturedStep(lambda images, labels: images.sum(), refuses)
    images, labels = torch.rand(2, 1, 2, 2), torch.arange(2)
    for _ in range(3):
        captured(images, labels)
    with pytest.warns(UserWarning, match="cannot be recorded as a CUDA graph and runs slower .operation not permitted"):
        captured(images, labels)
    captured(images, labels)
    assert captured.refused == "operation not permitted when stream is capturing"
