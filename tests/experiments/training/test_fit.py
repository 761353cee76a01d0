"""Training: it learns, follows from its seed, resumes to the bit, and says in a line what is wrong."""

import dataclasses
import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from experiments.training.synthetic import splits
from safetensors import safe_open
from safetensors.torch import load, load_file, save

from invariance.errors import ArgumentError, CheckpointError, DivergedError, OutputError, RunError
from invariance.experiments import trainer
from invariance.experiments.batches import batches
from invariance.experiments.checkpoint import load_state, load_tensors, save_tensors
from invariance.experiments.data import Splits
from invariance.experiments.fit import Listener, train
from invariance.experiments.options import TrainOptions
from invariance.experiments.run import load_run
from invariance.reading import read_json

TESTS = Path(__file__).parents[2]
OPTIONS = TrainOptions("cnn", "synthetic", epochs=2, width=2, augment="crop-flip", batch=64)

KILLED = """
import json, os, signal, sys
from pathlib import Path
import torch
from experiments.training.synthetic import splits
from experiments.training.test_fit import Interrupt
from invariance.experiments.fit import train
from invariance.experiments.options import TrainOptions

class Killer(Interrupt):
    def step(self, epoch, step, loss):
        if epoch == self.at and step > 1:
            os.kill(os.getpid(), signal.SIGKILL)

torch.set_num_threads(1)
train(TrainOptions(**json.loads(sys.argv[2])), splits(), Path(sys.argv[1]), listener=Killer(at=2))
"""


def changed(**options) -> TrainOptions:
    return dataclasses.replace(OPTIONS, **options)


