"""Warped test images: each convention does what it says, draws are shared, memory is bounded, nothing is NaN."""

import dataclasses

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.experiments.data import Dataset
from invariance.experiments.evaluation import (
    CORRUPTIONS,
    Cell,
    Column,
    Displacement,
    Protocol,
    Setting,
    corruption,
    draw,
    draw_all,
    evaluate,
    warped,
)
from invariance.experiments.evaluation.draws import displacement
from invariance.images import pixel_grid
from invariance.warps import Projective, warp_images

SIZE = (32, 32)


@pytest.fixture
def data(generator: torch.Generator) -> Dataset:
    images = torch.randint(256, (23, 3, 8, 8), generator=generator, dtype=torch.uint8)
    return Dataset(images, torch.randint(4, (23,), generator=generator), tuple("abcd"))


def linear(seed: int, classes: int = 4) -> nn.Module:
    layer = nn.Linear(3 * 8 * 8, classes)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(seed))
    return nn.Sequential(nn.Flatten(), layer).eval()


class Fixed(nn.Module):
    """Logits that look at no image."""

    def __init__(self, logits: list[float]) -> None:
        super().__init__()
        self.logits = torch.tensor(logits)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.logits.expand(len(images), -1)


def drawn(protocol: Protocol, family: str, scale: float, count: int = 100):
    return draw(protocol, Cell(family, scale), count, SIZE)


def warp_of(protocol: Protocol, family: str, scale: float, count: int = 100) -> Projective:
    warp = drawn(protocol, family, scale, count).warp
    assert warp is not None
    return warp


def column(protocol: Protocol, family: str, scale: float, count: int = 100) -> Column:
    return drawn(protocol, family, scale, count).column


def moved(protocol: Protocol, family: str, scale: float, count: int = 100) -> Displacement:
    found = column(protocol, family, scale, count).displacement
    assert found is not None
    return found


def test_scale_zero_moves_nothing_and_clean_images_are_not_touched(data):
    for protocol in (
        Protocol(scales=(0.0, 0.3)),
        Protocol(scales=(0.0, 0.3), interpolation="cubic"),
        Protocol(scales=(0.0, 0.3), coordinates="pixel", origin="corner"),
    ):
        (answers,) = evaluate({"net": linear(0)}, data, protocol).values()
        clean, *rows = answers.correct
        zeros = rows[::2]
        assert all(torch.equal(row, clean) for row in zeros)
        assert any(not torch.equal(row, clean) for row in rows[1::2])


def test_accuracy_is_that_of_the_classifier_itself(data):
    net = linear(1)
    (answers,) = evaluate({"net": net}, data, Protocol(families=(), scales=())).values()
    assert torch.equal(answers.correct[0], net(data.images / 255).argmax(1) == data.labels)


def test_answers_depend_neither_on_the_batch_nor_on_the_company(data):
    protocol = Protocol(corruption="noise-0.1")
    together = evaluate({"a": linear(0), "b": linear(1)}, data, protocol, batch=23)
    alone = evaluate({"b": linear(1)}, data, protocol, batch=7)
    assert torch.equal(together["b"].correct, alone["b"].correct)
    assert not torch.equal(together["a"].correct, together["b"].correct)


def test_each_image_has_a_draw_of_its_own_that_sigma_multiplies():
    small, large = (warp_of(Protocol(), "homography", scale).matrix for scale in (0.01, 0.1))
    eye = torch.eye(3, dtype=torch.float64)
    torch.testing.assert_close(10 * (small - eye), large - eye)
    assert len(small.flatten(1).unique(dim=0)) == 100
    other = warp_of(Protocol(seed=1), "homography", 0.1).matrix
    assert not torch.equal(other, large)
    affine = warp_of(Protocol(), "affine", 0.1).matrix
    assert not torch.isclose(affine[:, 0, 0], large[:, 0, 0]).any()


def test_the_other_direction_is_the_inverse():
    there = warp_of(Protocol(), "homography", 0.1)
    back = warp_of(Protocol(direction="source-to-destination"), "homography", 0.1)
    grid = pixel_grid(5, 5)[None]
    torch.testing.assert_close(there(back(grid)), grid.expand(100, 5, 5, 2))
    assert bool(back.in_front(grid).all())


def test_pixels_from_behind_the_horizon_are_zero_and_all_others_are_the_warp():
    matrix = torch.tensor([[[1.0, 0, 0], [0, 1, 0], [2, 0, 1]]], dtype=torch.float64)
    images, warp, behind = torch.ones(1, 1, 8, 8), Projective(matrix), pixel_grid(8, 8)[..., 0] < -0.5
    result = warped(images, warp, Protocol(padding="border"))[0, 0]
    assert torch.equal(result, (~behind).float())
    through = warped(images, warp, Protocol(padding="border", horizon="divide"))
    torch.testing.assert_close(through, warp_images(images, warp, method="bilinear", padding="border"))


