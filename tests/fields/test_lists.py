"""What `invariance groups` and `invariance fields` list runs as it is typed."""

import shlex
from pathlib import Path

import jaxtyping
import pytest
import torch

from invariance import fields, groups
from invariance.cli.commands import cli
from invariance.fields import field_named

NET = """
import torch

def net(x):
    return x.double().flatten(1).square().sum(1)

def labels(x):
    return x.mean((2, 3)).argmax(1)

def boxes(x):
    return x.mean((1, 2, 3)).view(-1, 1, 1).expand(-1, 5, 4)
"""
LINES = {name: kind.line for kinds in (groups.KINDS, fields.KINDS) for name, kind in kinds.items()}


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    jaxtyping.config.update("jaxtyping_disable", True)  # fifty checks, whose shapes are looked at elsewhere
    monkeypatch.chdir(tmp_path)
    Path("nets.py").write_text(NET, encoding="utf-8")
    assert [cli([command], standalone_mode=False) for command in ("groups", "fields")] == [0, 0]
    return capsys.readouterr().out


def test_every_line_runs_as_it_is_typed(listed: str) -> None:
    for name, line in LINES.items():
        assert line in listed
        target = f"nets.py:{name if name in ('labels', 'boxes') else 'net'}"
        status = cli(["check", target, *shlex.split(line)], standalone_mode=False)
        assert status in (0, 1, 3), line


def test_every_fibre_is_spelled_as_it_is_listed(listed: str) -> None:
    spelled = [
        word
        for line in listed.splitlines()
        for word in line.split("  ")
        if word.strip().startswith(("image:", "nodes:6:"))
    ]
    found = [field_named(word.strip()) for word in spelled if "--" not in word]
    assert len(found) >= 14
    for field in found:
        assert field.sample(1, torch.Generator().manual_seed(0)).shape[1:] == field.shape
