"""What `check` says of the place that breaks a symmetry, and of the claim that would hold."""

import math

import torch
from torch import Tensor, nn

from invariance.checking import check, layers_of
from invariance.groups import P4
from invariance.layers.gconv import LiftingConv2d
from invariance.symmetry import Symmetry


def four_fold(outputs: int, channels: int) -> nn.Conv2d:
    conv = nn.Conv2d(channels, outputs, 3, padding=1, bias=False)
    weight = torch.randn(conv.weight.shape, generator=torch.Generator().manual_seed(0)) / math.sqrt(9 * channels)
    with torch.no_grad():
        conv.weight.copy_(sum((torch.rot90(weight, k, (2, 3)) for k in range(1, 4)), weight) / 2)
    return conv


def said(model: nn.Module, claim: str = "invariant", size: int = 12) -> list[str]:
    report = check(model, input_shape=(3, size, size), group="p4", claim=claim)  # pyright: ignore[reportArgumentType]
    assert report.verdict == "violated"
    return [line for line in report.diagnosis if line.split()[0] in ("first", "broken", "no", "ask")]


class Slice(nn.Module):
    """The fault is a slice in forward; the layers are innocent."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu = four_fold(4, 3), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        return self.relu(torch.cat((y[..., :-2], y[..., -2:] * 1.5), -1)).mean((-2, -1))


def test_code_in_forward_is_named_and_not_the_next_layer():
    (line,) = said(Slice())
    assert line.startswith("first broken by the code of Slice.forward between conv and relu: ")
    assert "`return self.relu(torch.cat((y[..., :-2], y[..., -2:] * 1.5), -1)).mean((-2, -1))`" in line


def test_a_wide_head_is_named_and_not_the_reshape_before_it():
    (line,) = said(nn.Sequential(four_fold(4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 24 * 24, 5)), size=24)
    assert line.startswith("first broken by 3 (Linear): E = ")


def test_many_faults_are_named_in_one_sentence():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = [module for _ in range(11) for module in (nn.Conv2d(3, 3, 3, padding=1), nn.Tanh())]
    first, others = said(nn.Sequential(*layers))
    assert first.startswith("first broken by 0 (Conv2d): E = ")
    assert others == (
        "broken also by 2 (Conv2d), 4 (Conv2d), 6 (Conv2d), 8 (Conv2d), 10 (Conv2d), 12 (Conv2d), 14 (Conv2d), "
        "16 (Conv2d) and 2 more, each on its own"
    )


def test_a_map_where_a_vector_was_claimed_is_asked_about_next():
    moves, ask = said(four_fold(4, 3))
    assert moves == "no layer breaks it, but the output moves otherwise than claimed: channels stay"
    assert ask == "ask next: invariance check TARGET --input 3,12,12 --group p4 --claim equivariant"


def test_a_vector_where_a_function_on_the_group_was_claimed_is_asked_about_next():
    moves, ask = said(LiftingConv2d(P4, 3, 2, 3, 1, 1))
    assert moves.endswith("regular, on the group axis")
    assert ask.endswith("--claim equivariant --action regular")


def test_a_model_that_cannot_be_followed_says_why():
    class Reads(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mean((-2, -1)) * x[:, :, 0, 0].sum().item()

    (line,) = said(Reads())
    assert line.startswith("no layer is named: the model cannot be followed operation by operation (model = reads ")


class Stretches(nn.Module):
    """The length of a vector by the wrong norm."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Linear(1, 1)

    def forward(self, position: Tensor) -> Tensor:
        length = position.abs().sum(-1, keepdim=True)
        return position * self.scale(length)


def test_any_symmetry():
    symmetry = Symmetry("O(3)", "points:5", "points:5")
    report = check(Stretches(), symmetry)
    (line,) = [line for line in report.diagnosis if line.startswith("first broken")]
    assert line.startswith("first broken by the code of Stretches.forward before scale: E = ")
    assert "`length = position.abs().sum(-1, keepdim=True)`" in line
    assert layers_of(Stretches(), report).faults[0].between == (None, "scale")
