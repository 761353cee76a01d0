"""Files are replaced whole or not at all, and tried before the work."""

import errno
import json
import os
import threading
from pathlib import Path

import pytest

from invariance.errors import ArgumentError, OutputError
from invariance.files import held_folder, require_folder, require_writable, write, write_json
from invariance.reading import read_json


def test_what_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    file = tmp_path / "x.json"
    write(file, "old")
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refuse)
        with pytest.raises(OutputError, match=r"x\.json.*No space left"):
            write(file, "new")
    assert file.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["x.json"]  # noqa: PTH208


@pytest.mark.parametrize(
    "content",
    [{}, [], [[]], {"a": {}}, {"a": [1, [2.5, None]], "b": {"c": [True, "é"]}}, [{"x": [1, 2]}, 3], "word", 1e-300],
)
def test_json_is_as_json_dumps_writes_it_with_lists_of_numbers_on_one_line(tmp_path: Path, content: object):
    write_json(tmp_path / "x.json", content)
    said = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert json.loads(said) == content
    assert "".join(said.split()) == "".join(json.dumps(content, indent=1, ensure_ascii=False).split())
    write_json(tmp_path / "x.json", {"a": {"b": [1, 2, 3]}})
    assert (tmp_path / "x.json").read_text(encoding="utf-8") == '{\n "a": {\n  "b": [ 1, 2, 3 ]\n }\n}\n'


def test_json_has_no_nan(tmp_path: Path):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "x.json", {"a": [float("nan")]})
    assert not list(tmp_path.iterdir())


def test_links_are_followed_and_modes_kept(tmp_path: Path):
    file, link = tmp_path / "x", tmp_path / "link"
    write(file, "old")
    file.chmod(0o600)
    link.symlink_to("x")
    write(link, "new")
    assert link.is_symlink()
    assert file.read_text(encoding="utf-8") == "new"
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_a_killed_process_left_is_taken_over(tmp_path: Path):
    (tmp_path / ".x.partial").write_text("half", encoding="utf-8")
    write(tmp_path / "x", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_writers_of_one_file_take_turns(tmp_path: Path):
    texts = [str(k) * 100_000 for k in range(8)]
    threads = [threading.Thread(target=write, args=(tmp_path / "x", text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "x").read_text(encoding="utf-8") in texts
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_names_that_are_no_utf_8_survive(tmp_path: Path):
    write_json(tmp_path / "x.json", {"file": "caf\udce9"})
    assert json.loads((tmp_path / "x.json").read_bytes()) == {"file": "caf\udce9"}


@pytest.mark.parametrize("name", ["", ".", "folder", "missing/x", "pipe", "circle", "/dev/full", "a" * 300])
def test_outputs_are_tried_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    os.mkfifo("pipe")
    Path("circle").symlink_to("circle")
    with pytest.raises(ArgumentError, match=r"--json = "):
        require_writable("--json", Path(name))
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "pipe", "circle"}


def test_an_unrelated_file_is_not_replaced_unasked(tmp_path: Path):
    file = tmp_path / "x.json"
    file.write_text('{"a thesis": 1}', encoding="utf-8")
    with pytest.raises(ArgumentError, match="would be lost"):
        require_writable("--output", file, replaces=b"invariance curve 1")
    write_json(file, {"format": "invariance curve 1"})
    require_writable("--output", file, replaces=b"invariance curve 1")


def test_a_folder_is_one_process_s_and_goes_when_nothing_is_in_it(tmp_path: Path):
    folder = tmp_path / "a/run"
    require_folder("--out", folder)
    assert not folder.exists()
    with held_folder(folder):
        with pytest.raises(BlockingIOError), held_folder(folder):
            pass
        assert folder.is_dir()
    assert not folder.exists()
    with held_folder(folder):
        write(folder / "x", "kept")
    assert [path.name for path in folder.iterdir()] == ["x"]


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path):
    (tmp_path / "x").touch()
    with pytest.raises(ArgumentError, match="a folder"):
        require_folder("--out", tmp_path / "x/y")


@pytest.mark.parametrize("content", ["[" * 10**6, '{"a": NaN}', "1e999", "", "{", "[1]]", '"\xff'.encode("latin-1")])
def test_json_that_is_none_is_named(tmp_path: Path, content: str | bytes):
    file = tmp_path / "x.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ArgumentError, match=r"FILE = .*x\.json: a file of JSON"):
        read_json("FILE", file)


def test_pipes_and_large_files_are_not_read(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ArgumentError, match="a device or a pipe"):
        read_json("FILE", tmp_path / "pipe")
    (tmp_path / "x").write_bytes(bytes(100))
    with pytest.raises(ArgumentError, match=r"at most .* MB"):
        read_json("FILE", tmp_path / "x", limit=99)
