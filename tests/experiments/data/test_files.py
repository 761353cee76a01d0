"""Broken files: one line that names the file and what to do."""

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest

from invariance.errors import DataError
from invariance.experiments.data import cifar10, files, load_splits, remote

IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"


def complaint(name: str, folder: Path, file: str) -> str:
    with pytest.raises(DataError) as caught:
        load_splits(name, folder)
    message = str(caught.value)
    assert "\n" not in message
    assert file in message
    return message


def change(path: Path, position: int, value: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] = value
    path.write_bytes(bytes(content))


def truncate(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


@pytest.mark.parametrize("file", ["data_batch_1.bin", "data_batch_5.bin", "test_batch.bin"])
def test_cifar10(cifar10_folder: Path, file: str) -> None:
    path = cifar10_folder / "cifar-10-batches-bin" / file
    content = path.read_bytes()
    change(path, 3073 * 4, 10)
    assert "labels 0 to 9, not 10" in complaint("cifar10", cifar10_folder, file)
    for size in (0, 1, len(content) - 1):
        path.write_bytes(content[:size])
        assert f"whole records of 3073 bytes, not {size} bytes; get it again" in complaint(
            "cifar10", cifar10_folder, file
        )
    path.unlink()
    assert "missing" in complaint("cifar10", cifar10_folder, file)


@pytest.mark.parametrize("file", ["data_batch_2.bin", "data_batch_5.bin", "test_batch.bin"])
def test_a_file_cut_between_records(cifar10_folder: Path, file: str) -> None:
    truncate(cifar10_folder / "cifar-10-batches-bin" / file, 11 * 3073)
    assert "12 records like data_batch_1.bin, not 11" in complaint("cifar10", cifar10_folder, file)


@pytest.mark.parametrize("name", ["mnist", "rotmnist"])
def test_no_folder_there(tmp_path: Path, name: str) -> None:
    assert "missing" in complaint(name, tmp_path / "nowhere", "train-images-idx3-ubyte")


def test_idx_labels(mnist_folder: Path) -> None:
    path = mnist_folder / "mnist" / LABELS
    content = path.read_bytes()
    change(path, 8 + 119, 10)
    assert "labels 0 to 9, not 10" in complaint("mnist", mnist_folder, LABELS)
    path.write_bytes(content[:3])
    assert "magic number 0x0801" in complaint("mnist", mnist_folder, LABELS)
    path.write_bytes(content)
    change(path, 3, 3)
    assert "magic number 0x0801, not 0x0803" in complaint("mnist", mnist_folder, LABELS)
    for broken in (content[:-1], content + b"\0"):
        path.write_bytes(broken)
        assert f"128 bytes as its header says, not {len(broken)}" in complaint("mnist", mnist_folder, LABELS)
    path.write_bytes(content[:6])
    assert "as its header says, not 6" in complaint("mnist", mnist_folder, LABELS)
    path.write_bytes(content[:7] + b"\x77" + content[8:-1])
    assert "120 labels, one for each image, not 119" in complaint("mnist", mnist_folder, LABELS)


def test_idx_images_of_another_size(mnist_folder: Path) -> None:
    path = mnist_folder / "mnist" / IMAGES
    path.unlink()
    header = b"\0\0\x08\3" + b"".join(n.to_bytes(4, "big") for n in (120, 14, 56))
    (path.with_suffix("")).write_bytes(header + bytes(120 * 14 * 56))
    assert "28×28" in complaint("mnist", mnist_folder, IMAGES[:-3])


def test_broken_gzip(mnist_folder: Path) -> None:
    path = mnist_folder / "mnist" / IMAGES
    content = path.read_bytes()
    damaged = content[:10] + b"\xff" * 20 + content[30:]  # the header is whole, the first block of no known kind
    for broken in (content[: len(content) // 2], content[5:], damaged, b""):
        path.write_bytes(broken)
        assert "get it again" in complaint("mnist", mnist_folder, IMAGES)


@pytest.mark.parametrize("file", [IMAGES, f"{LABELS}.gz"])
def test_what_unpacks_to_more_than_any_data_set_is_refused(
    mnist_folder: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.setattr(files, "LARGEST", 2**21)
    (mnist_folder / "mnist" / LABELS).unlink(missing_ok=True)
    (mnist_folder / "mnist" / f"{LABELS}.gz").write_bytes(gzip.compress(bytes([0, 0, 8, 1]) + (120).to_bytes(4, "big")))
    (mnist_folder / "mnist" / file).write_bytes(gzip.compress(bytes(2**24)))
    assert "at most 2 MB once it is unpacked" in complaint("mnist", mnist_folder, file)


def test_members_of_an_archive_that_unpack_to_more_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 2**21)
    bomb = tmp_path / "cifar-10-binary.tar.gz"
    with tarfile.open(bomb, "w:gz") as archive:
        for name in remote.CIFAR10_FILES:
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = 2**22
            archive.addfile(member, io.BytesIO(bytes(2**22)))
    assert "MD5" in complaint("cifar10", tmp_path, bomb.name)
    monkeypatch.setattr(cifar10, "md5", lambda content: remote.CIFAR10.md5)  # an archive that passes for the canonical
    assert "at most 2 MB once it is unpacked" in complaint("cifar10", tmp_path, bomb.name)


def test_unreadable(mnist_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    assert "Permission denied" in complaint("mnist", mnist_folder, IMAGES)
