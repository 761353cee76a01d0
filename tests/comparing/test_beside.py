"""What `invariance curve` tells beside its curves: decibels, Lie derivatives, consistency under shifts."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from invariance import load
from invariance.cli import main
from invariance.comparing import named_models, shift_shares, stream_of
from invariance.errors import ArgumentError, OutputError
from invariance.measure.shift_consistency import shift_consistency

NETS = """
import torch
from torch import nn

def double():
    conv = nn.Conv2d(1, 1, 1, bias=False)
    nn.init.constant_(conv.weight, 2.0)
    return conv

def columns(x):
    return x * torch.linspace(0, 1, x.shape[-1], dtype=x.dtype)

def corner(x):
    return torch.stack((x[..., 0, 0], 0.5 - x[..., 0, 0]), -1).flatten(1)

def brightness():
    return nn.Sequential(nn.AvgPool2d(6), nn.Flatten(), nn.Linear(1, 2))

def constant(x):
    return x.mean((2, 3)) * 0
"""


@pytest.fixture
def curve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)
    Path("nets.py").write_text(NETS, encoding="utf-8")
    np.save("images.npy", np.random.default_rng(0).random((5, 1, 8, 8)))

    def run(*arguments: object) -> str:
        line = ("curve", "--output", "x.png", "--images", "images.npy", *arguments)
        monkeypatch.setattr(sys, "argv", ["invariance", *map(str, line)])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        assert stopped.value.code == 0, said.err
        return said.out

    return run


def test_decibels_are_those_of_the_mean_square(curve):
    said = curve("--model", "nets.py:columns", "--warp", "translation", "--scales", "0,2", "--claim", "equivariant",
                 "--decibels", 2)  # fmt: skip
    found = re.search(r"columns: EQ-T at 0: (\S+) dB, 2: (\S+) dB", said)
    assert found is not None, said
    kept = load("x.json").curves[0]
    expected = 10 * torch.log10(4 / kept.difference.mean((1, 2)))
    assert float(found[2]) == pytest.approx(float(expected[1]), abs=0.06)
    assert float(found[1]) > 100  # nothing moves


def test_lie_derivatives_of_ones_own_images(curve):
    said = curve("--model", "nets.py:double", "--claim", "equivariant", "--scales", "0.1", "--draws", 1, "--lie")
    lines = [line for line in said.splitlines() if "Lie derivative along" in line]
    assert len(lines) >= 3
    assert all(float(re.findall(r"dim = (\S+),", line)[0]) < 1e-20 for line in lines)  # 2x moves as x does


def test_shifts_as_zhang_counts_them(curve):
    said = curve("--model", "nets.py:brightness", "--model", "nets.py:corner", "--scales", "0.1", "--draws", 1,
                 "--shifts", 2)  # fmt: skip
    shares = [float(share) for share in re.findall(r"pixels for (\S+) % of pairs", said)]
    assert len(shares) == 2
    images = torch.from_numpy(np.load("images.npy"))
    nets = named_models(["nets.py:corner"])
    same = shift_consistency(nets[0].model, images, reach=2, generator=torch.Generator().manual_seed(0))
    assert shares[1] == pytest.approx(100 * float(same.double().mean()), abs=0.06)


def test_a_shift_of_nothing_changes_no_class_and_a_constant_network_is_drawn_as_such(curve, tmp_path: Path):
    curve("--model", "nets.py:constant", "--model", "nets.py:corner", "--scales", "0.1", "--draws", 1)
    assert Path("x.png").stat().st_size > 1000
    assert ",,," in Path("x.csv").read_text(encoding="utf-8").splitlines()[1]
    still = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    images = torch.ones(3, 2, 6, 6).double() * torch.tensor([1.0, 2.0]).view(1, 2, 1, 1)
    assert shift_consistency(still, images, reach=3, generator=torch.Generator().manual_seed(0)).all()


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "nets.py:corner", "--shifts", 8), "--shifts = 8: 1 to 7 pixels"),
        (("--model", "nets.py:double", "--shifts", 2), "--shifts = 2, of outputs (5, 1, 6, 6): a row of class scores"),
        (("--model", "nets.py:corner", "--lie"), "--lie = nets.py:corner: modules"),
    ],
)
def test_mistakes_are_one_line(curve, monkeypatch, capsys, arguments: tuple[object, ...], said: str):
    line = ("curve", "--output", "x.png", "--images", "images.npy", "--scales", "0.1", "--draws", 1, *arguments)
    monkeypatch.setattr(sys, "argv", ["invariance", *map(str, line)])
    with pytest.raises(SystemExit) as stopped:
        main()
    told = capsys.readouterr().err.strip()
    assert stopped.value.code == 2
    assert said in told
    assert len(told.splitlines()) == 1


@pytest.mark.bad_input
def test_a_reach_that_leaves_no_pixel(tmp_path: Path):
    nets, images = named_models([]), torch.rand(2, 1, 4, 4)
    with pytest.raises(ArgumentError, match="reach = 0"):
        shift_shares(nets, stream_of(images), reach=0, size=4)


@pytest.mark.bad_input
def test_numbers_are_kept_where_the_picture_finds_no_room(curve, monkeypatch: pytest.MonkeyPatch, capsys):
    def full(*_: object, **__: object) -> None:
        raise OutputError("file", "x.png", "a file that can be written (No space left on device)")

    monkeypatch.setattr("invariance.plots.save_figure", full)
    line = ("curve", "--output", "x.png", "--images", "images.npy", "--model", "nets.py:corner", "--scales", "0.1")
    monkeypatch.setattr(sys, "argv", ["invariance", *line, "--draws", "1"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "No space left" in capsys.readouterr().err
    assert load("x.json").labels == ["nets.py:corner"]
    assert Path("x.csv").is_file()
