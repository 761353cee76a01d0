"""Metrics and callbacks against the real libraries; what is measured leaves a training as it was."""

import math
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from invariance import invariance_curve
from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.watching import Watch


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def classifier() -> nn.Module:
    torch.manual_seed(0)
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5), *head)


IMAGES = torch.rand(8, 3, 12, 12, generator=seeded())
LABELS = torch.arange(8) % 3


def test_a_watch_measures_what_the_curve_does_and_leaves_the_training_alone():
    net = classifier()
    before, state = {name: v.clone() for name, v in net.state_dict().items()}, torch.get_rng_state()
    found = Watch(IMAGES, warp="rotation", scale=30, labels=LABELS)(net)
    assert all(layer.training for layer in net.modules())
    assert all(torch.equal(v, before[name]) for name, v in net.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    curve = invariance_curve(
        net.eval(), IMAGES, warp="rotation", scales=(30,), labels=LABELS, generator=seeded(), draws=1
    )
    assert found == {
        "rotation 30/error": float(curve.error),
        "rotation 30/consistency": float(curve.consistency),
        "rotation 30/accuracy": float(curve.accuracy),
    }


def test_a_constant_network_stops_no_training():
    assert math.isnan(Watch(IMAGES, warp="smooth", scale=0.1)(nn.Sequential(nn.Threshold(9, 0)))["smooth 0.1/error"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"warp": "twirl", "scale": 1}, "warp = twirl"),
        ({"warp": "scale", "scale": 0}, r"scales = \(0,\)"),
        ({"warp": "smooth", "scale": -1}, r"scales = \(-1,\)"),
        ({"warp": "rotation", "scale": 30, "claim": "perfect"}, "claim = perfect"),
        ({"warp": "rotation", "scale": 30, "labels": LABELS[:3]}, r"labels.shape = \(3,\)"),
        ({"warp": "rotation", "scale": 30, "batch": 0}, "batch = 0"),
        ({"warp": "rotation", "scale": 30, "images": IMAGES / 0}, "images = NaN or infinite"),
    ],
)
@pytest.mark.bad_input
def test_bad_input_is_said_before_the_training(options: dict, said: str):
    with pytest.raises(ArgumentError, match=said):
        Watch(options.pop("images", IMAGES), **options)


@pytest.mark.bad_input
@pytest.mark.parametrize("labels", [[0, 1], LABELS.double()])
def test_labels_are_whole_numbers(labels: object):
    with pytest.raises(ArgumentTypeError, match="the class of each image"):
        Watch(IMAGES, warp="rotation", scale=30, labels=labels)  # pyright: ignore[reportArgumentType]


def test_a_function_is_watched_as_a_network_is():
    found = Watch(IMAGES.double(), warp="rotation", scale=90)(lambda x: x.square().mean((2, 3)))
    assert found["rotation 90/error"] < 1e-12


@pytest.mark.filterwarnings("ignore")
def test_metrics_add_up_over_batches():
    torchmetrics = pytest.importorskip("torchmetrics")
    from invariance.watching import Consistency, WarpError

    net = classifier().double().eval()
    images = IMAGES.double()
    metrics = torchmetrics.MetricCollection(
        [
            WarpError(warp="rotation", scale=45),
            Consistency(warp="rotation", scale=45),
        ]
    )
    metrics.update(net, images)
    curve = invariance_curve(net, images, warp="rotation", scales=(45,), generator=seeded(), draws=1)
    whole = metrics.compute()
    assert float(whole["WarpError"]) == pytest.approx(float(curve.error), rel=1e-12)
    assert float(whole["Consistency"]) == float(curve.consistency)
    metrics.reset()
    for part in images.split(4):
        metrics.update(net, part)
    assert float(metrics.compute()["Consistency"]) == float(whole["Consistency"])


@pytest.mark.filterwarnings("ignore")
def test_a_metric_leaves_the_training_alone_and_begins_each_epoch_with_the_same_warps():
    pytest.importorskip("torchmetrics")
    from invariance.watching import WarpError

    net, metric, found = classifier(), WarpError(warp="smooth", scale=0.1), []
    before = {name: v.clone() for name, v in net.state_dict().items()}
    for _ in range(2):
        metric.reset()
        metric.update(net, IMAGES)
        found.append(float(metric.compute()))
    assert found[0] == found[1]
    assert all(layer.training for layer in net.modules())
    assert all(torch.equal(v, before[name]) for name, v in net.state_dict().items())


