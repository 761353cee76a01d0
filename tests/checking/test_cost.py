"""How many images pass through the model, beside the least that the question takes."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.checking import check
from invariance.checking.at_size import BANDWIDTHS
from invariance.checking.continuous import ANGLES
from invariance.checking.continuous import IMAGES as OF_A_LADDER
from invariance.checking.exact import IMAGES
from invariance.checking.inputs import KINDS


class Counted(nn.Module):
    """A function, and how many pixels it has seen, in images of 24×24."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function, self.seen = function, [0.0]

    def __deepcopy__(self, memo: object) -> "Counted":
        return self

    def forward(self, x: Tensor) -> Tensor:
        self.seen[0] += len(x) * x.shape[-1] * x.shape[-2] / 24**2
        return self.function(x)


def taps(symmetric: bool) -> Tensor:
    w = torch.randn((2, 1, 3, 3), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return sum((torch.rot90(w, k, (-2, -1)) for k in range(1, 4)), w) if symmetric else w


def padded(symmetric: bool) -> Callable[[Tensor], Tensor]:
    w = taps(symmetric)
    return lambda x: F.conv2d(x, w.to(x), padding=1).tanh()


def gradient(x: Tensor) -> Tensor:
    dx, dy = ((x.roll(-1, axis) - x.roll(1, axis)) * x.shape[axis] / 4 for axis in (-1, -2))
    return (dx.square() + dy.square() + 0.01).sqrt()


LADDER = (24, 30, 36, 48)
CASES = {
    "p4": (padded(True), {"group": "p4"}, "consistent", 1.2 * len(KINDS) * IMAGES * 4 + 12),
    "p4, which is broken, and where": (
        padded(False),
        {"group": "p4"},
        "violated",
        1.2 * len(KINDS) * IMAGES * 4 + 12 + 12,
    ),
    "shifts around the edge": (torch.tanh, {"group": "translation"}, "consistent", 2 * len(KINDS) * IMAGES * 5),
    "shifts and a border": (padded(False), {"group": "translation"}, "consistent", 2 * len(KINDS) * IMAGES * 5),
    "turns of windows in pixels": (
        padded(False),
        {"group": "rotation"},
        "measured",
        2 * len(BANDWIDTHS) * OF_A_LADDER * (1 + len(ANGLES)),
    ),
    "a ladder of turns": (
        gradient,
        {"group": "rotation", "sizes": LADDER},
        "consistent",
        2 * sum(n**2 for n in LADDER) / 24**2 * OF_A_LADDER * 4,
    ),
}


@pytest.mark.parametrize(("function", "question", "verdict", "most"), CASES.values(), ids=CASES)
def test_the_cost_of_an_answer(function, question, verdict: str, most: float):
    model = Counted(function)
    assert check(model, input_shape=(1, 24, 24), claim="equivariant", **question).verdict == verdict
    assert model.seen[0] <= most