@pytest.mark.parametrize("padding", ["zeros", "border", "mirror"])
@pytest.mark.parametrize("interpolation", ["bilinear", "cubic"])
@pytest.mark.parametrize("horizon", ["zeros", "divide"])
def test_nothing_is_nan_however_the_draws_fold(padding, interpolation, horizon):
    protocol = Protocol(
        coordinates="pixel", padding=padding, interpolation=interpolation, horizon=horizon, scales=(0.5,)
    )
    warp = warp_of(protocol, "homography", 0.5, 64)
    singular = Projective(torch.tensor([[[1.0, 0, 0], [0, 0, 0], [4, 0, 0.5]]]).double())  # 0/0 on a pixel of 4×4
    for w, images in ((warp, torch.rand(64, 3, 32, 32)), (singular, torch.rand(1, 3, 4, 4))):
        result = warped(images, w, protocol)
        assert bool(result.isfinite().all())
        assert result.min() >= -0.5
        assert result.max() <= 1.5


def test_displacement_is_in_pixels():
    matrix = torch.eye(3, dtype=torch.float64).expand(7, 3, 3).clone()
    matrix[:, :2, 2] = torch.tensor([3 / 16, 4 / 16])
    found = displacement(Projective(matrix), SIZE)
    assert dataclasses.astuple(found) == pytest.approx((5, 5, 5))
    still = moved(Protocol(), "affine", 0.0)
    assert dataclasses.astuple(still) == (0, 0, 0)


@pytest.mark.parametrize(
    ("options", "family", "scale", "expected"),
    [
        ({}, "affine", 0.1, (1.5, 3.5, 3.4)),
        ({}, "homography", 0.01, (0.28, 0.57, 0.65)),
        ({"origin": "corner"}, "affine-shift", 0.01, (0.50, 1.0, 0.74)),
        ({"coordinates": "pixel", "origin": "corner"}, "affine", 0.1, (3.0, 6.9, 5.8)),
        ({"coordinates": "pixel"}, "homography", 0.01, (1.5, 4.6, 6.5)),
    ],
)
def test_displacement_of_the_conventions(options, family, scale, expected):
    """As measured elsewhere with 10,000 draws."""
    found = moved(Protocol(**options), family, scale, 1000)
    assert dataclasses.astuple(found) == pytest.approx(expected, rel=0.06)


def test_folding_is_counted_kept_by_default_and_redrawn_on_request():
    affine, homography = (column(Protocol(), family, 0.5, 1000) for family in ("affine", "homography"))
    assert 0.05 < affine.reversed / 1000 < 0.09
    assert affine.folded == 0
    assert 0.25 < homography.folded / 1000 < 0.35
    assert affine.redrawn == homography.redrawn == 0
    again = column(Protocol(folding="redraw"), "homography", 0.5, 1000)
    assert (again.folded, again.reversed) == (0, 0)
    assert again.redrawn >= homography.folded
    mild = column(Protocol(), "homography", 0.1)
    assert (mild.folded, mild.reversed) == (0, 0)


def test_displacement_behind_the_horizon_is_the_diagonal():
    horizon = moved(Protocol(coordinates="pixel"), "homography", 0.5)
    assert horizon.median_maximum == pytest.approx(32 * 2**0.5)
    # −H is the same map by the formula, but everything is behind its horizon.
    behind = displacement(Projective(-torch.eye(3, dtype=torch.float64).expand(2, 3, 3)), SIZE)
    assert behind.mean == pytest.approx(32 * 2**0.5)


def test_logits_that_are_not_finite_are_wrong_and_counted(data):
    protocol = Protocol(families=("affine",), scales=(0.1,))
    label = int(data.labels[0])
    logits = [0.0] * 4
    logits[label] = float("inf")
    (answers,) = evaluate({"net": Fixed(logits).eval()}, data, protocol).values()
    assert not answers.correct.any()
    assert answers.undefined.tolist() == [23, 23]
    logits[label] = 1.0
    (answers,) = evaluate({"net": Fixed(logits).eval()}, data, protocol).values()
    assert answers.correct[0].sum() == (data.labels == label).sum()
    assert answers.undefined.tolist() == [0, 0]


class _Largest(TorchDispatchMode):
    elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.is_floating_point():
            self.elements = max(self.elements, result.numel())
        return result


def test_memory_is_bounded_by_the_batch(generator):
    largest = []
    for count, batch in ((20, 10), (80, 10), (80, 40)):
        images = torch.randint(256, (count, 3, 8, 8), generator=generator, dtype=torch.uint8)
        data = Dataset(images, torch.zeros(count, dtype=torch.int64), tuple("abcd"))
        protocol = Protocol(scales=(0.1, 0.5), corruption="resolution-4")
        draws = draw_all(protocol, count, (8, 8))
        with _Largest() as mode:
            evaluate({"net": linear(0)}, data, protocol, draws=draws, batch=batch)
        largest.append(mode.elements)
    assert largest[0] == largest[1] < largest[2] <= 4 * largest[0]


