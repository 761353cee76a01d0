"""The analysis of a trained network: stages by name, curves under the warps that its accuracy is measured under."""

import json

import pytest
import torch
from torch import nn

from invariance.errors import ArgumentTypeError
from invariance.experiments.classifier import Classifier
from invariance.experiments.data import Dataset
from invariance.experiments.layers import LayerAnalysis, analyse_layers, stages
from invariance.models import build

SCALES = (0.0, 0.05, 0.3)


@pytest.fixture
def data(generator: torch.Generator) -> Dataset:
    images = torch.randint(0, 256, (12, 3, 32, 32), generator=generator, dtype=torch.uint8)
    return Dataset(images, torch.arange(12) % 10, tuple(map(str, range(10))))


def classifier(name: str) -> Classifier:
    net = build(name, width=2, generator=torch.Generator().manual_seed(0))
    return Classifier(net, torch.full((3,), 0.5), torch.full((3,), 0.3)).eval()


def test_stages_are_fronts_rectifiers_features_and_logits(data: Dataset):
    found = stages(classifier("diffcnn-cnn"), data.images.float())
    assert list(found) == ["LogDetInvariant", *(f"ReLU {i}" for i in range(1, 8)), "features", "logits"]
    assert found["logits"] == "net.classifier.head.1"
    assert "AffineTransformer" in stages(classifier("st-cnn"), data.images.float())


def test_planes_move_and_vectors_stay(data: Dataset):
    analysis = analyse_layers("net", classifier("cnn"), data, scales=SCALES, images=4, draws=1)
    claims = {stage: curve.claim for stage, curve in analysis.curves.items()}
    assert claims == {**{f"ReLU {i}": "covariant" for i in range(1, 8)}, "features": "invariant", "logits": "invariant"}
    for curve in analysis.curves.values():
        assert curve.scales == SCALES
        assert curve.error[0] < 1e-12 < curve.error[1] < curve.error[2]


def test_the_accuracy_is_of_the_images_at_each_scale():
    """A network that sees only whether the centre is black: turning and scaling leave it where it is."""

    class Centre(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            value = images[:, 0, 15:17, 15:17].mean((1, 2))
            return torch.stack((1 - value, value), 1)

    images = torch.zeros(8, 3, 32, 32, dtype=torch.uint8)
    images[::2, :, 10:22, 10:22] = 255
    data = Dataset(images, torch.tensor([1, 0] * 4), ("black", "white"))
    analysis = analyse_layers("centre", Centre(), data, scales=(0.0, 0.1), images=4)
    assert analysis.accuracy == (1.0, 1.0)


def test_analyses_survive_json(data: Dataset):
    analysis = analyse_layers("net", classifier("cnn"), data, scales=SCALES, images=3, draws=1)
    again = LayerAnalysis.from_dict(json.loads(json.dumps(analysis.to_dict(), allow_nan=False)))
    assert again.to_dict() == analysis.to_dict()
    with pytest.raises(ArgumentTypeError, match="an analysis of layers"):
        LayerAnalysis.from_dict({"model": "net"})
