"""Downloads, from a server on this machine."""

import dataclasses
import io
import sys
import tarfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch

from invariance.errors import DataError
from invariance.experiments.data import load as loading
from invariance.experiments.data import load_splits, remote
from invariance.experiments.data.files import md5

pytest.importorskip("pooch")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder and its address."""
    folder = tmp_path_factory.mktemp("served")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def archive(cifar10_folder: Path, served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> remote.Remote:
    """A tiny CIFAR-10, served, and taken for the canonical one."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        tar.add(cifar10_folder / "cifar-10-batches-bin", "cifar-10-batches-bin")
    (served[0] / remote.CIFAR10.name).write_bytes(packed.getvalue())
    tiny = dataclasses.replace(remote.CIFAR10, md5=md5(packed.getvalue()), servers=(served[1],))
    monkeypatch.setattr(remote, "CIFAR10", tiny)
    monkeypatch.setitem(loading.DATASETS, "cifar10", dataclasses.replace(loading.DATASETS["cifar10"], remotes=(tiny,)))
    return tiny


def test_the_archive_is_fetched_once_and_read_as_it_is(
    archive: remote.Remote, served: tuple[Path, str], cifar10_folder: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    fetched = load_splits("cifar10", home, download=True, note="nobody reads this")
    unpacked = load_splits("cifar10", cifar10_folder)
    assert fetched.note == ""
    assert torch.equal(fetched.train.images, unpacked.train.images)
    assert torch.equal(fetched.test.labels, unpacked.test.labels)
    (served[0] / archive.name).unlink()
    assert len(load_splits("cifar10", home, download=True).test) == 12


def test_nothing_is_fetched_where_the_files_are(archive: remote.Remote, cifar10_folder: Path) -> None:
    remote.download(dataclasses.replace(archive, servers=()), cifar10_folder)
    load_splits("cifar10", cifar10_folder, download=True)
    assert not list(cifar10_folder.rglob(archive.name))


def test_the_archive_is_fetched_where_one_of_its_files_is_missing(archive: remote.Remote, cifar10_folder: Path) -> None:
    (cifar10_folder / "cifar-10-batches-bin" / "test_batch.bin").unlink()
    assert len(load_splits("cifar10", cifar10_folder, download=True).test) == 12


def test_a_corrupt_download_is_refused_and_thrown_away(
    archive: remote.Remote, served: tuple[Path, str], tmp_path: Path
) -> None:
    content = bytearray((served[0] / archive.name).read_bytes())
    content[len(content) // 2] ^= 1
    (served[0] / archive.name).write_bytes(bytes(content))
    with pytest.raises(DataError, match=r"does not match.*put it there by hand") as caught:
        load_splits("cifar10", tmp_path / "home", download=True)
    assert "\n" not in str(caught.value)
    assert archive.name in str(caught.value)
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file()]


def test_the_next_server_is_tried(archive: remote.Remote, served: tuple[Path, str], tmp_path: Path) -> None:
    nobody, missing = "http://127.0.0.1:1/", served[1] + "not-here/"
    remote.download(dataclasses.replace(archive, servers=(nobody, missing, served[1])), tmp_path / "home")
    with pytest.raises(DataError, match=r"refused.*404"):
        remote.download(dataclasses.replace(archive, servers=(nobody, missing)), tmp_path / "elsewhere")


def test_an_archive_with_another_checksum(archive: remote.Remote, tmp_path: Path) -> None:
    (tmp_path / archive.name).write_bytes(b"not what was published")
    with pytest.raises(DataError, match=f"MD5 {archive.md5}, not .*delete it"):
        load_splits("cifar10", tmp_path)


def test_without_pooch(archive: remote.Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(DataError, match=r"pip install 'invariance-toolkit\[data\]'"):
        load_splits("cifar10", tmp_path / "home", download=True)


def test_mnist_is_four_files_in_one_folder(mnist_folder: Path) -> None:
    assert len(remote.MNIST) == 4
    for item in remote.MNIST:
        assert item.folder == "mnist"
        assert item.name == f"{item.holds[0]}.gz"
        remote.download(dataclasses.replace(item, servers=()), mnist_folder)
    (mnist_folder / "mnist" / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="t10k-labels"):
        remote.download(dataclasses.replace(remote.MNIST[3], servers=()), mnist_folder)
