"""Constants that forward makes are what real arithmetic has, and decide nothing where they are rounded."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from proving.functions import FLIP, SIGN, Of, doubles
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.errors import ArgumentError
from invariance.proving import prove


def beside(first: Tensor, x: Tensor, second: Tensor) -> Tensor:
    return torch.cat([first.to(x), second.expand(x.shape[0], 1, 1)], 2)


def lost(t: Tensor, large: float) -> Tensor:
    """What floating-point numbers lose of t: in real arithmetic t itself."""
    return (t + large) - large


@pytest.mark.parametrize(
    ("function", "tensors"),
    [
        (lambda x, w: x * beside(torch.full_like(x[:, :, :1], 1.5, dtype=torch.long), x, w), (doubles(1.5),)),
        (lambda x, w: x * beside(torch.full_like(x[:, :, :1], 1.5, dtype=torch.bool), x, w), (doubles(1.5),)),
        (lambda x, w: x * beside(torch.full_like(x[:, :, :1].long(), 1.7), x, w), (doubles(1.7),)),
        (lambda x, w: x * beside(torch.full_like(x[:, :, :1], 0.1, dtype=torch.float16), x, w), (doubles(0.1),)),
        (lambda x, t: x * (lost(t, 1e17).long() + 1), (doubles(0, 1),)),
        (lambda x, t: x * (lost(t, 1e17) > 0.5).logical_not(), (doubles(0, 1),)),
        (lambda x, t: x.index_select(2, (lost(t, 1e16) / 2).long()), (doubles(1.1, 0),)),
        (lambda x, t: x[:, :, (lost(t, 1e16) / 2).long()], (doubles(1.1, 0),)),
        (lambda x, t, w: x * w[lost(t, 1e17).long()], (doubles(0, 1), doubles(3, 5))),
        (lambda x: x * torch.arange(1e9, 1e9 + 2, 1.0), ()),
        (lambda x, c: (x * c).abs(), (torch.tensor([1, 2**64 - 1], dtype=torch.uint64),)),
    ],
)
def test_numbers_that_are_rounded_are_not_equal(function: Callable[..., Tensor], tensors: tuple[Tensor, ...]) -> None:
    assert prove(Of(function, *tensors), **FLIP).verdict != "proved"


def test_an_arange_of_exact_numbers_is_known() -> None:
    def function(x: Tensor, weight: Tensor) -> Tensor:
        return x * torch.cat([torch.arange(0.5, 1.5, 0.5, dtype=torch.float64)[1:], weight])

    assert prove(Of(function, doubles(1.0)), **FLIP).verdict == "proved"
    assert prove(Of(function, doubles(1.5)), **FLIP).verdict == "not proved"


@pytest.mark.parametrize("kind", [torch.bool, torch.uint8, torch.long])
def test_a_sum_into_whole_numbers_is_not_odd(kind: torch.dtype) -> None:
    assert prove(Of(lambda x: x.sum(2, keepdim=True, dtype=kind) * x), **SIGN).verdict != "proved"


@pytest.mark.parametrize("shape", [(2, 2), (1, 2), (1,), ()])
@pytest.mark.parametrize("deep", [False, True])
def test_a_bias_that_is_no_vector(shape: tuple[int, ...], deep: bool) -> None:
    """Row c of it is not the bias of unit c."""
    bias = torch.tensor([1.0, 5.0, 1.0, 5.0])[: max(1, torch.Size(shape).numel())].reshape(shape)

    def function(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        made = F.linear(x, weight, bias)
        return F.linear(made.relu(), weight) if deep else made

    asked: dict[str, Any] = FLIP | {"input_shape": (2, 2)}
    assert prove(Of(function, torch.eye(2), bias.double()), **asked).verdict == "not proved"


def test_a_type_without_a_sign() -> None:
    asked: dict[str, Any] = SIGN | {"claim": "equivariant"}
    made = Of(lambda x: x.to(torch.float8_e8m0fnu).to(torch.float64))
    assert prove(made, **asked).verdict != "proved"


class AnyNumber(nn.Module):
    """Its arguments have no names, as those of a compiled module."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv1d(1, 1, 1)

    def forward(self, *args: Tensor) -> Tensor:
        return self.inner(*args)


@pytest.mark.parametrize(
    ("network", "verdict"),
    [
        (nn.Conv1d(1, 1, 1).bfloat16(), "proved"),
        (AnyNumber(), "proved"),
        (Of(lambda x, c: x, torch.tensor([1 + 1j])), "proved"),
        (Of(lambda x, c: x * c.float().double(), doubles(0.5, 0.5)), "proved"),
        (Of(lambda x, c: x * c.float().double(), doubles(0.5, 0.5 + 1e-12)), "not proved"),
        (Of(lambda x, c: (x * c).abs(), torch.tensor([1 + 1j])), "not proved"),
        (Of(lambda x, w, v: F.linear(F.linear(x, w).relu(), v), torch.rand(0, 2), torch.rand(2, 0)), "not proved"),
        (Of(lambda x, w: x + F.embedding(torch.zeros_like(x).long(), w)[..., 0], torch.rand(3, 1)), "proved"),
    ],
)
def test_weights_of_other_kinds(network: nn.Module, verdict: str) -> None:
    assert prove(network, **FLIP).verdict == verdict


@pytest.mark.parametrize(
    ("network", "match"),
    [
        (lambda: nn.LazyConv1d(1, 1), "run a lazy module once"),
        (lambda: nn.Conv1d(1, 1, 1, device="meta"), "a dense weight with numbers"),
        (lambda: Of(lambda x, c: x, torch.eye(2).to_sparse()), "a dense weight with numbers"),
        (lambda: nn.utils.weight_norm(nn.Conv1d(1, 1, 1)), "that of torch.nn.utils.parametrizations"),
        (lambda: Of(lambda x: None), "returns no tensor"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
def test_weights_that_no_proof_is_about(network: Callable[[], nn.Module], match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        prove(network(), **FLIP)


def test_what_divides_by_zero_and_windows_of_padding_alone() -> None:
    norm = nn.BatchNorm1d(1, eps=0.0)
    norm.get_buffer("running_var").zero_()
    for part in (norm, nn.MaxPool1d(2, 1, padding=1, dilation=3)):
        report = prove(part, **FLIP)
        assert report.verdict == "not proved"
        assert "no number" in str(report)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, c: (x.to(torch.int8) * c).double() * doubles(1, -1),
        lambda x, c: F.linear(
            F.linear(x.to(torch.int8), torch.tensor([[1, 0], [0, 2]], dtype=torch.int8)).relu() * doubles(1, 1),
            torch.tensor([[2.0, 0], [0, 1]], dtype=torch.float64),
        ),
    ],
)
def test_whole_numbers_that_wrap(function: Callable[[Tensor, Tensor], Tensor]) -> None:
    """−(−128) is −128."""
    assert prove(Of(function, torch.tensor([1, -1], dtype=torch.int8)), **FLIP).verdict != "proved"
