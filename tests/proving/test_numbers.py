"""Constants that forward makes are what real arithmetic has, and decide nothing where they are rounded."""

import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.errors import ArgumentError
from invariance.proving import Generator, MovingGroup, Reproof, prove
from invariance.symmetry import Symmetry

FLIP: dict[str, Any] = {"input_shape": (1, 2), "group": "flip", "claim": "equivariant", "search": False}
SIGN: dict[str, Any] = {"input_shape": (1, 2), "group": "sign", "claim": "invariant", "search": False}


class Of(nn.Module):
    """A function of x and buffers, as a module."""

    def __init__(self, function: Callable[..., Any], *tensors: Tensor) -> None:
        super().__init__()
        self.function = function
        for k, tensor in enumerate(tensors):
            self.register_buffer(f"t{k}", tensor)

    def forward(self, x: Tensor) -> Any:
        return self.function(x, *self.buffers())


def doubles(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


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
    assert prove(Of(lambda x: x * (torch.arange(0.5, 1.5, 0.5, dtype=torch.float64) - 0.75).abs()), **FLIP)
    made = Of(lambda x: x * torch.arange(0.0, 1.0, 0.5).flip(0).add(torch.arange(0.0, 1.0, 0.5)))
    assert prove(made, **FLIP).verdict == "not proved"  # 0 + 0.5 and 0.5 + 0 are computed


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


def test_outputs_are_known_by_name() -> None:
    symmetry = Symmetry("S(4)", "nodes:4x2", {"a": "invariant", "b": "nodes:4x2"})
    assert prove(Of(lambda x: {"b": x, "a": x.sum(1)}), symmetry=symmetry).verdict == "proved"
    assert prove(Of(lambda x: {"b": x.sum(1), "a": x}), symmetry=symmetry, search=False).verdict == "not proved"
    nested = Symmetry("S(4)", "nodes:4x2", "invariant")
    assert prove(Of(lambda x: {"b": x.sum(1), "a": (x.amax(1), None)}), symmetry=nested).verdict == "proved"


@pytest.mark.parametrize(
    ("function", "outputs", "match"),
    [
        (lambda x: x, ("nodes:4x2", "invariant"), r"Tensor: tuple of \[0\], \[1\], as declared"),
        (lambda x: (x, x, x), ("nodes:4x2", "nodes:4x2"), r"\[2\] besides"),
        (lambda x: (x, x), "nodes:4x2", r"one tensor, nodes:4x2, as declared"),
        (lambda x: (x, None), ("nodes:4x2", "nodes:4x2"), r"no tensor"),
    ],
)
def test_outputs_that_are_not_as_declared(function: Callable[..., Any], outputs: Any, match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        prove(Of(function), symmetry=Symmetry("S(4)", "nodes:4x2", outputs))


EXCHANGE = MovingGroup("exchange", 2, (Generator("exchange", lambda a: a.take([1, 0], 2)),))


def test_what_is_no_weight_alone_is_not_changed() -> None:
    """The nearest symmetric network has other weights: not other numbers in forward, nor half of a shared storage."""
    made = Of(lambda x: x + torch.tensor([1.0, 1 + 1e-7], dtype=torch.float64))
    assert prove(made, **FLIP).backward is None
    base = doubles(2, 1, 1 + 1e-7)
    assert prove(Of(lambda x, a, b: x * b + a[0], base[:2], base[1:]), **FLIP).backward is None
    assert prove(Of(lambda x, a, b: x * b + a[0], base[:2].clone(), base[1:]), **FLIP).backward is not None


def test_a_forward_error_over_a_shift_that_cancels() -> None:
    """The shift of a batch norm is known to the rounding of what cancels in it."""
    norm = nn.BatchNorm1d(1).double().eval()
    norm.get_buffer("running_mean").fill_(7e16)
    with torch.no_grad():
        slope = norm.weight / (norm.get_buffer("running_var") + norm.eps).sqrt()
        norm.bias.copy_(slope * 7e16)
        mixing = nn.Conv1d(1, 1, 3, padding=1, bias=False).double()
        mixing.weight.copy_(doubles(1, 1, 1 + 1e-9).view(1, 1, 3))
    network = nn.Sequential(norm, mixing)
    asked: dict[str, Any] = FLIP | {"input_shape": (1, 3)}
    found = prove(network, **asked).forward
    assert found is None or found.bound > 6.9e-9  # with 300 bits


@pytest.mark.parametrize("called", ["is_exporting", "counter"])
def test_a_forward_that_is_another_when_it_is_called(called: str) -> None:
    class Apart(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.count = 0

        def forward(self, x: Tensor) -> Tensor:
            self.count += called == "counter"
            plain = torch.compiler.is_exporting() if called == "is_exporting" else self.count % 5 == 1
            return x.relu() if plain else x.relu() * doubles(1, 2)

    with pytest.raises(ArgumentError, match=r"does what torch\.export sees of it|count is changed by forward"):
        prove(Apart(), **FLIP)


def test_a_shuffle_of_samples() -> None:
    """Channels and samples on one axis: pixels of two samples would meet."""

    def function(x: Tensor) -> Tensor:
        return F.pixel_shuffle((x.abs() - 50).relu().transpose(0, 1).reshape(-1, 2, 2), 2).sum((1, 2))

    asked: dict[str, Any] = {"input_shape": (4, 2, 2), "group": "channels", "claim": "invariant"}
    assert "samples meet" in str(prove(Of(function), **asked, search=False))


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"symmetry": Symmetry("S(1)", "nodes:1x2", "nodes:1x2")}, "the identity alone"),
        ({"input_shape": (1, 0), "group": "flip"}, "whole lengths"),
        ({"input_shape": (1, 2), "group": "flip", "max_error": 1.0}, "a relative change"),
    ],
)
def test_questions_that_are_none(asked: dict[str, Any], match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        prove(nn.ReLU(), **asked)


def test_an_output_of_another_size_than_declared() -> None:
    report = prove(nn.ReLU(), symmetry=Symmetry("S(3)", "nodes:3x2", "nodes:4x2"), search=False)
    assert report.verdict == "not proved"
    assert "(batch, 4, 2), nodes:4x2" in str(report)


def test_a_forward_error_of_products_that_are_too_small() -> None:
    """1e-200 · 1e-200 is 0 in floating-point numbers, and comes back by 1e300."""
    sizes = [[1e-200], [1e-200], [1e300], [1, 1, 1 + 1e-9], [1e300]]
    layers = [nn.Conv1d(1, 1, len(s), padding=len(s) // 2, bias=False).double() for s in sizes]
    with torch.no_grad():
        for layer, size in zip(layers, sizes, strict=True):
            layer.weight.copy_(doubles(*size).view(1, 1, -1))
    asked: dict[str, Any] = FLIP | {"input_shape": (1, 3)}
    found = prove(nn.Sequential(*layers), **asked).forward
    assert found is None or found.bound > 1e191


def test_a_recurrence_whose_state_has_the_batch_on_another_axis() -> None:
    report = prove(nn.RNN(4, 4, batch_first=True), input_shape=(3, 4), group="channels", search=False)
    assert "a sample by itself" not in str(report)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.sin(1e10 * x.cumsum(1)[:, -1]),
        lambda x: (x.cumsum(1)[:, -1] - x.sum(1)) * 1e20,
        lambda x: (x.cumsum(1)[:, -1] == x.sum(1)).double(),
    ],
)
def test_rounding_is_no_counterexample(function: Callable[[Tensor], Tensor]) -> None:
    """In real arithmetic all of these are invariant."""
    asked: dict[str, Any] = {"input_shape": (5,), "group": "permutations", "claim": "invariant"}
    assert prove(Of(function), **asked).verdict == "not proved"


def test_a_squeeze_of_a_single_sample() -> None:
    """For a batch of one the axis of the batch goes, and the sum is over another."""
    far = Of(lambda x: (x.abs() - 50).relu().squeeze(0).sum(1).reshape(x.shape[0], -1))
    asked: dict[str, Any] = {"input_shape": (2, 2), "group": "channels", "claim": "equivariant"}
    assert "where there is one sample" in str(prove(far, **asked, search=False))


def test_an_output_without_the_axes_that_move() -> None:
    asked: dict[str, Any] = {"input_shape": (3, 2), "group": "channels", "claim": "equivariant"}
    assert "has the axes that the group moves" in str(prove(Of(lambda x: x.sum((1, 2))), **asked, search=False))


@pytest.mark.parametrize("change", ["hook", "untied"])
def test_a_model_that_is_another_now_is_exported_anew(change: str) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = self.second = nn.Parameter(torch.ones(1))

        def forward(self, x: Tensor) -> Tensor:
            return x * torch.cat([self.first, self.second])

    network = Twice()
    again = Reproof(network, input_shape=(1, 2), group="flip", claim="equivariant")
    assert again().verdict == "proved"
    if change == "hook":
        network.register_forward_hook(lambda module, given, output: output.cumsum(2))
    else:
        network.second = nn.Parameter(network.first.detach() * (1 + 1e-6))
    assert again().verdict == "not proved"


@pytest.mark.parametrize(
    "act",
    [lambda a: a[..., [0, 0]], lambda a: -a, lambda a: a * 1.0, lambda a: a.tolist(), lambda a: a * 0],
)
def test_a_generator_that_is_no_motion(act: Callable[[Any], Any]) -> None:
    group = MovingGroup("own", 2, (Generator("own", act),))
    with pytest.raises(ArgumentError, match="a motion"):
        prove(Of(lambda x: x.sum(2)), input_shape=(1, 2), group=group, claim="invariant")


@pytest.mark.parametrize(
    ("group", "match"),
    [
        ("translation/3", "a group that moves something"),
        ("translation/99999999999999999999", "one of p2"),
        ("p4*", "one of p2"),
    ],
)
def test_groups_that_move_nothing(group: str, match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        prove(nn.ReLU(), input_shape=(1, 3), group=group)


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


@pytest.mark.parametrize("branch", ["one", "far"])
def test_a_branch_that_small_numbers_do_not_reach(branch: str) -> None:
    class Branches(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            far = (x.abs() - 50).relu()
            taken = x.shape[0] == 1 if branch == "one" else not torch.compiler.is_exporting()
            return x + far * doubles(1, 2) if taken else x + far

    if branch == "one":
        assert "a sample by itself" in str(prove(Branches(), **FLIP))
    else:
        with pytest.raises(ArgumentError, match=r"what torch\.export sees of it"):
            prove(Branches(), **FLIP)


@pytest.mark.parametrize("kept", [types.SimpleNamespace(bound=10.0), np.array([1.0, 1.0])])
def test_what_a_model_keeps_in_other_things(kept: Any) -> None:
    class Keeps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kept = kept

        def forward(self, x: Tensor) -> Tensor:
            if isinstance(self.kept, np.ndarray):
                return x * torch.from_numpy(self.kept)
            return torch.cat([x[:, :, :1].clamp(-10, 10), x[:, :, 1:].clamp(-10, self.kept.bound)], 2)

    network = Keeps()
    again = Reproof(network, input_shape=(1, 2), group="sign", claim="equivariant")
    assert again().verdict == "proved"
    if isinstance(kept, np.ndarray):
        network.kept = np.array([1.0, np.inf])
    else:
        network.kept.bound = 20.0
    assert again().verdict == "not proved"


def test_an_output_without_entries_to_permute() -> None:
    """Of equivariance: what has another number of channels does not move as the input does."""
    asked: dict[str, Any] = {"input_shape": (3, 4), "group": "channels", "claim": "equivariant"}
    made = Of(lambda x: x.sum(1, keepdim=True).expand(-1, 5, -1))
    assert "has the axes that the group moves" in str(prove(made, **asked, search=False))
