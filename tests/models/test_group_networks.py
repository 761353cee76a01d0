"""The networks on p4 and p4m are invariant where the sizes are exact, and where they are not they are not."""

import pytest
import torch
from torch import nn

from invariance.errors import ArgumentError
from invariance.groups import P4, P4M, SplitGroup
from invariance.measure import equivariance_error
from invariance.models import P4CNN, AllCNN, build_spec
from invariance.sizes import exact_sizes

P4_NETWORKS = ["allcnn-p4:width=4", "resnet44-p4:width=8,blocks=2"]
P4M_NETWORKS = ["allcnn-p4m:width=2", "resnet44-p4m:width=8,blocks=2"]
ROTMNIST = ["p4cnn:width=4", "p4cnn-autorotation:width=6", "p4cnn-autorotation:width=6,norm_first=True"]


def judged(spec: str, size: int, generator: torch.Generator) -> tuple[nn.Module, torch.Tensor]:
    """A network whose biases, scales and statistics are not the tame ones of a new one, and images, in float64."""
    net = build_spec(spec, generator=generator).double().requires_grad_(False)
    for parameter in net.parameters():
        if parameter.ndim == 1:
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
    shape = (4, 1 if "z2cnn" in spec or "p4cnn" in spec else 3, size, size)
    for module in net.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = None
    net.train()(torch.randn(shape, generator=generator, dtype=torch.float64))
    return net.eval(), torch.randn(shape, generator=generator, dtype=torch.float64)


def errors(spec: str, group: SplitGroup, size: int, generator: torch.Generator) -> list[float]:
    """Relative error of the logits for every element but the first, against their spread over images."""
    net, x = judged(spec, size, generator)
    return [
        equivariance_error(net, x, group.act_on_plane(g, x), output_action=lambda y: y).normalised
        for g in group.elements[1:]
    ]


@pytest.mark.parametrize(("spec", "size"), [*((s, 33) for s in P4_NETWORKS), *((s, 28) for s in ROTMNIST)])
def test_logits_are_invariant_under_quarter_turns(spec: str, size: int, generator: torch.Generator):
    assert max(errors(spec, P4, size, generator)) <= 1e-12


@pytest.mark.parametrize("spec", P4M_NETWORKS)
def test_logits_are_invariant_under_turns_and_flips(spec: str, generator: torch.Generator):
    assert max(errors(spec, P4M, 33, generator)) <= 1e-12


@pytest.mark.parametrize("spec", [*P4_NETWORKS, *P4M_NETWORKS])
def test_strides_at_even_sizes_break_them(spec: str, generator: torch.Generator):
    assert max(errors(spec, P4, 32, generator)) > 1e-3


@pytest.mark.parametrize(("spec", "size"), [("p4cnn:width=4", 28), (P4_NETWORKS[0], 33), (P4_NETWORKS[1], 33)])
def test_p4_knows_no_flips(spec: str, size: int, generator: torch.Generator):
    assert min(errors(spec, P4M, size, generator)[3:]) > 1e-3


@pytest.mark.parametrize("spec", ["z2cnn:width=5", "allcnn-z2:width=4", "resnet44-z2:width=4,blocks=2"])
def test_planar_networks_are_not_invariant(spec: str, generator: torch.Generator):
    assert min(errors(spec, P4, 28 if spec.startswith("z2cnn") else 33, generator)) > 1e-3


@pytest.mark.parametrize(
    ("spec", "sizes"), [("allcnn-p4:width=1", [29, 33, 37]), ("resnet44-p4m:width=4,blocks=1", [29, 33, 37])]
)
def test_the_sizes_that_keep_the_group(spec: str, sizes: list[int]):
    assert exact_sizes(build_spec(spec), range(28, 40)) == sizes


def test_features_stay_in_channels_last(generator: torch.Generator):
    """Training pays for every copy between layouts."""
    net = P4CNN(width=3, generator=generator)
    features = torch.zeros(2, 1, 28, 28)
    *on_the_group, _ = net.features.children()
    for layer in on_the_group:
        features = layer(features)
        assert features.movedim(2, -1).is_contiguous(memory_format=torch.channels_last_3d), layer


@pytest.mark.parametrize("symmetry", ["z2", "p4m"])
def test_initial_filters_have_the_deviation_that_was_asked_for(symmetry, generator: torch.Generator):
    plain = AllCNN(symmetry, width=8, generator=generator)
    net = AllCNN(symmetry, width=8, initial_std=0.035, generator=generator)
    filters = [p.detach().flatten() for name, p in net.named_parameters() if name.endswith("weight") and p.ndim > 1]
    assert len(filters) == 9
    assert torch.cat(filters).std() == pytest.approx(0.035, rel=0.05)
    others = [name for name, p in net.named_parameters() if p.ndim == 1]
    assert all(net.state_dict()[n].shape == plain.state_dict()[n].shape for n in others)


@pytest.mark.bad_input
@pytest.mark.parametrize("value", [0.0, -1.0, 1.0, float("nan")])
def test_other_deviations_are_refused(value: float):
    with pytest.raises(ArgumentError, match="initial_std"):
        AllCNN(initial_std=value)
