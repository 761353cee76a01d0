"""The analysis of a trained network: stages by name, curves under the warps that its accuracy is measured under."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from invariance.errors import ResultError, UndefinedError
from invariance.experiments.classifier import Classifier
from invariance.experiments.data import Dataset
from invariance.experiments.layers import (
    analyse_layers,
    draw_analyses,
    load_analyses,
    save_analyses,
    stages,
    to_markdown,
)
from invariance.experiments.packed import save_packed
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
    assert claims == {
        **{f"ReLU {i}": "equivariant" for i in range(1, 8)},
        "features": "invariant",
        "logits": "invariant",
    }
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


def test_analyses_are_kept_drawn_and_told(data: Dataset, tmp_path: Path):
    analyses = [
        analyse_layers(name, classifier(name), data, scales=SCALES, images=3, draws=1)
        for name in ("cnn", "diffcnn-cnn")
    ]
    file = tmp_path / "layers.json"
    save_analyses(file, analyses)
    again = load_analyses(file)
    for analysis, other in zip(analyses, again, strict=True):
        content, arrays = analysis.to_kept("a network")
        kept, packed = other.to_kept("a network")
        assert {**content, "curves": list(content["curves"])} == {**kept, "curves": list(kept["curves"])}
        assert all((arrays[name] == packed[name]).all() for name in arrays)
        for stage, curve in analysis.curves.items():
            torch.testing.assert_close(other.curves[stage].error, curve.error, rtol=1e-6, atol=0)
            assert content["curves"][stage]["error"] == curve.error.tolist()
    figure = draw_analyses(again)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["CNN", "DiffCNN", "what it costs"]
    lines = to_markdown(again, "Noise.").splitlines()
    assert lines[4] == f"## affine, σ = {SCALES[1]:g}"
    assert lines[6].startswith("| network | LogDetInvariant | ReLU 1 |")
    assert lines[8].startswith("| cnn | – | 0.")
    error = analyses[1].curves["LogDetInvariant"].error[2]
    assert f"| diffcnn-cnn | {error:.3f} |" in lines[-2]
    with pytest.raises(ResultError, match="analyses = 0"):
        draw_analyses([])


OURS = {"format": "invariance layers 2"}


@pytest.mark.parametrize("content", [[], {"format": "another"}, OURS, OURS | {"networks": [{}]}])
def test_other_files_are_refused(content: object, tmp_path: Path):
    file = tmp_path / "other.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ResultError, match=r"other\.json"):
        load_analyses(file)
    with pytest.raises(ResultError, match=r"nowhere\.json"):
        load_analyses(tmp_path / "nowhere.json")


def test_a_stage_that_is_the_same_for_all_images_is_kept_without_an_error(data: Dataset, tmp_path: Path):
    analysis = analyse_layers("cnn", classifier("cnn"), data, scales=SCALES, images=3, draws=1)
    dead = replace(analysis.curves["ReLU 1"], spread=torch.zeros(3, dtype=torch.float64))
    save_analyses(tmp_path / "layers.json", [replace(analysis, curves=analysis.curves | {"ReLU 1": dead})])
    assert json.loads((tmp_path / "layers.json").read_text())["networks"][0]["curves"]["ReLU 1"]["error"] is None
    with pytest.raises(UndefinedError):
        _ = load_analyses(tmp_path / "layers.json")[0].curves["ReLU 1"].error


@pytest.mark.bad_input
@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("difference"),
        lambda arrays: arrays.update(difference=arrays["difference"][:1]),
        lambda arrays: arrays.update(difference=arrays["difference"].astype("float64")),
        lambda arrays: arrays.update(spread=arrays["spread"][:1]),
        lambda arrays: arrays.update(defined=arrays["defined"].astype("float32")),
    ],
)
def test_numbers_that_do_not_belong_together_are_refused(data: Dataset, change, tmp_path: Path):
    analysis = analyse_layers("cnn", classifier("cnn"), data, scales=SCALES, images=3, draws=1)
    content, arrays = analysis.to_kept("cnn")
    change(parts := {name.removeprefix("cnn: ReLU 1: "): array for name, array in arrays.items()})
    arrays = {name if name.startswith("cnn") else f"cnn: ReLU 1: {name}": array for name, array in parts.items()}
    save_packed(tmp_path / "layers.json", {"format": "invariance layers 2", "networks": [content]}, arrays)
    with pytest.raises(ResultError, match=r"layers\.json"):
        load_analyses(tmp_path / "layers.json")
