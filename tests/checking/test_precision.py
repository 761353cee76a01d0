"""While a network is asked, float32 is multiplied as float32."""

import pytest
import torch
from torch import Tensor, nn

from invariance.checking import check
from invariance.checking.variants import check_variants
from invariance.symmetry import Symmetry

SEEN: set[tuple[torch.dtype, bool, str]] = set()


class Looks(nn.Module):
    """Notes what torch is set to when it, or a copy of it, is called, by the dtype of what it is shown."""

    def forward(self, x: Tensor) -> Tensor:
        SEEN.add((x.dtype, torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()))
        return x.sum((2, 3))


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    SEEN.clear()
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    yield
    assert (torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()) == (True, "medium")
    torch.set_float32_matmul_precision(before)


@pytest.mark.parametrize(
    "asked", [{"input_shape": (1, 5, 5), "group": "p4"}, {"symmetry": Symmetry("p4", "image:1x5x5", "invariant")}]
)
def test_a_check_multiplies_float32_as_float32(asked):
    assert check(Looks(), **asked, dtype=torch.float32).verdict == "consistent"
    assert {seen[1:] for seen in SEEN} == {(False, "highest")}


def test_the_variant_that_is_called_tf32_is_in_tf32():
    check_variants(Looks(), Symmetry("p4", "image:1x5x5", "invariant"), variants=("eager", "tf32"))
    told = {seen[1:] for seen in SEEN if seen[0] == torch.float32}
    assert told == {(False, "highest"), (True, "high")}
