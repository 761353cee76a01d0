"""Curves of layers: equivariant where there is a plane, invariant where there is none; what each part gives."""

import pytest
import torch
from torch import Tensor, nn

from invariance.errors import ArgumentError
from invariance.images import AnalyticImage
from invariance.measure import Claim, invariance_curve, layer_curves

OPTIONS = {"warp": "affine", "scales": (0.0, 0.02, 0.05), "size": 16, "draws": 2}


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(3)


@pytest.fixture
def images(generator: torch.Generator) -> AnalyticImage:
    return AnalyticImage.random(4, generator=generator)


@pytest.fixture
def net() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(256, 5)
    return nn.Sequential(*layers).double().eval()


def test_a_layer_s_curve_is_that_of_the_network_up_to_it(net: nn.Sequential, images: AnalyticImage):
    curves = layer_curves(net, images, generator=seeded(), **OPTIONS)
    assert list(curves) == ["0", "1", "2", "3", "4"]
    claims: list[tuple[int, Claim]] = [(2, "equivariant"), (5, "invariant")]
    for depth, claim in claims:
        alone = invariance_curve(net[:depth], images, claim=claim, generator=seeded(), **OPTIONS)
        curve = curves[str(depth - 1)]
        assert curve.claim == claim
        assert torch.equal(curve.difference, alone.difference)
        assert torch.equal(curve.spread, alone.spread)
        assert curve.error[0] < 1e-14 < 1e-3 < curve.error[1] < curve.error[2]


def test_a_pointwise_network_is_equivariant_and_flattening_ends_that(images: AnalyticImage):
    """1×1 kernels commute with the sampling itself: only the resampling of the output is left, far below the motion."""
    net = nn.Sequential(nn.Conv2d(3, 2, 1), nn.Flatten()).double()
    options = {**OPTIONS, "size": 64, "method": "quintic"}
    curves = layer_curves(net, images, generator=seeded(), **options)
    assert curves["0"].error[-1] < 1e-4
    assert curves["1"].error[-1] > 0.05


def test_layers_are_chosen_by_name(net: nn.Sequential, images: AnalyticImage):
    (name,) = layer_curves(net, images, generator=seeded(), layers=["2"], **OPTIONS)
    assert name == "2"
    with pytest.raises(ArgumentError, match=r"layers = 9: layers of the model: 0, 1, 2, 3, 4"):
        layer_curves(net, images, generator=seeded(), layers=["9"], **OPTIONS)


def test_group_features_are_resampled_as_the_images_were(generator: torch.Generator):
    class Lift(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.stack((x, -x), 2)

    (curve,) = layer_curves(
        Lift(),
        torch.rand(3, 3, 12, 12, generator=generator).double(),
        generator=seeded(),
        warp="affine",
        scales=(0.0, 0.1),
    ).values()
    assert curve.claim == "equivariant"
    assert (curve.error < 1e-14).all()
