"""The canonical files in the network and their checksums."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...errors import DataError
from ...extras import DISTRIBUTION
from .files import locate

__all__ = ["CIFAR10", "CIFAR10_FILES", "CIFAR10_FOLDER", "MNIST", "MNIST_FOLDER", "Remote", "download"]

CIFAR10_FOLDER, MNIST_FOLDER = "cifar-10-batches-bin", "mnist"
CIFAR10_FILES = (*(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin")


@dataclass(frozen=True)
class Remote:
    """A file that a server has.

    Attributes:
        name: of the file; a server's address and it make a URL.
        md5: of the file as it is sent.
        servers: their addresses, tried one after another; each ends in a slash.
        folder: where it belongs, under that of the data.
        holds: names of the files in it; it is not fetched where all of them are there.
    """

    name: str
    md5: str
    servers: tuple[str, ...]
    folder: str
    holds: tuple[str, ...]


CIFAR10 = Remote(
    "cifar-10-binary.tar.gz",
    "c32a1d4ab5d03f1284b67883e8d87530",
    ("https://www.cs.toronto.edu/~kriz/",),
    CIFAR10_FOLDER,
    CIFAR10_FILES,
)

MNIST = tuple(
    Remote(
        f"{name}.gz",
        checksum,
        ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
        MNIST_FOLDER,
        (name,),
    )
    for name, checksum in {
        "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
    }.items()
)


def download(remote: Remote, folder: Path) -> None:
    """Fetch it into `folder`, with a progress bar, unless it or what it holds is there; nothing unchecked stays there.

    Raises:
        DataError: no server gave it with the right checksum; pooch is not installed.
    """
    target = folder / remote.folder / remote.name
    if target.is_file() or all(locate(folder, remote.folder, name) for name in remote.holds):
        return
    try:
        import pooch
    except ImportError as error:
        raise DataError("file", target, f"missing; to download it, pip install '{DISTRIBUTION}[data]'") from error
    pooch.get_logger().setLevel("WARNING")
    failures = []
    for server in remote.servers:
        try:
            pooch.retrieve(
                server + remote.name, f"md5:{remote.md5}", fname=target.name, path=target.parent, progressbar=True
            )
            return
        # Pooch says ValueError where the checksum is another one; requests' errors are OSErrors.
        except (OSError, ValueError) as error:
            failures.append(f"{server}: {' '.join(str(error).split())}")
    raise DataError("file", target, f"a download that succeeds ({'; '.join(failures)}); put it there by hand")
