"""The passport of networks whose symmetries are known."""

from pathlib import Path

import pytest
import torch

from invariance.checking import profile
from invariance.errors import ArgumentError


def test_a_mirrored_sum_of_squares() -> None:
    found = profile(lambda x: (x + x.flip(-1)).square().mean((-2, -1)), input_shape=(3, 7, 7))
    status = {line.group: line.status for line in found.lines if line.claim == "invariant"}
    assert {status[g] for g in ("flip-lr", "signs(3)", "p2")} <= {"exact", "to rounding"}
    assert {status[g] for g in ("p4", "cm", "hue", "shifts(7, 7)", "gains(3)")} == {"broken"}
    assert all(line.status == "undefined" for line in found.lines if line.claim == "equivariant")
    table = found.plot()
    assert [text.get_text() for text in table.get_yticklabels()][1] == "left and right exchanged: flip-lr"


def test_points_that_attract_each_other() -> None:
    def net(x: torch.Tensor) -> torch.Tensor:
        apart = x[:, :, None] - x[:, None]
        return (apart / (1 + apart.square().sum(-1, keepdim=True))).sum(2)

    found = profile(net, "points:5")
    status = {(line.group, line.claim): line for line in found.lines}
    assert status["E(3)", "equivariant"].status == "to rounding"
    assert status["E(3)", "equivariant"].field == "nodes:5:vector"
    assert status["S(5)", "equivariant"].status in ("exact", "to rounding")
    assert status["E(3)", "invariant"].status == "broken"
    assert status["scalings(3)", "equivariant"].status in ("approximately", "broken")


@pytest.mark.parametrize(
    ("field", "group"),
    [("irreps:2x0e+2x1o", "O(3)"), ("video:1x3x4x4", "time-reversal"), ("nodes:4:voigt", "O(3)"), ("mask:4", "S(4)"),
     ("nodes:4x2:on=users", "S(4, users)"), ("nodes:3:matrix", "SO(3)")],
)  # fmt: skip
def test_what_comes_out_may_be_what_goes_in(field: str, group: str) -> None:
    status = {(line.group, line.claim): line.status for line in profile(torch.clone, field).lines}
    assert status[group, "equivariant"] == "exact"
    assert status[group, "invariant"] == "broken"


@pytest.mark.bad_input
def test_bad_input() -> None:
    with pytest.raises(ArgumentError, match="input_shape"):
        profile(torch.relu, input_shape=(1, 4, 9, 9))


def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from invariance.cli.commands import cli

    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text("def net(x):\n    return x.abs()\n", encoding="utf-8")
    args = ["profile", "net.py:net", "--input", "1,5", "--json", "p.json", "--plot", "p.png"]
    assert cli(args, standalone_mode=False) == 0
    assert "time-reversal" in capsys.readouterr().out
    assert Path("p.png").stat().st_size > 1000
    for command in ("groups", "fields"):
        assert cli([command], standalone_mode=False) == 0
    assert "O(3)" in capsys.readouterr().out
    tree = ["--in", "nodes:4x2", "--out", "nodes:4x2", "--group", "S(4)"]
    assert cli(["check", "net.py:net", *tree, "--json", "c.json"], standalone_mode=False) == 0
    assert cli(["replay", "c.json"], standalone_mode=False) == 0
    assert "to the last bit" in capsys.readouterr().out
    assert cli(["check", "net.py:net", "--in", "nodes:4x2", "--group", "S(4)"], standalone_mode=False) == 1
    with pytest.raises(ArgumentError, match="--group"):
        cli(["check", "net.py:net", "--in", "nodes:4x2"], standalone_mode=False)