@pytest.mark.filterwarnings("ignore")
def test_a_lightning_training_logs_the_error(tmp_path):
    lightning = pytest.importorskip("pytorch_lightning")
    from invariance.watching import LightningWatch

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = classifier()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.net(x)

        def training_step(self, batch, index: int) -> torch.Tensor:
            x, y = batch
            return nn.functional.cross_entropy(self(x), y)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    seen: list[float] = []

    class Reads(lightning.Callback):
        def on_train_epoch_end(self, trainer, pl_module) -> None:
            seen.append(float(trainer.callback_metrics["rotation 30/error"]))

    with pytest.raises(ArgumentError, match="every = 0: at least one epoch"):
        LightningWatch(IMAGES, warp="rotation", scale=30, every=0)
    watch = LightningWatch(IMAGES, warp="rotation", scale=30, labels=LABELS)
    options = {"accelerator": "cpu", "logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    module = Module()
    trainer = lightning.Trainer(
        max_epochs=2, callbacks=[watch, Reads()], enable_model_summary=False, default_root_dir=tmp_path, **options
    )
    trainer.fit(module, DataLoader(TensorDataset(IMAGES, LABELS), batch_size=4))
    assert len(seen) == 2
    assert seen[0] != seen[1]
    assert seen[1] == pytest.approx(watch.watch(module)["rotation 30/error"], rel=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_a_hugging_face_training_logs_the_error(tmp_path):
    installed = "pip install 'invariance-toolkit[trainer]': 180 MB, whose import takes ten times this test"
    transformers = pytest.importorskip("transformers", reason=installed)
    pytest.importorskip("accelerate", reason=installed)
    from invariance.watching import TrainerWatch

    config = transformers.ViTConfig(
        image_size=12, patch_size=4, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        num_labels=3,
    )  # fmt: skip
    net = transformers.ViTForImageClassification(config)
    data = [{"pixel_values": x, "labels": int(y)} for x, y in zip(IMAGES, LABELS, strict=True)]
    options = transformers.TrainingArguments(
        str(tmp_path), num_train_epochs=2, report_to=[], use_cpu=True, save_strategy="no", disable_tqdm=True
    )
    trainer = transformers.Trainer(model=net, args=options, train_dataset=data)
    watch = TrainerWatch(IMAGES, warp="rotation", scale=30, labels=LABELS)
    watch.added_to(trainer).train()
    logged = [entry["rotation 30/error"] for entry in trainer.state.log_history if "rotation 30/error" in entry]
    assert len(logged) == 2
    assert logged[-1] == pytest.approx(watch.watch(net)["rotation 30/error"], rel=1e-5)


@pytest.mark.bad_input
def test_a_trainer_s_log_is_used_at_the_end_of_every_epoch(monkeypatch: pytest.MonkeyPatch):
    """With a stand-in for transformers, which is seldom installed; the real one is asked above."""
    transformers = ModuleType("transformers")

    class Trainer:
        def __init__(self) -> None:
            self.callbacks: list[Any] = []
            self.logged: list[dict[str, float]] = []
            self.add_callback, self.log = self.callbacks.append, self.logged.append

    transformers.Trainer, transformers.TrainerCallback = Trainer, object  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "transformers", transformers)
    monkeypatch.delitem(sys.modules, "invariance.watching.trainer", raising=False)
    from invariance.watching.trainer import TrainerWatch

    class Logits(nn.Module):
        def forward(self, pixel_values: torch.Tensor) -> SimpleNamespace:
            return SimpleNamespace(logits=pixel_values.square().mean((2, 3)))

    net, watch = Logits(), TrainerWatch(IMAGES.double(), warp="rotation", scale=90)
    with pytest.raises(ArgumentTypeError, match=r"TrainerWatch\(…\)\.added_to\(trainer\), for its log"):
        watch.on_epoch_end(None, SimpleNamespace(is_world_process_zero=True), None, model=net)
    with pytest.raises(ArgumentTypeError, match=r"trainer = int: a transformers\.Trainer"):
        watch.added_to(3)
    trainer = watch.added_to(Trainer())  # pyright: ignore[reportArgumentType]
    for first in (True, False):
        watch.on_epoch_end(None, SimpleNamespace(is_world_process_zero=first), None, model=net)
    (logged,) = trainer.logged  # once: the other processes are silent
    assert logged["rotation 90/error"] < 1e-12
    monkeypatch.delitem(sys.modules, "invariance.watching.trainer")
