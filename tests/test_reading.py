"""What somebody else may have written is read within limits, and said with its place where it does not fit."""

import json
import os
from pathlib import Path

import pytest

from invariance.errors import ArgumentError
from invariance.reading import is_file, is_folder, read_bytes
from invariance.records import check_record, read_record

PICTURES = {
    **{"format": "invariance pictures 1", "image": 0, "label": "x", "warps": [], "pictures": []},
    **{"answers": {"x" * 10**6: 3}, "fields": {}, "protocol": {}},
}
STATE = {"kind": "state", "history": [], "best": None, "scaler": {}}


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "folder", "pipe", "missing", "x" * 300, "\0"])
def test_regular_files_alone_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    os.mkfifo("pipe")
    with pytest.raises(ArgumentError, match=r"FILE = "):
        read_bytes("FILE", Path(name), limit=100)


@pytest.mark.parametrize("look", [is_file, is_folder])
def test_names_that_no_file_can_have(look):
    assert not look("FILE", Path("missing/of/x"))
    with pytest.raises(ArgumentError, match="under which something can be read"):
        look("FILE", Path("x" * 300))


def test_records_are_of_the_kinds_that_were_asked_for(tmp_path: Path):
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"kind": "curves"}), encoding="utf-8")
    with pytest.raises(ArgumentError, match="a record of kind check or warp: it must contain"):
        read_record("FILE", file, "check", "warp")
    file.write_text(json.dumps(STATE), encoding="utf-8")
    read_record("FILE", file, "state")
    with pytest.raises(ArgumentError, match="a record of kind check: it must contain"):
        read_record("FILE", file, "check")
    file.write_text("3", encoding="utf-8")
    with pytest.raises(ArgumentError, match="a record of kind check: it must be object"):
        read_record("FILE", file, "check")


def test_what_does_not_fit_is_said_in_a_line():
    check_record(STATE, "state")
    with pytest.raises(ValueError, match=r"^history must be array$"):
        check_record(STATE | {"history": 3}, "state")
    with pytest.raises(ValueError, match=r"^.{1,300}$"):
        check_record(PICTURES, "pictures")
