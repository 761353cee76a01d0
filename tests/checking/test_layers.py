"""What `check` says of the place that breaks a symmetry, and of the claim that would hold."""

import math
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from invariance.checking import check, layers_of
from invariance.errors import ArgumentError
from invariance.groups import P4
from invariance.layers.gconv import LiftingConv2d
from invariance.symmetry import Symmetry


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def four_fold(outputs: int, channels: int) -> nn.Conv2d:
    conv = nn.Conv2d(channels, outputs, 3, padding=1, bias=False)
    weight = torch.randn(conv.weight.shape, generator=seeded(0)) / math.sqrt(9 * channels)
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


class Stacked(nn.Module):
    """A lifting convolution whose turned copies are channels, in some order."""

    def __init__(self, turns: Sequence[int]) -> None:
        super().__init__()
        self.turns, self.weight = turns, nn.Parameter(torch.randn(2, 3, 3, 3, generator=seeded(0)))

    def forward(self, x: Tensor) -> Tensor:
        maps = [nn.functional.conv2d(x, self.weight.rot90(k, (2, 3)), padding=1) for k in self.turns]
        return torch.stack(maps, 2).flatten(1, 2)


def test_turned_copies_in_the_channels_are_asked_about_as_a_regular_field():
    moves, ask = said(Stacked(range(4)))
    assert moves.endswith("regular, on channels c·|H| + h")
    assert ask.endswith('--in image:3x12x12 --out "image:2x12x12:regular(p4):folded" --group p4')
    claim = Symmetry("p4", "image:3x12x12", "image:2x12x12:regular(p4):folded")
    assert check(Stacked(range(4)), claim).verdict == "consistent"


def test_channels_in_an_order_of_their_own_are_looked_for_by_a_proof():
    moves, ask = said(Stacked((2, 0, 3, 1)))
    assert moves.endswith("channels permuted, up to signs")
    assert ask == "ask next: invariance prove TARGET --input 3,12,12 --group p4, which finds how the channels move"


def test_what_does_not_stay_but_moves_as_the_input_is_asked_about_so():
    moves, ask = said(nn.Identity())
    assert moves.endswith("as the input does")
    assert ask.endswith("--claim equivariant")


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_a_scripted_model_is_checked_without_a_warning():
    scripted = torch.jit.script(nn.Sequential(four_fold(4, 3), nn.ReLU()))
    assert check(scripted, input_shape=(3, 12, 12), group="p4", claim="equivariant").verdict == "consistent"


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


def test_of_shifts_that_hold_the_shortest_leaves_pixels_to_compare():
    report = check(nn.Conv2d(3, 4, 3, padding=1), input_shape=(3, 16, 16), group="translation", claim="equivariant")
    found = layers_of(nn.Conv2d(3, 4, 3, padding=1), report)
    assert report.verdict == "consistent"
    assert found.symmetry == "shift by (0, 1)"
    assert all(layer.error is not None for layer in found.layers)


@pytest.mark.bad_input
def test_shifts_as_long_as_the_image_leave_nothing_to_compare():
    net = nn.Conv2d(3, 4, 3, padding=1, stride=2)
    report = check(net, input_shape=(3, 17, 17), group="translation", claim="equivariant")
    with pytest.raises(ArgumentError, match="more than 34 pixels a side"):
        layers_of(net, report)
