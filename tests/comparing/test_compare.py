"""Comparisons: of any networks, on images in any form, the same for every batch; kept whole; bad input in one line."""

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from invariance import Comparison, compare, load, plot_comparison, save
from invariance.comparing import named_models, stream_of
from invariance.errors import ArgumentError, ArgumentTypeError, CheckpointError, ImageReadError, ResultError
from invariance.measure.comparison import merged
from invariance.measure.runs import bootstrap_runs, mean_over_runs
from invariance.plots import save_figure
from invariance.targets import load_target
from invariance.warps import MOTIONS, WARP_FAMILIES


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def classifier(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


IMAGES = torch.rand(70, 3, 9, 9, generator=seeded(), dtype=torch.float64)
LABELS = torch.arange(70) % 4


def pooled(x: torch.Tensor) -> torch.Tensor:
    return x.square().mean((2, 3))


@pytest.mark.parametrize("warp", ["rotation", "scale", "shear", "translation", "smooth"])
def test_every_form_of_images_and_every_batch_gives_the_same(warp: str):
    scales = (1.0, 2.0) if warp != "smooth" else (0.0, 0.1)
    options = {"warp": warp, "scales": scales, "floor": False}
    whole = compare({"net": pooled}, IMAGES, labels=LABELS % 3, **options)
    loader = DataLoader(TensorDataset(IMAGES, LABELS % 3), batch_size=17)
    for other in (
        compare({"net": pooled}, IMAGES, labels=LABELS % 3, batch=5, **options),
        compare({"net": pooled}, loader, **options),
    ):
        for name in ("difference", "spread", "same", "correct", "defined"):
            assert torch.equal(getattr(other.curves[0], name), getattr(whole.curves[0], name))
        assert other.about["images"]["sha256"] == whole.about["images"]["sha256"]
    if warp in ("scale", "smooth"):  # their first size is the identity
        assert float(whole.value("net")[0]) < 1e-12
    assert float(whole.value("net")[1]) > 1e-3


def test_motions_are_what_they_say():
    rotation, shift = MOTIONS["rotation"].family(6, 6), MOTIONS["translation"].family(8, 4)
    from invariance.warps import warp_images

    images = torch.rand(1, 1, 6, 6, generator=seeded(), dtype=torch.float64)
    turned = warp_images(images, rotation(1, 90.0, generator=seeded()))
    torch.testing.assert_close(turned, images.rot90(1, (2, 3)))
    moved = shift(5, 2.5, generator=seeded()).displacement(8, 4)
    torch.testing.assert_close(moved.norm(dim=-1), torch.full_like(moved[..., 0], 2.5))
    wide = MOTIONS["rotation"].family(10, 20)(1, 30.0, generator=seeded())
    step = torch.tensor([[[[0.0, 0.0], [2 / 20, 0.0], [0.0, 2 / 10]]]], dtype=torch.float64)
    pixels = (wide(step)[0, 0] - wide(step)[0, 0, :1]) * torch.tensor([10.0, 5.0])
    torch.testing.assert_close(pixels[1:].norm(dim=1), torch.ones(2).double())  # a pixel stays one: it is no ellipse


def test_the_floor_of_large_images_is_measured_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch):
    asked = {"warp": "rotation", "scales": (0, 30)}
    whole = compare([pooled], IMAGES[:7], **asked).floor
    monkeypatch.setattr(import_module("invariance.comparing.compare"), "_WAVES_AT_PIXELS", 2 * 81)
    seen: list[int] = []
    parts = compare([lambda x: seen.append(len(x)) or pooled(x)], IMAGES[:7], batch=7, **asked).floor
    assert whole is not None
    assert parts is not None
    assert seen == [7] * 3 + [3, 3] * 2 + [2, 2] * 4  # the curve, then the floor in three parts of two scales
    assert parts.difference.shape == whole.difference.shape == (2, 1, 7)
    assert float(parts.error[0]) < 1e-12 < float(parts.error[1])


def test_f_of_x_is_computed_once():
    calls = []

    def counted(x: torch.Tensor) -> torch.Tensor:
        calls.append(len(x))
        return pooled(x)

    compare([counted], IMAGES[:10], warp="rotation", scales=(10, 20, 30), floor=False)
    assert calls == [10] * 4


def test_runs_of_one_network_vary_the_interval():
    nets = [classifier(seed) for seed in range(3)]
    found = compare({"net": nets, "alone": nets[0]}, IMAGES, warp="rotation", scales=(30,), floor=False)
    assert found.labels == ["net", "alone"]
    errors = torch.stack([curve.error for curve in found.runs("net")])
    torch.testing.assert_close(found.value("net"), errors.square().mean(0).sqrt())
    together, alone = (found.interval(label, generator=seeded())[:, 0] for label in ("net", "alone"))
    assert together[1] - together[0] > alone[1] - alone[0]
    torch.testing.assert_close(
        found.interval("alone", generator=seeded()), found.curves[3].interval(generator=seeded())
    )
    part, whole = torch.rand(2, 3, 40, generator=seeded()), torch.ones(2, 40)
    assert (bootstrap_runs(part, whole, generator=seeded()).mean(0) - mean_over_runs(part, whole)).abs().max() < 0.02


