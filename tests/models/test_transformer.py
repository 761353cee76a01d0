"""Spatial transformers in front of the regular network: its logits at first, sizes, options."""

import pytest
import torch

from invariance.errors import ArgumentError
from invariance.models import CPABCNN, STCNN, RegularCNN, build_spec


@pytest.mark.parametrize(("spec", "added"), [("st-cnn", 21_092), ("cpab-cnn", 22_112)])
def test_at_first_the_logits_are_the_trunks(spec: str, added: int):
    net, trunk = (build_spec(name, width=4, generator=torch.Generator().manual_seed(1)) for name in (spec, "cnn"))
    images = torch.randn(6, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    assert torch.equal(net(images), trunk(images))
    net.eval(), trunk.eval()
    assert torch.equal(net(images), trunk(images))
    assert sum(p.numel() for p in net.parameters()) == sum(p.numel() for p in trunk.parameters()) + added


@pytest.mark.parametrize(
    ("spec", "dimension"),
    [
        ("st-cnn:size=28,in_channels=1,padding=border", 6),
        ("cpab-cnn:size=28,in_channels=1,steps=1", 26),
        ("cpab-cnn:size=28,in_channels=1,zero_boundary=True", 14),
        ("cpab-cnn:size=28,in_channels=1,cells=3", 50),
    ],
)
def test_options(spec: str, dimension: int, generator: torch.Generator):
    net = build_spec(spec, width=2, classes=7, generator=generator)
    assert isinstance(net, STCNN | CPABCNN)
    assert net.transformer.padding == ("border" if "border" in spec else "zeros")
    assert getattr(net.transformer, "steps", 2) == (1 if "steps" in spec else 2)
    assert net.transformer.localisation.head[-1].out_features == dimension
    logits = net(torch.randn(3, 1, 28, 28, generator=generator))
    assert logits.shape == (3, 7)
    logits.sum().backward()
    assert all(p.grad is not None for p in net.parameters())


@pytest.mark.bad_input
def test_images_of_another_size_are_refused():
    with pytest.raises(ArgumentError, match=r"images\.shape"):
        STCNN(width=2)(torch.zeros(1, 3, 28, 28))
    with pytest.raises(ArgumentError, match="size"):
        CPABCNN(width=2, size=16)
    with pytest.raises(ArgumentError, match="cells"):
        CPABCNN(width=2, cells=0)
    assert RegularCNN(width=2)(torch.zeros(2, 3, 28, 28)).shape == (2, 10)
