"""The layer that breaks a symmetry is named, and no other; what cannot be compared is said to be so."""

import math

import pytest
import torch
from torch import Tensor, nn

from invariance.errors import ArgumentError
from invariance.groups import P4, P4M, SplitGroup
from invariance.images import AnalyticImage
from invariance.layers import JacobianFront
from invariance.layers.gconv import GroupBatchNorm2d, GroupConv2d, GroupPool, LiftingConv2d, to_planar
from invariance.measure import LayerwiseReport, layerwise_error
from invariance.models import DiffCNN
from invariance.warps import Projective, random_smooth


def all_cnn(group: SplitGroup = P4, *, seed: int = 0) -> nn.Sequential:
    """Cohen & Welling's All-CNN in small: strides of 2 at layers 3 and 6, 3×3 kernels, padding 1."""
    g = torch.Generator().manual_seed(seed)
    return (
        nn.Sequential(
            LiftingConv2d(group, 3, 3, 3, 1, 1, generator=g),
            GroupBatchNorm2d(group, 3),
            nn.ReLU(inplace=True),
            GroupConv2d(group, 3, 3, 3, 2, 1, generator=g),
            nn.ReLU(),
            GroupConv2d(group, 3, 3, 3, generator=g),
            GroupConv2d(group, 3, 4, 3, 2, 1, generator=g),
            nn.ReLU(),
            GroupPool(group),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        .double()
        .eval()
    )


def noise(size: int = 17, channels: int = 3, seed: int = 1) -> Tensor:
    return torch.randn((3, channels, size, size), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def culprit(report: LayerwiseReport) -> str | None:
    return None if report.first_broken is None else report.first_broken.layer


@pytest.mark.parametrize("planar", [False, True])
def test_the_stride_is_named_at_32_pixels_and_nothing_at_33(planar: bool):
    net = to_planar(all_cnn()) if planar else all_cnn()
    broken, exact = (layerwise_error(net, noise(size), P4) for size in (32, 33))
    assert culprit(broken) == "3"
    assert broken.first_broken is not None
    assert broken.first_broken.conditions == ("(n + 2p − k) mod s = (32 + 2·1 − 3) mod 2 = 1",)
    assert "broken first by 3 (" in broken.verdict
    assert max(layer.error or 0 for layer in broken.layers[:3]) < 1e-14
    assert culprit(exact) is None
    assert max(layer.error or math.inf for layer in exact.layers) < 1e-13


@pytest.mark.parametrize("seed", range(5))
def test_p4m_is_exact_and_its_actions_are_found(seed: int):
    report = layerwise_error(all_cnn(P4M, seed=seed), noise(seed=seed), P4M)
    assert culprit(report) is None
    actions = {layer.layer: layer.action for layer in report.layers}
    assert actions["5"] == "regular, on the group axis"
    assert actions["8"] == actions["10"] == "channels stay"


def test_permuted_taps_are_found_where_they_are():
    net = all_cnn()
    layer = net[5]
    assert isinstance(layer, GroupConv2d)
    layer.taps = layer.taps[torch.randperm(len(layer.taps), generator=torch.Generator().manual_seed(2))]
    report = layerwise_error(net, noise(), P4)
    assert culprit(report) == "5"
    assert report.first_broken is not None
    assert report.first_broken.conditions == ()


@pytest.mark.parametrize("amount", [1e-6, 0.03])
@pytest.mark.parametrize("index", [0, 3, 5, 6])
def test_noise_on_the_filters_of_one_layer_is_found(index: int, amount: float, generator: torch.Generator):
    net = to_planar(all_cnn())
    layer = net.get_submodule(str(index))
    assert isinstance(layer, nn.Conv2d)
    with torch.no_grad():
        layer.weight.mul_(1 + amount * torch.randn(layer.weight.shape, generator=generator, dtype=torch.float64))
    assert culprit(layerwise_error(net, noise(), P4)) == str(index)


def test_batch_norm_by_planar_channel_breaks_with_unequal_statistics(generator: torch.Generator):
    net = to_planar(all_cnn())
    norm = net.get_submodule("1")
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert culprit(layerwise_error(net, noise(), P4)) is None
    norm.running_mean.copy_(torch.rand(norm.num_features, generator=generator))
    assert culprit(layerwise_error(net, noise(), P4)) == "1"


def test_a_group_axis_in_another_order_is_no_fault_until_it_is_used():
    class Reversed(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.flip(2)

    net = all_cnn()
    net.insert(5, Reversed())
    report = layerwise_error(net, noise(), P4)
    assert "channels permuted, up to signs" in report.layers[5].actions
    assert culprit(report) == "6"


def test_the_code_of_a_container_is_found_too():
    class Ramp(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x) * torch.linspace(0, 1, x.shape[-1], dtype=x.dtype)

    report = layerwise_error(nn.Sequential(nn.Conv2d(3, 2, 1), Ramp()).double(), noise(), P4)
    assert [layer.layer for layer in report.layers] == ["0", "1.inner", "1"]
    assert culprit(report) == "1"


def test_a_plain_network_breaks_at_its_first_filter(generator: torch.Generator):
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.Flatten(), nn.LazyLinear(5))
    net.double()(noise())
    for parameter in net.parameters():
        nn.init.normal_(parameter, generator=generator)
    report = layerwise_error(net, noise(), P4)
    assert culprit(report) == "2"
    frame = report.to_frame()
    assert list(frame["layer"]) == ["0", "1", "2", "3", "4"]
    assert str(report).count("broken\n") == 3


def test_warps_move_planes_and_leave_vectors(generator: torch.Generator):
    angle = torch.tensor(math.pi / 9, dtype=torch.float64)
    turn = torch.stack((angle.cos(), -angle.sin(), angle.sin(), angle.cos())).view(1, 2, 2)
    images = AnalyticImage.random(4, generator=generator, cutoff=3)
    rotation = Projective.affine(turn)
    derivative = nn.Conv2d(3, 4, 3, padding=1, bias=False).double()
    with torch.no_grad():
        derivative.weight -= derivative.weight.mean((2, 3), keepdim=True)
    net = nn.Sequential(nn.Conv2d(3, 3, 1).double(), nn.Softplus(), derivative)
    report = layerwise_error(net, images, rotation, size=64)
    assert culprit(report) == "2"
    assert max(layer.error or 0 for layer in report.layers[:2]) < 1e-4
    diff = layerwise_error(DiffCNN(4, 1, generator=generator).double(), images, rotation, size=64)
    assert culprit(diff) == "front"  # dI turns with the image: no scalar field, though what comes of it is one
    assert (diff.layers[-1].error or 1) < (diff.layers[0].error or 0)


def test_jacobian_fields_turn_with_signs():
    report = layerwise_error(JacobianFront("central"), noise(), P4M)
    assert culprit(report) is None
    assert report.layers[0].action == "channels permuted, up to signs"


def test_images_that_are_not_square():
    net = nn.Sequential(LiftingConv2d(P4, 3, 2, 3, 2, 1), GroupPool(P4)).double()
    assert culprit(layerwise_error(net, noise()[..., :9], P4)) is None
    report = layerwise_error(net, noise()[..., :8], P4)
    assert culprit(report) == "0"
    assert "(8 + 2·1 − 3) mod 2 = 1" in report.verdict


def test_shifts_are_kept_by_multiples_of_the_stride_inside():
    images = noise(32)
    assert culprit(layerwise_error(all_cnn(), images, (4, 0))) == "0"
    inner = layerwise_error(all_cnn(), images, (4, -8), border=8)
    assert culprit(inner) is None
    assert inner.layers[-1].reason == "no pixel left to compare"
    assert inner.layers[6].action == "moves by 1/4"
    report = layerwise_error(all_cnn(), images, (2, 0), border=2)
    assert culprit(report) == "6"
    assert report.verdict.endswith("keeps shifts of its input by multiples of its stride, 2")


def test_larger_outputs_move_further():
    net = nn.Sequential(nn.Upsample(scale_factor=2), nn.MaxPool2d(4))
    report = layerwise_error(net, noise(16), (2, 4))
    assert culprit(report) is None
    assert [layer.action for layer in report.layers] == ["moves by 2", "moves by 1/2"]


def test_what_cannot_be_compared_is_said():
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pair, self.constant = Pair(), Constant()

        def forward(self, x: Tensor) -> Tensor:
            return x + self.pair(x)[0] + self.constant(x)

    class Pair(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return x, x

    class Constant(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.ones_like(x)

    report = layerwise_error(Odd(), noise(), P4)
    reasons = {layer.layer: layer.reason for layer in report.layers}
    assert reasons == {"pair": "the input", "constant": "the same for all images", "": ""}
    assert "not compared: the same for all images" in str(report)
    assert culprit(report) is None
    crop = layerwise_error(nn.AdaptiveAvgPool2d((4, 5)), noise(), P4)
    assert crop.layers[0].reason == "no action: shape differs"  # of quarter turns; half turns are exact
    assert culprit(crop) == ""
    assert "AdaptiveAvgPool2d: the entries differ, in whatever order, under p4[1]" in crop.verdict


def test_the_model_is_left_as_it_was():
    net = all_cnn().train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    assert culprit(layerwise_error(net, noise(), P4)) is None
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert not any(layer._forward_hooks for layer in net.modules())


def test_layers_in_place_do_not_hide_what_was_before():
    class Clear(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.zero_()

    report = layerwise_error(nn.Sequential(nn.Conv2d(3, 2, 3), Clear()).double(), noise(), P4)
    assert (report.layers[0].error or 0) > 0.1
    assert report.layers[1].reason == "the same for all images"
    assert culprit(report) is None  # nothing of it reaches the output


def test_repeated_layers_have_a_number():
    relu = nn.ReLU()
    report = layerwise_error(nn.Sequential(relu, relu), noise(), P4)
    assert [layer.layer for layer in report.layers] == ["0", "0 [call 2]"]


@pytest.mark.bad_input
def test_bad_input_is_named():
    with pytest.raises(ArgumentError, match=r"random numbers in layer '1'.*no dropout"):
        layerwise_error(nn.Sequential(nn.ReLU(), nn.Dropout()), noise(), P4)
    with pytest.raises(ArgumentError, match="at least two independent images"):
        layerwise_error(nn.ReLU(), noise()[:1], P4)
    with pytest.raises(ArgumentError, match="shift"):
        layerwise_error(nn.ReLU(), noise(), (0, 0))
    with pytest.raises(ArgumentError, match="at least 3 pixels"):
        layerwise_error(nn.ReLU(), noise(), (3, 0), border=2)
    images = AnalyticImage.random(2, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ArgumentError, match="sampled images"):
        layerwise_error(nn.ReLU(), images, P4)
    with pytest.raises(ArgumentError, match="which have a margin"):
        layerwise_error(nn.ReLU(), images, Projective.affine(torch.eye(2).double()[None]), size=8, border=1)

    class Forks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.ReLU(), nn.Tanh()

        def forward(self, x: Tensor) -> Tensor:
            return self.a(x) if x[0, 0, 0, 0] > x[0, 0, -1, -1] else self.b(x)

    with pytest.raises(ArgumentError, match="one path for all images"):
        layerwise_error(Forks(), noise(), P4)


def test_group_features_are_compared_under_a_warp_for_each_image(generator: torch.Generator):
    images = AnalyticImage.random(3, generator=generator, cutoff=2, window=0.35, channels=1)
    model = nn.Sequential(LiftingConv2d(P4, 1, 2, 1), nn.ReLU()).double()
    report = layerwise_error(model, images, random_smooth(3, 0.1, generator=generator), size=48)
    assert report.first_broken is None
    assert [layer.error is not None for layer in report.layers] == [True, True]