def test_images_of_an_interval_are_drawn_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch):
    part, whole = torch.rand(2, 3, 40, generator=seeded()).double(), torch.ones(2, 40).double()
    at_once = bootstrap_runs(part, whole, generator=seeded(), resamples=50)
    monkeypatch.setattr("invariance.measure.runs._CELLS", 120)
    torch.testing.assert_close(bootstrap_runs(part, whole, generator=seeded(), resamples=50), at_once)


def test_what_is_kept_is_everything(tmp_path: Path):
    found = compare({"net": classifier()}, IMAGES[:6], warp="translation", scales=(0, 1.5), labels=LABELS[:6])
    save(found, tmp_path / "kept.json")
    again = load(tmp_path / "kept.json")
    assert again.to_dict() == found.to_dict()
    assert again.about["versions"]["torch"] == torch.__version__
    assert len(again.models[0]["weights"]) == 64
    assert again.to_csv().splitlines()[0].startswith("label,runs,scale,error,error_low,error_high,consistency")
    assert len(again.to_csv().splitlines()) == 3


def test_a_folder_is_read_a_block_at_a_time(tmp_path: Path):
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for i in range(3):
            pixels = np.random.default_rng(i).integers(0, 255, (12, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / label / f"{i}.png")
    stream = stream_of(tmp_path, size=8)
    ((images, labels),) = list(stream)
    assert isinstance(images, torch.Tensor)
    assert images.shape == (6, 3, 8, 8)
    assert labels is not None
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert len(set(stream.hashes)) == 3
    ((grey, _),) = list(stream_of(tmp_path, size=8, channels=1, values="-1,1"))
    torch.testing.assert_close(grey, 2 * images.mean(1, keepdim=True) - 1)


def test_weights_of_a_file_go_into_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("nets.py").write_text("from torch import nn\ndef net(): return nn.Linear(4, 2)\n", encoding="utf-8")
    other = nn.Linear(4, 2)
    save_file({f"model.{name}": value for name, value in other.state_dict().items()}, "good.safetensors")
    save_file(nn.Linear(4, 3).state_dict(), "other.safetensors")
    loaded = load_target("nets.py:net@good.safetensors")
    assert isinstance(loaded, nn.Linear)
    assert torch.equal(loaded.weight, other.weight)
    with pytest.raises(
        CheckpointError, match=r"bias is of shape \(3,\) in the file and of shape \(2,\) in the network"
    ):
        load_target("nets.py:net@other.safetensors")
    with pytest.raises(CheckpointError, match=r"there is no none\.safetensors"):
        load_target("nets.py:net@none.safetensors")
    Path("torn.safetensors").write_bytes(b"\x10")
    with pytest.raises(CheckpointError, match="weights that safetensors"):
        load_target("nets.py:net@torn.safetensors")
    first, second = named_models(["a=nets.py:net", "plain-cnn"])
    assert (first.label, first.target, second.label) == ("a", "nets.py:net", "plain-cnn")


def test_one_figure_holds_measurements_of_one_kind():
    def of(**options: object) -> Comparison:
        asked = {"warp": "rotation", "scales": (10,), "floor": False, **options}
        return compare([pooled], asked.pop("images", IMAGES[:4]), **asked)

    assert len(merged([of(), of()]).curves) == 2
    for other, said in (
        (of(warp="shear", scales=(1,)), "warp"),
        (of(scales=(20,)), "scales"),
        (of(images=IMAGES[4:8]), "images"),
    ):
        with pytest.raises(ArgumentError, match=f"measurements of other {said}"):
            merged([of(), other])


def test_a_figure_names_each_network_once_and_no_share_above_one():
    nets = {"flat": lambda x: x.mean((2, 3)) * 0, "mean": lambda x: x.mean((2, 3))}
    figure = plot_comparison(compare(nets, IMAGES[:4], warp="rotation", scales=(0, 90), floor=False))
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["flat: constant, so that E is undefined", "mean"]
    assert max(figure.axes[1].get_yticks()) <= 1


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"warp": "scale", "scales": (0.0, 1.0)}, r"scales = \(0.0, 1.0\): .*each above 0"),
        ({"warp": "rotation", "scales": (20, 10)}, "increasing"),
        ({"warp": "smooth", "scales": (50.0,)}, "do not fold"),
        ({"warp": "twirl"}, "warp = twirl"),
        ({"labels": LABELS[:3]}, r"labels.shape = \(3,\)"),
        ({"labels": LABELS}, "labels = 0 to 3: classes 0 to 2"),
        ({"claim": "equivariant"}, "no plane that could move"),
        ({"images": IMAGES[:1]}, "images = 1"),
        ({"images": IMAGES * float("nan")}, "images = NaN"),
        ({"images": IMAGES[0]}, "batch, channels, height, width"),
        ({"models": [nn.Conv2d(1, 1, 3)]}, "images of a shape and dtype that Conv2d takes"),
        ({"models": []}, "at least one network"),
        ({"batch": 0}, "batch = 0: at least one image"),
        ({"draws": 0}, "draws = 0: at least one"),
        (
            {"images": [IMAGES[:2], IMAGES[:2, :, :8]]},
            r"images = \(3, 8, 9\) after \(3, 9, 9\): batches",
        ),
        ({"images": map(torch.stack, [[IMAGES, IMAGES[:2]]])}, "images = map: .*stack expects each tensor"),
        ({"images": IMAGES.byte()}, r"images.float\(\) / 255"),
        ({"models": {"ours": lambda x: x.mean((2, 3)) / 0}}, "output of ours = NaN or infinite: finite numbers"),
    ],
)
def test_bad_input_is_one_line(options: dict, said: str):
    asked = {"models": [pooled], "images": IMAGES, "warp": "rotation", "scales": (10,), "floor": False, **options}
    with pytest.raises(ArgumentError, match=said) as caught:
        compare(asked.pop("models"), asked.pop("images"), **asked)
    assert "\n" not in str(caught.value)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"labels": [0, 1, 2]}, "labels = list: a tensor of whole numbers"),
        ({"labels": LABELS.double()}, "labels = torch.float64: a tensor of whole numbers"),
        ({"images": IMAGES.numpy()}, r"images = ndarray: a tensor: torch.from_numpy\(images\)"),
        ({"models": {"ours": lambda x: {"logits": x}}}, "output of ours = dict: one floating-point tensor: a function"),
    ],
)
def test_what_is_of_another_type_says_what_to_type(options: dict, said: str):
    asked = {"models": [pooled], "images": IMAGES, "warp": "rotation", "scales": (10,), "floor": False, **options}
    with pytest.raises(ArgumentTypeError, match=said):
        compare(asked.pop("models"), asked.pop("images"), **asked)


