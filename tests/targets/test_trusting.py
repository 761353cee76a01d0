"""Operators that trust their arguments are asked where these fit each other, and then give what they give."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from invariance.targets import load_program
from invariance.targets.trusting import _FITS, looked_at
from tools.fitting_arguments import FITTING
from tools.odd_arguments import _Guarded, _made, _operator
from tools.pure_operators import LIST

LISTED = set(LIST.read_text(encoding="utf-8").split())


def test_what_is_looked_at_and_what_fits_is_on_the_list():
    assert _FITS.keys() <= LISTED
    assert FITTING.keys() <= LISTED
    assert _FITS.keys() <= FITTING.keys()


@pytest.mark.parametrize("name", _FITS)
def test_arguments_that_fit_are_passed_on(name: str):
    operator, memory, generator = _operator(name), _Guarded(), torch.Generator().manual_seed(0)
    arguments = [_made(spec, memory, generator) for spec in FITTING[name]]
    rest = {a.name: arguments.pop() for a in reversed(operator._schema.arguments) if a.kwarg_only}
    found = looked_at(operator)(*arguments, **rest)
    torch.testing.assert_close(found, operator(*arguments, **rest), equal_nan=True)


class Everything(nn.Module):
    """A layer of every kind that calls one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.ModuleList(
            [
                nn.LSTM(4, 5, num_layers=2, bidirectional=True, proj_size=3, batch_first=True),
                nn.GRU(4, 5, batch_first=True, bias=False),
                nn.RNN(4, 5, batch_first=True),
            ]
        )
        self.attention = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
        self.conv = nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 3, 3))
        self.norms = nn.Sequential(nn.BatchNorm2d(4), nn.GroupNorm(2, 4), nn.AdaptiveMaxPool2d(2), nn.InstanceNorm2d(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        series = x.flatten(2).transpose(1, 2)[:, :3]
        found = [layer(series)[0] for layer in self.recurrent]
        found += [self.attention(series), self.conv(x), self.norms(x), torch.fft.irfft2(torch.fft.rfft2(x))]
        return torch.cat([part.flatten(1) for part in found], 1)


@pytest.mark.filterwarnings("ignore")  # of torch's own, where it exports recurrent layers
@pytest.mark.parametrize("decomposed", [False, True])
def test_layers_of_networks_fit(tmp_path: Path, decomposed: bool):
    torch.manual_seed(0)
    net, x = Everything().eval(), torch.randn(2, 4, 6, 6)
    program = torch.export.export(net, (x,))
    torch.export.save(program.run_decompositions() if decomposed else program, tmp_path / "net.pt2")
    torch.testing.assert_close(load_program(tmp_path / "net.pt2")(x), net(x))


@pytest.mark.bad_input
def test_odd_arguments_end_no_process():
    """And a control: the operator itself reads beyond statistics of another size."""
    tool = (sys.executable, "-m", "tools.odd_arguments", "--calls", "30", *_FITS)
    done = subprocess.run(tool, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    wrong = "[('tensor', (1, 2, 5, 5), 'float32', 1, 'end'), *[('tensor', (1,), 'float32', 1, 'end')] * 4, 0.1, 1e-5]"
    control = ("--unguarded", "aten._native_batch_norm_legit_no_training.default", "--arguments", wrong)
    ended = subprocess.run((*tool[:3], *control), cwd=Path(__file__).parents[2], capture_output=True, check=False)
    assert ended.returncode == -11
