"""Figures 1 and 3: the pictures are the table's own, the answers the networks'."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from invariance.errors import ArgumentError, ResultError
from invariance.experiments.data import Dataset, load_splits
from invariance.experiments.evaluation import Cell, Protocol, draw, warped
from invariance.experiments.run import load_run
from invariance.experiments.table.figure import draw_predictions, draw_representation
from invariance.experiments.table.pictures import Pictures, load_pictures, predictions, representation

PROTOCOL = Protocol(("affine", "homography"), (0.0, 0.1, 0.5))


@pytest.fixture(scope="module")
def test_images(folder: Path) -> Dataset:
    return load_splits("cifar10", folder).test


@pytest.fixture(scope="module")
def networks(runs: Path) -> dict[str, nn.Module]:
    return {"cnn": load_run(runs / "run 0")[0], "diffcnn-cnn": load_run(runs / "run 3")[0]}


@pytest.fixture(scope="module")
def cats(networks, test_images) -> Pictures:
    return predictions(networks, test_images, PROTOCOL)


@pytest.fixture(scope="module")
def bird(networks, test_images) -> Pictures:
    return representation(networks, test_images, PROTOCOL)


def test_pictures_are_those_of_the_table(cats, test_images):
    assert cats.warps == ((None, 0.0), *((f, s) for f in ("affine", "homography") for s in (0.1, 0.5)))
    image = test_images.images[cats.image : cats.image + 1] / 255
    torch.testing.assert_close(cats.pictures[:1], image)
    warp = draw(PROTOCOL, Cell("homography", 0.1), len(test_images), (32, 32)).warp
    assert warp is not None
    torch.testing.assert_close(cats.pictures[3:4], warped(image, warp[cats.image], PROTOCOL))


def test_answers_are_those_of_the_networks(cats, networks, test_images):
    assert test_images.classes[test_images.labels[cats.image]] == cats.label == "cat"
    for name, net in networks.items():
        expected = [test_images.classes[i] for i in net(cats.pictures).argmax(1)]
        assert list(cats.answers[name]) == expected


class Last(nn.Module):
    """Says cat where the image's last pixel is bright."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return nn.functional.one_hot(torch.where(images[:, 0, -1, -1] > 0.5, 1, 0), 2).float()


def test_the_first_image_that_all_classify_right_is_taken():
    images = torch.zeros(5, 3, 8, 8, dtype=torch.uint8)
    images[3:, :, -1, -1] = 255
    data = Dataset(images, torch.tensor([1, 0, 1, 0, 1]), ("dog", "cat"))
    assert predictions({"net": Last().eval()}, data, PROTOCOL).image == 4
    assert predictions({"net": Last().eval()}, data[:3], PROTOCOL).image == 0
    for label, said in (("cow", "one of dog, cat"), ("dog", "a class with test images")):
        with pytest.raises(ArgumentError, match=said):
            predictions({"net": Last().eval()}, data[torch.tensor([0, 2])], PROTOCOL, label=label)


def test_fields_are_those_of_the_layers_named(bird):
    assert {name: field.layer for name, field in bird.fields.items()} == {
        "cnn": "first convolution",
        "diffcnn-cnn": "U",
    }
    for field, channels in zip(bird.fields.values(), (2, 3), strict=True):
        assert field.values.shape[:2] == (2, channels)
        torch.testing.assert_close(field.values[0].flatten(1).std(1), torch.ones(channels), rtol=1e-3, atol=0)
        assert field.fixed > 0
        assert field.moved > 0


def test_a_field_that_moves_with_the_image_has_no_difference(test_images):
    net = nn.Sequential(nn.Conv2d(3, 3, 1, bias=False), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 10)).eval()
    protocol = Protocol(padding="border")
    found = representation({"net": net}, test_images, protocol, scale=0.01).fields["net"]
    assert found.moved < 1e-5 < found.fixed


@pytest.mark.bad_input
def test_pictures_survive_their_file_and_foreign_ones_are_named(bird, tmp_path):
    file = tmp_path / "pictures.json"
    bird.save(file)
    again = load_pictures(file)
    assert (again.image, again.answers, again.warps) == (bird.image, bird.answers, bird.warps)
    torch.testing.assert_close(again.pictures, bird.pictures, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(again.fields["cnn"].values, bird.fields["cnn"].values, rtol=1e-3, atol=1e-3)
    content = bird.to_dict()
    for change in ({"format": "x"}, {"warps": []}, {"pictures": {"shape": [1], "float16": "?"}}, {"protocol": {}}):
        file.write_text(json.dumps(content | change), encoding="utf-8")
        with pytest.raises(ResultError, match=r"pictures\.json"):
            load_pictures(file)


def test_figure_3_has_a_place_for_every_warp_and_counts(cats):
    figure = draw_predictions(cats)
    shown = [ax for ax in figure.axes if ax.images]
    assert len(shown) == 5
    assert [ax.get_title() for ax in figure.axes if ax.get_title()] == ["image", "affine", "homography"]
    assert [ax.get_ylabel() for ax in figure.axes if ax.get_ylabel()] == ["σ = 0.1", "σ = 0.5"]
    right = sum(answer == "cat" for answer in cats.answers["cnn"][1:])
    assert f"CNN {right}" in figure.get_suptitle()
    marks = [text.get_text()[-1] for ax in shown for text in ax.texts if text.get_text().startswith("CNN:")]
    assert marks.count("✓") == right + (cats.answers["cnn"][0] == "cat")
    assert len(marks) == 5


def test_figure_1_shows_both_rows_of_both_networks(bird):
    figure = draw_representation(bird)
    assert len([ax for ax in figure.axes if ax.images]) == 12
    field = bird.fields["diffcnn-cnn"]
    assert f"DiffCNN {100 * field.fixed:.0f} % and {100 * field.moved:.0f} %" in figure.get_suptitle()