class Interrupt(Listener):
    """A listener that stops a training in the middle of epoch `at`."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.epochs = []

    def epoch(self, entry):
        self.epochs.append(entry["epoch"])

    def step(self, epoch, step, loss):
        if epoch == self.at:
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def same_tensors(a: Path, b: Path) -> bool:
    ours, theirs = load_file(a), load_file(b)
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


def test_it_learns_and_the_best_epoch_is_kept(tmp_path: Path):
    record = train(changed(epochs=3, augment="none", batch=16), splits(), tmp_path)
    accuracies = [entry["validation_accuracy"] or 0.0 for entry in record["history"]]
    assert record["best"] is not None
    assert record["best"]["validation_accuracy"] == max(accuracies) > 0.9
    assert record["best"]["epoch"] == accuracies.index(max(accuracies)) + 1
    assert record["history"][-1]["train_loss"] < record["history"][0]["train_loss"]
    classifier, read = load_run(tmp_path)
    assert read == record == json.loads((tmp_path / "record.json").read_text())
    data = splits().validation
    assert not classifier.training
    right = classifier(data.images / 255).argmax(1) == data.labels
    assert right.double().mean().item() == max(accuracies)


def test_the_record_says_what_was_done(tmp_path: Path):
    record = train(changed(limit=200, epochs=1), splits(), tmp_path)
    assert record["options"] == changed(limit=200, epochs=1).to_dict()
    assert (record["data"]["train"], record["data"]["validation"], record["data"]["note"]) == (200, 101, "synthetic")
    assert record["parameters"] == sum(p.numel() for p in load_run(tmp_path)[0].parameters())
    assert record["versions"]["torch"] == torch.__version__
    assert record["hardware"]["threads"] == 1
    assert record["finished"]


def test_the_statistics_are_those_of_the_training_images_used(tmp_path: Path):
    train(changed(limit=200, epochs=1), splits(), tmp_path)
    images = splits().train.images[:200].double() / 255
    classifier, _ = load_run(tmp_path)
    torch.testing.assert_close(classifier.mean.double(), images.mean((0, 2, 3)), rtol=1e-6, atol=0)
    torch.testing.assert_close(classifier.std.double(), images.std((0, 2, 3), correction=0), rtol=1e-6, atol=0)


def test_a_killed_run_resumes_to_the_same_bits(tmp_path: Path):
    """z2cnn has dropout, whose masks must come back as well."""
    options = changed(model="z2cnn", limit=200, precision="bfloat16", channels_last=True)
    arguments = [sys.executable, "-c", KILLED, str(tmp_path / "killed"), json.dumps(options.to_dict())]
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    killed = subprocess.run(arguments, check=False, capture_output=True, text=True, env=environment)
    assert killed.returncode == -9, killed.stderr
    before = json.loads((tmp_path / "killed" / "record.json").read_text())
    assert (len(before["history"]), before["finished"]) == (1, False)
    resumed = train(options, splits(), tmp_path / "killed")
    whole = train(options, splits(), tmp_path / "whole")
    for name in ("state", "model"):
        assert same_tensors(tmp_path / f"killed/{name}.safetensors", tmp_path / f"whole/{name}.safetensors")
    assert resumed["best"] == whole["best"]
    assert [session["after"] for session in resumed.get("resumed", [])] == [1]


def test_weights_follow_from_the_seed(tmp_path: Path):
    for seed, name in ((0, "a"), (0, "b"), (1, "c")):
        train(changed(seed=seed, epochs=1), splits(100), tmp_path / name)
    assert same_tensors(tmp_path / "a/model.safetensors", tmp_path / "b/model.safetensors")
    assert not same_tensors(tmp_path / "a/model.safetensors", tmp_path / "c/model.safetensors")


def test_every_epoch_has_its_own_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    orders = []

    def watched(*arguments, **options):
        made = batches(*arguments, **options)
        orders.append(tuple(torch.cat(made).tolist()))
        return made

    monkeypatch.setattr(trainer, "batches", watched)
    train(changed(epochs=3), splits(70), tmp_path)
    assert len(set(orders)) == 3


def test_a_finished_run_is_returned_at_once(tmp_path: Path):
    listener = Interrupt(at=0)
    record = train(OPTIONS, splits(), tmp_path, listener=listener)
    assert listener.epochs == [1, 2]
    assert train(OPTIONS, splits(), tmp_path, listener=listener) == record
    assert listener.epochs == [1, 2]


@pytest.mark.parametrize("name", ["epochs", "learning_rate", "seed", "precision", "width"])
def test_other_options_are_refused_by_name(tmp_path: Path, name: str):
    others = {"epochs": 3, "learning_rate": 0.01, "seed": 1, "precision": "bfloat16", "width": 3}
    with pytest.raises(KeyboardInterrupt):
        train(OPTIONS, splits(), tmp_path, listener=Interrupt(at=1))
    with pytest.raises(RunError, match=f"begun with {name} = "):
        train(changed(**{name: others[name]}), splits(), tmp_path)


def test_other_data_are_refused(tmp_path: Path):
    with pytest.raises(KeyboardInterrupt):
        train(OPTIONS, splits(), tmp_path, listener=Interrupt(at=1))
    other = splits()
    other.train.images[0, 0, 0, 0] += 1
    with pytest.raises(RunError, match="begun with sha256 = "):
        train(OPTIONS, other, tmp_path)


def test_a_divergence_names_epoch_and_step(tmp_path: Path):
    with pytest.raises(DivergedError, match=r"in epoch 1, step \d+: a finite loss \(it was .* lower --learning-rate"):
        train(changed(learning_rate=1e30), splits(), tmp_path)


def test_a_divergence_in_the_last_step_of_an_epoch_keeps_the_state_before(tmp_path: Path):
    """The loss of the last step is finite, and what Adam then makes of it is not."""

    class Broken(Interrupt):
        def step(self, epoch, step, loss):
            if epoch == self.at and step == self.steps:
                next(classifiers[0].parameters()).data.view(-1)[0] = float("nan")

        def begin(self, record, steps):
            self.steps = steps

    classifiers = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "_check_fit", lambda classifier, *_: classifiers.append(classifier))
        with pytest.raises(DivergedError, match=r"weights = not finite after epoch 2: .* the epochs before are kept"):
            train(OPTIONS, splits(), tmp_path, listener=Broken(at=2))
    assert len(read_json("record", tmp_path / "record.json")["history"]) == 1
    _, about = load_state(tmp_path / "state.safetensors")
    assert [entry["epoch"] for entry in about["history"]] == [1]
    load_run(tmp_path)


DAMAGES = {
    "NaN": lambda tensors: tensors["weights/mean"].fill_(float("nan")),
    "another dtype": lambda tensors: tensors.update({"weights/mean": tensors["weights/mean"].double()}),
    "another shape": lambda tensors: tensors.update({"weights/mean": tensors["weights/mean"][:1].clone()}),
    "one that is missing": lambda tensors: tensors.pop("weights/mean"),
    "one too many": lambda tensors: tensors.update({"weights/x": torch.ones(1)}),
    "a moment of another dtype": lambda tensors: tensors.update(
        {name: value.double() for name, value in tensors.items() if name.startswith("exp_avg/")}
    ),
    "a moment that is infinite": lambda tensors: next(
        value for name, value in tensors.items() if name.startswith("exp_avg/")
    ).fill_(float("inf")),
}


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that was interrupted in its second epoch."""
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.raises(KeyboardInterrupt):
        train(OPTIONS, splits(), folder, listener=Interrupt(at=2))
    return folder


