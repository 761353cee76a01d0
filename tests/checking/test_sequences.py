"""Shifts and batches of sequences (channels, length): the border is told from the network, as for images."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.checking import CheckReport, answer, check, question_from_dict
from invariance.verdicts import Claim


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def shifted(model: nn.Module, length: int = 16, claim: Claim = "equivariant", **options) -> CheckReport:
    return check(model, input_shape=(3, length), group="translation", claim=claim, **options)


def stack(**options) -> nn.Sequential:
    layers = (nn.Conv1d(4 if i else 3, 4, 3, padding=1, **options) for i in range(6))
    return nn.Sequential(*(part for layer in layers for part in (layer, nn.Tanh())))


class Coded(nn.Module):
    """Layers, and code after them."""

    def __init__(self, code: Callable[[Tensor], Tensor], *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.code = code

    def forward(self, x: Tensor) -> Tensor:
        return self.code(self.layers(x))


class Causal(nn.Module):
    """A temporal convolutional network: zeros before the first step, or what comes after the last one cut off."""

    def __init__(self, *, cut: bool) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv1d(4 if i else 3, 4, 3, dilation=2**i, padding=2 ** (i + 1) * cut) for i in range(3)
        )
        self.cut = cut

    def forward(self, x: Tensor) -> Tensor:
        for i, conv in enumerate(self.convs):
            past = 2 ** (i + 1)
            x = conv(x)[..., :-past] if self.cut else conv(F.pad(x, (past, 0)))
        return x


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRU(3, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.cell(x.transpose(1, 2))[0].transpose(1, 2)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.randn(16, 8))
        self.embed = nn.Conv1d(3, 8, 1)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(self.embed(x).transpose(1, 2) + self.positions).transpose(1, 2)


def ramp(x: Tensor) -> Tensor:
    return x + 0.05 * torch.arange(x.shape[-1]).to(x)


HOLDS: dict[str, tuple[Callable[[], nn.Module], Claim]] = {
    "padded with zeros": (stack, "equivariant"),
    "padded around": (lambda: stack(padding_mode="circular"), "equivariant"),
    "pooled": (lambda: Coded(lambda x: x.mean(-1), stack()), "invariant"),
    "causal, padded": (lambda: Causal(cut=False), "equivariant"),
    "causal, cut": (lambda: Causal(cut=True), "equivariant"),
}


@pytest.mark.parametrize(("make", "claim"), HOLDS.values(), ids=HOLDS)
def test_what_a_border_does_is_not_the_networks_doing(make: Callable[[], nn.Module], claim: Claim):
    assert shifted(make(), claim=claim).verdict == "consistent"


@pytest.mark.parametrize("length", [16, 64])
def test_positions_are_found_with_their_line(length: int):
    report = shifted(Coded(ramp, stack()), length)
    assert report.verdict == "violated"
    assert "the code of ramp" in str(report), report


def test_a_stride_keeps_shifts_by_its_multiples():
    model = nn.Sequential(nn.Conv1d(3, 4, 5, padding=2), nn.MaxPool1d(2), nn.Conv1d(4, 4, 3, padding=1))
    report = shifted(model)
    assert report.verdict == "consistent"
    assert "for shifts by multiples of 2 steps; shifts by one step do not act" in report.scope


def test_a_recurrence_begins_somewhere():
    """Where the beginning is forgotten it keeps shifts; where it is not, the two cannot be told apart."""
    assert shifted(Recurrent(), 64).verdict == "consistent"
    short = shifted(Recurrent())
    assert short.verdict == "undecided"
    assert "a recurrence, which begins at one end" in str(short)


def test_a_border_that_counts():
    report = shifted(stack(), border="counted")
    assert report.verdict == "violated"
    assert "first broken by 0 (Conv1d)" in str(report)


def test_positions_before_attention_are_all_that_is_blamed():
    """Inside attention the batch is another axis, by which no error is in units of differences between samples."""
    report = shifted(Encoder())
    assert report.verdict == "violated"
    assert "Encoder.forward between embed and layer" in str(report)
    assert "broken also" not in str(report)


def test_batches_of_sequences():
    assert check(nn.Conv1d(3, 4, 3), input_shape=(3, 16), group="batch").verdict == "consistent"
    assert check(nn.BatchNorm1d(3), input_shape=(3, 16), group="batch").verdict == "violated"


def test_inputs_of_ones_own_and_the_question_asked_again():
    own = torch.randn(4, 3, 16, generator=torch.Generator().manual_seed(0))
    model = stack()
    assert check(model, inputs=own, group="translation", claim="equivariant").verdict == "consistent"
    report = shifted(model)
    again = question_from_dict(report.question.to_dict(), lambda _: pytest.fail("not of a symmetry"))
    assert answer(model, again) == report
