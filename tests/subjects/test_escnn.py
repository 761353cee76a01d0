"""escnn's R2Conv: p4- and p4m-equivariant, and seen through when its filters are not; escnn's own check is not."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from subjects.third_party import escnn
from torch import Tensor, nn

from invariance import P4M
from invariance.checking import CheckReport, check

Change = Callable[[Tensor], Tensor]
GROUPS = {"p4": "rot2dOnR2", "p4m": "flipRot2dOnR2"}


class Plain(nn.Module):
    """An R2Conv on tensors: "b 3 h w" to "b c |H| h w"."""

    def __init__(self, conv: Any) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor) -> Tensor:
        from escnn.nn import GeometricTensor

        return self.conv(GeometricTensor(x, self.conv.in_type)).tensor.unflatten(1, (-1, self.order))

    @property
    def order(self) -> int:
        return self.conv.out_type.representations[0].size


def layer(group: str, *, kernel_size: int = 5, seed: int = 0, change: Change | None = None) -> Plain:
    package = escnn()
    space = getattr(package.gspaces, GROUPS[group])(4)
    kinds = [package.nn.FieldType(space, n * [r]) for n, r in ((3, space.trivial_repr), (2, space.regular_repr))]
    torch.manual_seed(seed)
    conv = package.nn.R2Conv(*kinds, kernel_size=kernel_size, padding=kernel_size // 2)
    conv.eval()  # expands the filters once
    if change:
        conv.filter = change(conv.filter.detach())
    return Plain(conv)


def permuted(filters: Tensor) -> Tensor:
    order = torch.randperm(filters[0, 0].numel(), generator=torch.Generator().manual_seed(0))
    return filters.flatten(-2)[..., order].view_as(filters)


def noisy(filters: Tensor) -> Tensor:
    return filters * (1 + 0.03 * torch.randn(filters.shape, generator=torch.Generator().manual_seed(0)))


def reflections(model: Plain) -> Any:
    """How escnn's regular fields of D4 move under our p4m: the same group, its elements found by what they do."""
    space = model.conv.space
    image = torch.arange(25.0).view(1, 1, 5, 5)
    field = escnn().nn.GeometricTensor(image, escnn().nn.FieldType(space, [space.trivial_repr]))
    moved = [field.transform(g).tensor for g in space.fibergroup.elements]
    index = [min(range(8), key=lambda i: (moved[i] - P4M.act_on_plane(g, image)).abs().max()) for g in P4M.elements]
    assert sorted(index) == list(P4M.elements)
    matrices = [torch.tensor(space.regular_repr(space.fibergroup.elements[i])).double() for i in index]
    return lambda g, output: P4M.act_on_plane(g, torch.einsum("gh, bchxy -> bcgxy", matrices[g], output))


def asked(model: Plain, group: str) -> CheckReport:
    action = "regular" if group == "p4" else reflections(model)
    return check(model, input_shape=(3, 12, 12), group=group, claim="equivariant", action=action)


@pytest.mark.parametrize("kernel_size", [1, 3, 5, 7])
@pytest.mark.parametrize("group", GROUPS)
def test_r2conv_is_equivariant(group: str, kernel_size: int):
    for seed in range(5):
        report = asked(layer(group, kernel_size=kernel_size, seed=seed), group)
        assert report.verdict == "consistent", report
        assert max(row.error or 0 for row in report.rows) < 1e-6


def test_r2conv_is_equivariant_while_it_trains():
    assert asked(Plain(layer("p4").conv.train()), "p4").verdict == "consistent"


@pytest.mark.parametrize("change", [permuted, noisy])
@pytest.mark.parametrize("group", GROUPS)
def test_changed_filters_are_not(group: str, change: Change):
    report = asked(layer(group, change=change), group)
    assert report.verdict == "violated"
    assert all((row.error or 0) > 0.01 for row in report.rows)


def test_the_other_order_of_reflections_is_not():
    report = check(layer("p4m"), input_shape=(3, 12, 12), group="p4m", claim="equivariant", action="regular")
    assert report.verdict == "violated"


@pytest.mark.parametrize("change", [permuted, noisy])
def test_escnns_own_check_passes_them(change: Change, monkeypatch: pytest.MonkeyPatch):
    """It scales its image to [0, 1] and divides it by 255 once more, and allows an error of 0.1."""
    data = pytest.importorskip("skimage.data")
    monkeypatch.setattr("scipy.datasets.face", data.astronaut)  # its own would be downloaded
    layer("p4", change=change).conv.check_equivariance(verbose=False)
