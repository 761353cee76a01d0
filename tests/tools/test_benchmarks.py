"""The benchmarks as a command: a word that is no part of them is told, not passed over."""

import pytest

from benchmarks.__main__ import main


def test_a_part_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr("sys.argv", ["benchmarks", "--only", "growth"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "invalid choice: 'growth'" in capsys.readouterr().err
