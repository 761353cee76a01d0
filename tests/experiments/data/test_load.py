"""Data sets by name: what is read, how it is split, what is said of it."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from invariance.errors import ArgumentError, DataError
from invariance.experiments.data import Dataset, load_splits
from invariance.experiments.data import mnist as mnist_files
from invariance.experiments.data.files import md5


def same(a: Dataset, b: Dataset) -> bool:
    return torch.equal(a.images, b.images) and torch.equal(a.labels, b.labels)


def rows(*parts: Dataset) -> list[bytes]:
    return sorted(bytes(image.flatten().tolist()) for part in parts for image in part.images)


def test_cifar10_is_the_records(cifar10_folder: Path, records: np.ndarray) -> None:
    splits = load_splits("cifar10", cifar10_folder, validation=0)
    assert (splits.name, len(splits.train), len(splits.validation), len(splits.test)) == ("cifar10", 60, 0, 12)
    assert splits.train.images.dtype == torch.uint8
    assert splits.train.images.is_contiguous()
    # Byte 1 + 1024c + 32y + x of a record is channel c of the pixel in row y and column x.
    for record, image, label in zip(records[60:], splits.test.images, splits.test.labels, strict=True):
        assert label == record[0]
        assert image[2, 5, 7] == record[1 + 2048 + 5 * 32 + 7]
    assert torch.equal(splits.train.images.flatten(1), torch.from_numpy(records[:60, 1:]))
    assert splits.train.classes[3] == "cat"


def test_mnist_is_the_arrays(mnist_folder: Path, digits: dict[str, np.ndarray]) -> None:
    splits = load_splits("mnist", mnist_folder, validation=0)
    assert torch.equal(splits.train.images, torch.from_numpy(digits["train-images-idx3-ubyte"])[:, None])
    assert torch.equal(splits.test.labels, torch.from_numpy(digits["t10k-labels-idx1-ubyte"]).long())
    assert splits.test.classes == tuple("0123456789")


@pytest.mark.parametrize(("name", "sizes"), [("mnist", (110, 10, 20)), ("rotmnist", (20, 4, 100))])
def test_proportions(mnist_folder: Path, name: str, sizes: tuple[int, int, int]) -> None:
    splits = load_splits(name, mnist_folder)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == sizes


@pytest.mark.parametrize("subfolder", [".", "cifar-10-batches-bin"])
def test_folder_or_the_one_in_it(cifar10_folder: Path, subfolder: str) -> None:
    splits = load_splits("cifar10", cifar10_folder / subfolder)
    assert (len(splits.train), len(splits.validation)) == (54, 6)


def test_folder_of_the_environment(cifar10_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVARIANCE_DATA", str(cifar10_folder))
    assert len(load_splits("cifar10").test) == 12
    monkeypatch.delenv("INVARIANCE_DATA")
    with pytest.raises(DataError, match="INVARIANCE_DATA"):
        load_splits("cifar10")


@pytest.mark.parametrize("name", ["cifar10", "rotmnist"])
def test_validation_images_are_drawn_from_the_training_set(cifar10_folder: Path, mnist_folder: Path, name: str) -> None:
    whole = load_splits(name, cifar10_folder, validation=0)
    splits, again, other = (load_splits(name, mnist_folder, validation=7, seed=seed) for seed in (3, 3, 4))
    assert len(splits.validation) == 7
    assert rows(splits.train, splits.validation) == rows(whole.train)
    assert same(splits.validation, again.validation)
    assert not same(splits.validation, other.validation)
    assert same(splits.test, other.test)
    assert same(splits.test, whole.test)


@pytest.mark.parametrize("validation", [-1, 60, 61])
def test_something_is_left_to_train_on(cifar10_folder: Path, validation: int) -> None:
    with pytest.raises(ArgumentError, match="validation"):
        load_splits("cifar10", cifar10_folder, validation=validation)


@pytest.mark.bad_input
def test_unknown_data_set_and_labels_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="cifar10, mnist, rotmnist"):
        load_splits("imagenet", tmp_path)
    with pytest.raises(ArgumentError, match="one for each image"):
        Dataset(torch.zeros(3, 1, 2, 2, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64), ("a",))


def test_note(cifar10_folder: Path, mnist_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cifar10", "mnist", "rotmnist"):
        assert load_splits(name, mnist_folder).note == "not known to be the canonical files"
    assert load_splits("mnist", mnist_folder, note="drawn by hand").note == "drawn by hand"
    assert load_splits("cifar10", cifar10_folder, note="re-encoded").note == "re-encoded"
    canonical = {name: md5(content(mnist_folder, name)) for name in mnist_files._MD5}
    monkeypatch.setattr(mnist_files, "_MD5", canonical)
    for name in ("mnist", "rotmnist"):
        assert load_splits(name, mnist_folder, note="drawn by hand").note == ""
    monkeypatch.setitem(canonical, "t10k-labels-idx1-ubyte", "0" * 32)
    assert load_splits("mnist", mnist_folder, note="drawn by hand").note == "drawn by hand"


def content(folder: Path, name: str) -> bytes:
    return mnist_files.read_bytes(mnist_files.find_file(folder, "mnist", name))


def test_a_selection_is_a_data_set(cifar10_folder: Path) -> None:
    test = load_splits("cifar10", cifar10_folder).test
    assert same(test[2:5], test[torch.tensor([2, 3, 4])])
    assert len(test[test.labels == test.labels[0]]) == (test.labels == test.labels[0]).sum()


@pytest.mark.gpu
def test_on_the_gpu(cifar10_folder: Path, card: str) -> None:
    splits = load_splits("cifar10", cifar10_folder, device=card)
    assert splits.train.images.device.type == card
    assert splits.validation.labels.device.type == card
    assert same(splits.train.to("cpu"), load_splits("cifar10", cifar10_folder).train)


@pytest.mark.skipif("INVARIANCE_DATA" not in os.environ, reason="INVARIANCE_DATA is not set")
@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("cifar10", (45_000, 5_000, 10_000)),
        ("mnist", (55_000, 5_000, 10_000)),
        ("rotmnist", (10_000, 2_000, 50_000)),
    ],
)
def test_the_real_data(name: str, sizes: tuple[int, int, int]) -> None:
    splits = load_splits(name)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == sizes
    for part in (splits.train, splits.validation, splits.test):
        counts = part.labels.bincount(minlength=10) / len(part)
        assert ((counts > 0.07) & (counts < 0.13)).all()
    mean = splits.train.images.float().mean((0, 2, 3)) / 255
    # Known means of the training sets; the tolerance is that of lossy copies and of the draw.
    expected = {"cifar10": (0.4914, 0.4822, 0.4465), "mnist": (0.1307,), "rotmnist": (0.1307,)}[name]
    assert torch.allclose(mean, torch.tensor(expected), atol=2e-3)