@pytest.mark.parametrize("signed", [False, True], ids=["as it was signed", "signed anew"])
@pytest.mark.parametrize("change", DAMAGES.values(), ids=DAMAGES)
def test_a_state_that_was_changed_is_not_resumed(stopped: Path, tmp_path: Path, change, signed: bool):
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    state = tmp_path / "state.safetensors"
    header = safe_open(state, "pt").metadata()
    tensors, about = load_tensors(state)
    change(tensors)
    if signed:
        save_tensors(state, tensors, about)
    else:
        state.write_bytes(save(tensors, header))
    with pytest.raises(CheckpointError, match=r"state\.safetensors.*remove it"):
        train(OPTIONS, splits(), tmp_path)


def test_a_flipped_bit_in_a_state_is_not_resumed(stopped: Path, tmp_path: Path):
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    state = tmp_path / "state.safetensors"
    content = bytearray(state.read_bytes())
    content[-1] ^= 1
    state.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"state\.safetensors.*it is corrupt; remove it"):
        train(OPTIONS, splits(), tmp_path)


def test_weights_without_a_checksum_and_others_are_not_loaded(tmp_path: Path):
    train(changed(epochs=1), splits(), tmp_path)
    model, record = tmp_path / "model.safetensors", tmp_path / "record.json"
    whole, told = model.read_bytes(), record.read_bytes()
    flipped = bytearray(whole)
    flipped[-1] ^= 1
    model.write_bytes(flipped)
    with pytest.raises(CheckpointError, match=r"model\.safetensors.*SHA-256"):
        load_run(tmp_path)
    model.write_bytes(save(load(whole)))
    entry = json.loads(told) | {"weights": hashlib.sha256(model.read_bytes()).hexdigest()}
    record.write_text(json.dumps(entry), encoding="utf-8")
    with pytest.raises(CheckpointError, match="a readable checkpoint"):
        load_run(tmp_path)
    model.write_bytes(whole)
    record.write_text(json.dumps({k: v for k, v in json.loads(told).items() if k != "weights"}), encoding="utf-8")
    with pytest.raises(CheckpointError, match="a record with the SHA-256 of its weights"):
        load_run(tmp_path)