def test_ticks_add_up(data):
    done: list[int] = []
    protocol = Protocol(families=("affine",), scales=(0.0, 0.1))
    evaluate({"net": linear(0)}, data, protocol, batch=10, tick=done.append)
    assert sum(done) == 3 * 23


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"coordinates": "polar"}, "coordinates = polar"),
        ({"folding": "raise"}, "folding = raise"),
        ({"families": ("affine", "affine")}, "families ="),
        ({"families": ("smooth",)}, "families ="),
        ({"scales": (0.1, 0.01)}, "scales ="),
        ({"scales": ()}, "scales ="),
        ({"corruption": "rain"}, "corruption = rain"),
        ({"corruption": "resolution"}, "resolution-N"),
        ({"corruption": "resolution-0"}, "resolution-N"),
        ({"seed": -1}, "seed = -1"),
    ],
)
def test_protocols_name_what_is_wrong(options, said):
    with pytest.raises(ArgumentError, match=said):
        Protocol(**options)


def test_protocols_survive_json():
    protocol = Protocol(origin="corner", scales=(0.0, 0.2), corruption="jpeg-20")
    assert Protocol.from_dict(protocol.to_dict()) == protocol
    with pytest.raises(ArgumentTypeError, match="origin"):
        Protocol.from_dict({k: v for k, v in protocol.to_dict().items() if k != "origin"})


@pytest.mark.bad_input
def test_bad_classifiers_are_named(data):
    protocol = Protocol(families=(), scales=())
    for net, said in ((linear(0).train(), "eval mode"), (linear(0, classes=5), r"logits of shape \(23, 4\)")):
        with pytest.raises(ArgumentError, match=f"(?s)some-net.*{said}"):
            evaluate({"some-net": net}, data, protocol)
    with pytest.raises(ArgumentError, match="at least one classifier"):
        evaluate({}, data, protocol)
    with pytest.raises(ArgumentError, match="batch = 0"):
        evaluate({"net": linear(0)}, data, protocol, batch=0)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corruptions_treat_each_image_alone(name, generator):
    images = torch.rand(6, 3, 32, 32, generator=generator)
    mean, std = torch.full((3, 1, 1), 0.45), torch.full((3, 1, 1), 0.25)
    change = corruption(name)
    whole = change(images, Setting(0, 5, mean, std))
    assert whole.shape == images.shape
    assert bool(whole.isfinite().all())
    torch.testing.assert_close(change(images[4:], Setting(4, 5, mean, std)), whole[4:])
    assert torch.equal(whole, images) == (name == "none")


def test_corruptions_do_what_they_say(generator):
    images = torch.rand(2, 3, 32, 32, generator=generator)
    mean, std = torch.full((3, 1, 1), 0.4), torch.full((3, 1, 1), 0.2)

    def at(name: str, x: torch.Tensor = images) -> torch.Tensor:
        return corruption(name)(x, Setting(0, 0, mean, std))

    torch.testing.assert_close(at("resolution-32"), images)
    torch.testing.assert_close(at("resolution-1"), images.mean((2, 3), keepdim=True).expand_as(images))
    assert len(at("levels-4").unique()) == 4
    ramp = torch.arange(32.0).expand(1, 3, 32, 32)
    torch.testing.assert_close(at("half-pixel", ramp)[..., :-1, :-1], ramp[..., :-1, :-1] + 0.5)
    torch.testing.assert_close(at("blur-1", ramp)[..., 4:-4], ramp[..., 4:-4])
    torch.testing.assert_close((at("not standardised") - mean) / std, images)
    torch.testing.assert_close((at("standardised twice") - mean) / std, ((images - mean) / std - mean) / std)
    assert (at("jpeg-95", ramp / 32) - ramp / 32).abs().max() < 0.05
    assert (at("noise-0.05") - images).abs().mean() == pytest.approx(0.04, rel=0.1)


def test_clean_images_stay_clean_beside_a_corruption(data):
    net = linear(0)
    plain, coarse = (
        next(iter(evaluate({"net": net}, data, Protocol(("affine",), (0.0,), corruption=c)).values())).correct
        for c in ("none", "resolution-2")
    )
    assert torch.equal(plain[0], coarse[0])
    assert not torch.equal(plain[1], coarse[1])


@pytest.mark.gpu
def test_the_gpu_gives_the_same_answers(data, card: str):
    protocol = Protocol()
    answers = [evaluate({"net": linear(0)}, data, protocol, device=d)["net"].correct for d in ("cpu", card)]
    assert (answers[0] != answers[1]).double().mean() < 0.01
