"""How much memory there is, as Linux and a container say."""

from pathlib import Path

import pytest

from invariance.memory import available_memory


@pytest.mark.parametrize(("used", "most", "expected"), [("10", "30", 20), ("10", "max", 4096), ("40", "30", 0)])
def test_the_smaller_of_two_limits_is_what_there_is(monkeypatch, tmp_path: Path, used: str, most: str, expected: int):
    files = {"proc/meminfo": "MemTotal: 8 kB\nMemAvailable: 4 kB\n", "sys/fs/cgroup/memory.max": most}
    for name, content in {**files, "sys/fs/cgroup/memory.current": used}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="ascii")
    monkeypatch.setattr("invariance.memory.Path", lambda name: tmp_path / name.removeprefix("/"))
    assert available_memory() == expected


def test_a_system_that_does_not_say_has_no_number(monkeypatch, tmp_path: Path):
    monkeypatch.setattr("invariance.memory.Path", lambda name: tmp_path / name.removeprefix("/"))
    assert available_memory() is None