def test_the_weights_of_a_finished_run_are_written_again_from_its_state(tmp_path: Path):
    record = train(changed(epochs=1), splits(), tmp_path)
    model = tmp_path / "model.safetensors"
    whole = model.read_bytes()
    model.write_bytes(whole[:-1])
    assert train(changed(epochs=1), splits(), tmp_path) == record
    assert model.read_bytes() == whole
    model.write_bytes(whole[:-1])
    (tmp_path / "state.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        train(changed(epochs=1), splits(), tmp_path)


@pytest.mark.parametrize("damage", ["truncated", "not ours", "another network"])
def test_a_corrupt_state_is_named(stopped: Path, tmp_path: Path, damage: str):
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    state = tmp_path / "state.safetensors"
    if damage == "truncated":
        state.write_bytes(state.read_bytes()[:-100])
    elif damage == "not ours":
        state.write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    else:
        with pytest.raises(KeyboardInterrupt):
            train(changed(width=3), splits(), tmp_path / "wide", listener=Interrupt(at=2))
        (tmp_path / "wide/state.safetensors").replace(state)
    with pytest.raises(CheckpointError, match=r"state\.safetensors.*remove it"):
        train(OPTIONS, splits(), tmp_path)


def test_a_full_disk_leaves_the_last_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(KeyboardInterrupt):
        train(OPTIONS, splits(), tmp_path, listener=Interrupt(at=2))
    state = tmp_path / "state.safetensors"
    before = state.read_bytes()
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refuse)
        with pytest.raises(OutputError, match=r"\.safetensors.*No space left on device"):
            train(OPTIONS, splits(), tmp_path)
    assert state.read_bytes() == before
    assert train(OPTIONS, splits(), tmp_path)["finished"]


def test_a_run_is_one_process_s_at_a_time(tmp_path: Path):
    class Second(Interrupt):
        def step(self, epoch, step, loss):
            train(OPTIONS, splits(), tmp_path)

    with pytest.raises(RunError, match="no other process"):
        train(OPTIONS, splits(), tmp_path, listener=Second(at=1))


def test_recomputed_statistics_are_those_of_the_training_images(tmp_path: Path):
    """The first layer's input does not depend on other statistics: its mean over all pixels, the mean of batches'."""
    train(changed(epochs=1, recompute_batchnorm=True), splits(500), tmp_path)
    classifier, _ = load_run(tmp_path)
    seen = []
    norm = next(m for m in classifier.modules() if isinstance(m, torch.nn.BatchNorm2d))
    norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    classifier(splits(500).train.images / 255)
    torch.testing.assert_close(norm.running_mean, seen[0].mean((0, 2, 3)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(norm.running_var, seen[0].var((0, 2, 3)), rtol=1e-4, atol=1e-5)


def test_statistics_as_in_training_see_dropout_and_augmentation(tmp_path: Path):
    """Networks of the same weights: what comes after the last epoch changes no weight."""
    told = {}
    for model in ("z2cnn:width=2", "z2cnn:width=2,dropout=0.0"):
        for statistics in ("evaluation", "training"):
            out = tmp_path / model / statistics
            options = TrainOptions(
                model, "synthetic", epochs=1, batch=32, recompute_batchnorm=True, statistics=statistics
            )
            train(options, splits(96, size=28), out)
            state = load_run(out)[0].state_dict()
            assert all(torch.equal(v, told.setdefault((model, k), v)) for k, v in state.items() if k.endswith("weight"))
            told[model, statistics] = torch.cat([v for k, v in state.items() if k.endswith("running_var")])
        apart = (told[model, "training"] / told[model, "evaluation"] - 1).abs().max()
        # Without dropout only the batches are others: n/(n−1) of a variance.
        assert apart > 0.1 if "dropout" not in model else apart < 0.05


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"statistics": "running"}, "statistics"),
        ({"epochs": 0}, "epochs"),
        ({"batch": -1}, "batch"),
        ({"width": 0}, "width"),
        ({"limit": 0}, "limit"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"weight_decay": -1.0}, "weight_decay"),
        ({"seed": -1}, "seed"),
        ({"schedule": "linear"}, "schedule"),
        ({"schedule": "steps"}, "schedule"),
        ({"schedule": "steps:3,2"}, "schedule"),
        ({"schedule": "steps:0"}, "schedule"),
        ({"schedule": "steps:3,3"}, "schedule"),
        ({"schedule": "steps:1.5"}, "schedule"),
        ({"optimizer": "adamw"}, "optimizer"),
        ({"standardise": "pca"}, "standardise"),
        ({"standardise": "zca", "displacement": 1.0}, "standardise"),
        ({"augment": "shift-flip:0"}, "augment"),
        ({"augment": "shift-flip:17"}, "augment"),
        ({"augment": "shift-flip:nan"}, "augment"),
        ({"precision": "float8"}, "precision"),
        ({"augment": "mixup"}, "augment"),
        ({"select": "first"}, "select"),
    ],
)
@pytest.mark.bad_input
def test_bad_options_are_named(options, name: str):
    with pytest.raises(ArgumentError, match=f"^{name} = "):
        changed(**options)


