"""What is more than rounding, on outputs written down by hand."""

from __future__ import annotations

import pytest
import torch

from invariance.checking.judge import judge
from invariance.checking.moved import Moved
from invariance.checking.rounding import Rounding

EPS = torch.finfo(torch.float64).eps


@pytest.mark.parametrize(("jump", "verdict"), [(1.0, "undecided"), (0.0, "violated")])
def test_a_jump_of_the_function_at_an_image_is_no_violation(jump, verdict):
    """(x − mean)/deviation of a constant channel is 0/0: what it gives there is rounding, however large."""
    generator = torch.Generator().manual_seed(0)
    plain = torch.randn((2, 1, 5), generator=generator, dtype=torch.float64)
    moved = plain.clone()
    moved[1] += 5 * torch.randn((1, 5), generator=generator, dtype=torch.float64)

    def beside(image: int) -> Rounding:
        line = plain[image].expand(12, 1, 1, 5) + EPS * torch.randn((12, 1, 1, 5), generator=generator).double()
        if image == 1:
            line[1:] += jump
        return Rounding(line, EPS)

    known = Rounding(beside(0).line[:3], EPS, once_more=beside)
    row = judge("g", (5,), Moved(plain, moved, lambda y: y), known, family=1, generator=generator)
    assert row.verdict == verdict, row
