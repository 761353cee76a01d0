"""A corruption that was put there is found."""

import json

import pytest
import torch
from torch import nn

from invariance.errors import ArgumentError, ResultError
from invariance.experiments.data import Dataset
from invariance.experiments.evaluation import Protocol
from invariance.experiments.table.claims import claimed
from invariance.experiments.table.forensic import Forensic, forensic, forensic_to_markdown

PROTOCOL = Protocol(("affine",), (0.0, 0.01, 0.1))


class Sharpness(nn.Module):
    """Says the class, which is in the upper left pixel, as long as the lower half has fine detail."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        detail = images[:, 0, 4:].diff(dim=-1).abs().mean((1, 2))
        right = nn.functional.one_hot((images[:, 0, 4:, :].amax((1, 2)) * 10).long() % 2, 2).float()
        return torch.where((detail > 0.05)[:, None], right, right.new_tensor([1.0, 0.0]))


@pytest.fixture
def result(generator: torch.Generator) -> Forensic:
    images = torch.randint(250, (100, 3, 8, 8), generator=generator, dtype=torch.uint8)
    data = Dataset(images, torch.randint(2, (100,), generator=generator), ("a", "b"))
    nets = {name: Sharpness().eval() for name in ("cnn", "st-cnn:width=8")}
    return forensic(nets, data, PROTOCOL, note="noise", candidates=("none", "blur-3", "resolution-2"))


def test_every_candidate_network_and_printed_cell_is_there(result):
    assert result.cells == (("affine", 0.01), ("affine", 0.1))
    assert result.printed.tolist() == [[0.38, 0.37], [0.44, 0.45]]
    assert result.accuracy.shape == (3, 2, 2)
    assert torch.equal(result.accuracy[:, 0], result.accuracy[:, 1])
    assert not torch.equal(result.accuracy[0], result.accuracy[1])


def test_distance_is_in_points(result):
    found = result.accuracy[1, 1].tolist()
    expected = 100 * (((found[0] - 0.44) ** 2 + (found[1] - 0.45) ** 2) / 2) ** 0.5
    assert float(result.distance[1, 1]) == pytest.approx(expected)


def test_the_nearest_candidate_is_bold_and_on_top():
    printed = torch.tensor([[0.38, 0.37]], dtype=torch.float64)
    accuracy = torch.tensor([[[0.8, 0.7]], [[0.39, 0.36]]], dtype=torch.float64)
    cells = (("affine", 0.01), ("affine", 0.1))
    result = Forensic("diffcnn", PROTOCOL, 10, "", ("cnn",), ("none", "blur-3"), cells, printed, accuracy)
    lines = forensic_to_markdown(result).splitlines()
    assert "| blur-3 | **1.0** | 1.0 |" in lines
    assert lines.index("| blur-3 | **1.0** | 1.0 |") < lines.index("| none | 37.8 | 37.8 |")
    assert "| *cnn, printed* | *38* | *37* |" in lines
    assert "| cnn, blur-3 | 39 | 36 |" in lines


@pytest.mark.bad_input
def test_results_survive_json_and_foreign_ones_are_refused(result):
    content = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert Forensic.from_dict(content).to_dict() == content
    for change in ({"format": "other"}, {"models": ["cnn"]}, {"cells": []}, {"protocol": {}}, {"accuracy": "x"}):
        with pytest.raises(ResultError):
            Forensic.from_dict(content | change)
    with pytest.raises(ResultError):
        Forensic.from_dict([])


def test_networks_of_which_nothing_is_printed_are_refused(generator):
    data = Dataset(torch.zeros(4, 3, 8, 8, dtype=torch.uint8), torch.zeros(4, dtype=torch.int64), ("a", "b"))
    with pytest.raises(ArgumentError, match="resnet"):
        forensic({"resnet": Sharpness().eval()}, data, PROTOCOL)
    assert claimed("diffcnn").of("resnet") is None
    with pytest.raises(ArgumentError, match="cnn"):
        forensic({"cnn": Sharpness().eval()}, data, Protocol(("affine",), (0.3,)))
