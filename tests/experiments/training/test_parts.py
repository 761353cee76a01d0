"""The parts of a training, each against its definition."""

import math

import pytest
import torch

from invariance.errors import CheckpointError, DegenerateError
from invariance.experiments.batches import batches, stream
from invariance.experiments.checkpoint import load_tensors, save_tensors
from invariance.experiments.classifier import Classifier, WhitenedClassifier, channel_statistics
from invariance.experiments.options import TrainOptions
from invariance.files import write_json
from invariance.models import build_spec
from invariance.reading import read_json


@pytest.mark.parametrize(("count", "batch"), [(1, 1), (7, 100), (100, 100), (101, 100), (512, 100)])
def test_batches_partition_the_images_evenly(count: int, batch: int, generator: torch.Generator):
    made = batches(count, batch, generator=generator)
    assert torch.equal(torch.cat(made).sort().values, torch.arange(count))
    sizes = [len(index) for index in made]
    assert len(made) == math.ceil(count / batch)
    assert max(sizes) <= batch
    assert max(sizes) - min(sizes) <= 1


def test_streams_differ_in_every_argument():
    drawn = {
        tuple(torch.randint(2**60, (2,), generator=stream(seed, epoch, purpose)).tolist())
        for seed in (0, 1, 2**62)
        for epoch in range(3)
        for purpose in range(3)
    }
    assert len(drawn) == 27


def test_statistics_are_exact(generator: torch.Generator):
    images = torch.randint(256, (11, 3, 5, 4), generator=generator, dtype=torch.uint8)
    mean, std = channel_statistics(images)
    values = images.double() / 255
    torch.testing.assert_close(mean, values.mean((0, 2, 3)).float())
    torch.testing.assert_close(std, values.std((0, 2, 3), correction=0).float())


def test_constant_images_are_refused():
    with pytest.raises(DegenerateError):
        channel_statistics(torch.zeros(3, 1, 4, 4, dtype=torch.uint8))


def test_a_classifier_standardises(generator: torch.Generator):
    images = torch.rand(4, 3, 5, 5, generator=generator)
    mean, std = images.mean((0, 2, 3)), images.std((0, 2, 3))
    seen = Classifier(torch.nn.Flatten(), mean, std)(images).unflatten(1, (3, 5, 5))
    torch.testing.assert_close(seen.mean((0, 2, 3)), torch.zeros(3), rtol=0, atol=1e-6)
    torch.testing.assert_close(seen.std((0, 2, 3)), torch.ones(3))


@pytest.mark.parametrize("model", ["cnn", "diffcnn-cnn", "rotdcf-cnn", "st-cnn", "cpab-cnn", "z2cnn", "p4cnn"])
def test_bfloat16_is_a_matter_of_rounding(model: str, generator: torch.Generator):
    """Trained under autocast, judged in float32: that must be the same network."""
    net = build_spec(model, width=8, in_channels=3, generator=generator).train()
    images = 4 * torch.rand(32, 3, 32, 32, generator=generator) - 2
    logits = []
    for enabled in (False, True):
        with torch.no_grad(), torch.random.fork_rng(), torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            torch.manual_seed(0)
            logits.append(net(images).double())
    wide, narrow = logits
    assert (narrow - wide).norm() < 0.1 * (wide - wide.mean(0)).norm()


def test_whitened_images_have_the_covariance_that_the_regulariser_leaves(generator: torch.Generator):
    """W C W = diag(s / (s + 1e-5)) in C's own basis: the identity, but for components that hardly vary."""
    basis = torch.randn(48, 20, generator=generator)
    images = (128 + 6 * torch.randn(4000, 20, generator=generator) @ basis.mT).clamp(0, 255).to(torch.uint8)
    images = images.unflatten(1, (3, 4, 4))
    classifier = WhitenedClassifier(torch.nn.Flatten(), (3, 4, 4))
    classifier.fit(images)
    flat = images.double().flatten(1) / 255
    flat = (flat - flat.mean(1, keepdim=True)) / flat.std(1, correction=0, keepdim=True)
    values, vectors = torch.linalg.eigh(flat.mT.cov(correction=0))
    wanted = (vectors * (values / (values + 1e-5))) @ vectors.mT
    white = classifier(images.double() / 255)
    torch.testing.assert_close(white.mT.double().cov(correction=0), wanted, rtol=0, atol=2e-3)
    torch.testing.assert_close(classifier.whitening, classifier.whitening.mT, rtol=1e-4, atol=1e-4)
    in_bits = torch.autocast("cpu", torch.bfloat16)
    with in_bits:
        torch.testing.assert_close(classifier(images.float() / 255), white.float(), rtol=1e-3, atol=1e-3)


def test_a_constant_image_is_whitened_to_numbers():
    classifier = WhitenedClassifier(torch.nn.Flatten(), (1, 2, 2))
    images = torch.randint(256, (50, 1, 2, 2), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    images[0] = 7
    classifier.fit(images)
    assert classifier(images.float() / 255).isfinite().all()


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("constant", [1, 1, 1, 1]),
        ("cosine", [1, 0.75, 0.5, 0]),
        ("steps:50", [1, 1, 0.1, 0.1]),
        ("steps:30,50,99", [1, 0.1, 0.01, 0.001]),
    ],
)
def test_schedules(schedule, rates: list[float]):
    options = TrainOptions("cnn", "cifar10", learning_rate=1.0, schedule=schedule)
    found = [options.learning_rate_at(progress) for progress in (0, 1 / 3, 0.5, 1)]
    assert found == pytest.approx(rates, abs=1e-12)


def test_tensors_round_trip_with_what_they_are(tmp_path, generator: torch.Generator):
    tensors = {
        "a": torch.randn(2, 3, 4, 5, generator=generator).contiguous(memory_format=torch.channels_last),
        "count": torch.tensor(3),
    }
    save_tensors(tmp_path / "x.safetensors", tensors, {"epoch": 3, "σ": 0.1})
    read, about = load_tensors(tmp_path / "x.safetensors")
    assert about == {"epoch": 3, "σ": 0.1}
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[k], tensors[k]) for k in tensors)
    assert [file.name for file in tmp_path.iterdir()] == ["x.safetensors"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"x\.safetensors"):
        load_tensors(tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    "content", [[], [1, 2.5], [[1, 2], [3]], {"a": ["b [  c\n ]", "]"], "d": [{}, {"e": []}]}, [["[", "  "]]]
)
def test_json_survives_and_keeps_numbers_on_a_line(tmp_path, content: object):
    write_json(tmp_path / "file.json", {"content": content, "numbers": [1, 2, 3]})
    assert read_json("file", tmp_path / "file.json") == {"content": content, "numbers": [1, 2, 3]}
    assert ' "numbers": [ 1, 2, 3 ]\n' in (tmp_path / "file.json").read_text(encoding="utf-8")
