"""A fortieth of the drill; all of it is `python -m tools.drill`."""

from pathlib import Path

import pytest

from tools.drill.__main__ import drill


@pytest.mark.bad_input
def test_a_fortieth_of_the_drill_finds_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    said: list[str] = []
    parts = drill(40, seed=1, say=said.append)
    assert [part.count for part in parts] == [30, 20, 3]
    assert not any(part.wrong for part in parts), "\n".join(said)
