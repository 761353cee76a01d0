"""A summary and the numbers beside it: whole, each other's, and nothing that a stranger put there."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from invariance.errors import ResultError
from invariance.experiments import packed
from invariance.experiments.packed import read_packed, save_packed

CONTENT = {"format": "any", "what": "a summary"}
ARRAYS = {"answers": np.arange(12, dtype=np.uint8).reshape(3, 4), "errors": np.linspace(0, 1, 5, dtype=np.float32)}


def both(content: Any, arrays: packed.Arrays) -> tuple[Any, packed.Arrays]:
    return content, arrays


@pytest.fixture
def file(tmp_path: Path) -> Path:
    save_packed(tmp_path / "table.json", CONTENT, ARRAYS)
    return tmp_path / "table.json"


def test_what_is_saved_is_read(file: Path):
    content, arrays = read_packed(file, both)
    assert content == CONTENT | {"packed": content["packed"]}
    assert arrays.keys() == ARRAYS.keys()
    assert all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS)


def test_the_same_numbers_are_the_same_file(file: Path):
    before = {path.name: path.read_bytes() for path in file.parent.iterdir()}
    save_packed(file, CONTENT, ARRAYS)
    assert {path.name: path.read_bytes() for path in file.parent.iterdir()} == before


def test_numbers_that_are_no_longer_named_are_removed_and_others_stay(file: Path):
    others = [file.with_name(name) for name in ("table-2.0123456789ab.npz", "table.npz", "other.0123456789ab.npz")]
    for other in others:
        other.write_bytes(b"")
    save_packed(file, CONTENT, {"answers": np.zeros(3)})
    assert len(list(file.parent.iterdir())) == 2 + len(others)
    assert np.array_equal(read_packed(file, both)[1]["answers"], np.zeros(3))


def test_a_failure_between_the_two_writings_loses_nothing(file: Path, monkeypatch):
    monkeypatch.setattr(packed, "write_json", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save_packed(file, CONTENT, {"answers": np.zeros(3)})
    assert read_packed(file, both)[1].keys() == ARRAYS.keys()


def beside(file: Path) -> Path:
    return file.with_name(json.loads(file.read_text())["packed"]["file"])


def name_it(file: Path, content: bytes) -> None:
    """Put `content` beside `file`, named as if it had been saved with it."""
    digest = hashlib.sha256(content).hexdigest()
    name = f"{file.stem}.{digest[:12]}.npz"
    file.with_name(name).write_bytes(content)
    file.write_text(json.dumps(CONTENT | {"packed": {"file": name, "sha256": digest}}))


def otherwise_packed(file: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as members:
        members.writestr("answers.npy", b"")
    name_it(file, content.getvalue())


def encrypted(file: Path) -> None:
    content = bytearray(beside(file).read_bytes())
    for start in (6, content.index(b"PK\x01\x02") + 8):  # the flags of the first member, where it is and in the list
        content[start] |= 1
    name_it(file, bytes(content))


def of_another_version(file: Path) -> None:
    content = bytearray(beside(file).read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 99  # the version of the format that is needed to read it
    name_it(file, bytes(content))


def corrupt_within(file: Path) -> None:
    content = io.BytesIO()
    np.savez_compressed(content, answers=np.arange(1000))
    damaged = bytearray(content.getvalue())
    damaged[70:90] = bytes(20)
    name_it(file, bytes(damaged))


def pickled(file: Path) -> None:
    content = io.BytesIO()
    np.savez(content, answers=np.array([{}], dtype=object))
    name_it(file, content.getvalue())


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda file: beside(file).unlink(), "there is no"),
        (lambda file: beside(file).write_bytes(beside(file).read_bytes()[:-9]), "written with table.json"),
        (lambda file: np.savez(beside(file), answers=np.zeros(3)), "written with table.json"),
        (lambda file: name_it(file, b"PK\x03\x04"), "written with table.json"),
        (lambda file: name_it(file, b""), "written with table.json"),
        (pickled, "written with table.json"),
        (otherwise_packed, "written with table.json"),
        (encrypted, "written with table.json"),
        (of_another_version, "written with table.json"),
        (corrupt_within, "written with table.json"),
        (lambda file: file.write_text(json.dumps({"packed": {"file": "../x.0123456789ab.npz"}})), "packed.file"),
        (lambda file: file.write_text(json.dumps({"packed": {"file": 3}})), "packed.file"),
    ],
)
def test_what_a_stranger_put_there_is_refused(file: Path, change, said: str):
    change(file)
    with pytest.raises(ResultError, match=said):
        read_packed(file, both)


@pytest.mark.bad_input
def test_a_file_that_unpacks_to_too_much_is_not_unpacked(file: Path, monkeypatch):
    save_packed(file, CONTENT, {"zeros": np.zeros(100_000)})
    monkeypatch.setattr(packed, "_LARGEST", 10_000)
    with pytest.raises(ResultError, match="at most"):
        read_packed(file, both)