def test_one_network_and_a_network_of_layers_in_a_list():
    alone = compare(classifier(), IMAGES[:4], warp="rotation", scales=(10,), floor=False)
    named = compare({"net": classifier()}, IMAGES[:4], warp="rotation", scales=(10,), floor=False)
    assert (alone.labels, named.labels) == (["Sequential"], ["net"])
    assert torch.equal(alone.value("Sequential"), named.value("net"))


@pytest.mark.parametrize("warp", WARP_FAMILIES)
def test_every_family_takes_the_sizes_that_are_tried_by_default(warp: str):
    images = IMAGES[:64, :1, :2, :2]
    found = compare([pooled], images, warp=warp, scales=None, draws=2, floor=False)
    assert found.scales[-1] >= 0.1


def test_images_of_one_colour_are_drawn_too(tmp_path: Path):
    """They have no spectrum to match, networks no E on them, and a logarithmic axis nothing above 0."""
    found = compare(classifier(), torch.zeros(2, 3, 9, 9), warp="smooth", scales=(0.1,))
    assert found.floor is None
    save_figure(plot_comparison(found), tmp_path / "flat.png")


@pytest.mark.bad_input
def test_other_bad_input(tmp_path: Path):
    with pytest.raises(ArgumentTypeError, match="images = int"):
        compare([pooled], 3, warp="rotation")
    with pytest.raises(ImageReadError, match="folders of them"):
        compare([pooled], tmp_path, warp="rotation")
    field = compare([nn.Identity()], IMAGES[:4], warp="rotation", scales=(10,), floor=False)
    with pytest.raises(ArgumentError, match="a classifier"):
        field.value("Identity", "consistency")
    with pytest.raises(ArgumentError, match="labels"):
        field.value("Identity", "accuracy")
    with pytest.raises(ArgumentError, match="measure = beauty: one of error, consistency, accuracy"):
        field.value("Identity", "beauty")  # pyright: ignore[reportArgumentType]
    (tmp_path / "x.json").write_text(json.dumps({"kind": "check"}), encoding="utf-8")
    with pytest.raises(ResultError, match="a record of kind curves"):
        load(tmp_path / "x.json")
    data = field.to_dict()
    data["curves"][0]["spread"] = [1.0, 2.0]
    (tmp_path / "x.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ResultError, match="do not fit"):
        load(tmp_path / "x.json")