def test_by_momentum_on_whitened_images_it_learns_and_goes_on_to_the_bit(tmp_path: Path):
    options = changed(
        optimizer="sgd", learning_rate=0.02, standardise="zca", augment="shift-flip:2", schedule="steps:3", epochs=4
    )
    whole = train(options, small_splits(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(options, small_splits(), tmp_path / "cut", listener=Interrupt(at=2))
    assert train(options, small_splits(), tmp_path / "cut")["finished"]
    assert same_tensors(tmp_path / "whole" / "model.safetensors", tmp_path / "cut" / "model.safetensors")
    assert whole["history"][-1]["train_loss"] < 0.9 * whole["history"][0]["train_loss"]
    classifier, _ = load_run(tmp_path / "whole")
    data = small_splits().validation
    best = max(entry["validation_accuracy"] or 0.0 for entry in whole["history"])
    assert (classifier(data.images / 255).argmax(1) == data.labels).double().mean().item() == best


@pytest.mark.bad_input
def test_a_record_of_whitened_images_says_how_large_they_are(tmp_path: Path):
    record = train(changed(standardise="zca", epochs=1), small_splits(), tmp_path)
    del record["data"]["size"]
    (tmp_path / "record.json").write_text(json.dumps(record))
    with pytest.raises(CheckpointError, match=r"record\.json.*data\.size"):
        load_run(tmp_path)


def small_splits() -> Splits:
    """Grey and of 24×24 pixels, so that the covariance is of 576 numbers."""
    whole = splits()
    parts = {
        name: dataclasses.replace(part, images=part.images[:, :1, :24, :24].contiguous())
        for name in ("train", "validation", "test")
        for part in [getattr(whole, name)]
    }
    return dataclasses.replace(whole, **parts)


@pytest.mark.parametrize("model", ["no-such", "cnn:depth=3", "plain-cnn", "diffcnn:kernel_size=1"])
def test_what_is_no_classifier_leaves_no_folder(tmp_path: Path, model: str):
    with pytest.raises(ArgumentError):
        train(changed(model=model, width=None), splits(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_images_too_small_for_the_network_are_named(tmp_path: Path):
    with pytest.raises(ArgumentError):
        train(OPTIONS, splits(64, size=8), tmp_path)


def test_a_file_is_no_folder(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="a folder"):
        train(OPTIONS, splits(), tmp_path / "file")


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_a_card_trains_in_every_precision(tmp_path: Path, card: str, precision: str):
    options = changed(epochs=4, batch=16, augment="none", precision=precision, channels_last=True)
    with pytest.raises(KeyboardInterrupt):
        train(options, splits(), tmp_path, device=card, listener=Interrupt(at=3))
    record = train(options, splits(), tmp_path, device=card)
    assert record["best"] is not None
    assert record["best"]["validation_accuracy"] > 0.9
