"""The tables of planted faults fit the code."""

import tomllib
from pathlib import Path

import pytest

from tools.plant_faults import FAULTS, ROOT, FaultError, read

TABLES = sorted(FAULTS.glob("*.toml"))


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_every_fault_applies(table: Path) -> None:
    files = tomllib.loads(table.read_text(encoding="utf-8"))
    faults = [fault for fault in read() if fault.file in files]
    assert faults
    for fault in faults:
        text = (ROOT / fault.file).read_text(encoding="utf-8")
        assert fault.applied(text) != text
        assert fault.rows or fault.tests
        for guard in fault.tests:
            assert (ROOT / guard.partition("::")[0]).exists(), guard


def test_no_fault_is_listed_twice() -> None:
    listed = [(fault.file, fault.old, fault.new) for fault in read()]
    assert len(set(listed)) == len(listed)


def test_a_fault_that_does_not_apply() -> None:
    fault = read()[0]
    with pytest.raises(FaultError, match="occurs 0 times"):
        fault.applied("")
