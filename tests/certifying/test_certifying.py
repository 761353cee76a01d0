"""What is certified is never broken on meshes that move, by any warp drawn or searched for."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from certifying.subjects import network, pictures
from experiments.training.synthetic import dataset

from invariance.certifying import ATTACKS, bound_of, certified_radius, certify, worst_logits, worst_warp
from invariance.certifying.attack import Mesh, inverse_at
from invariance.certifying.radius import largest_slopes
from invariance.cli import main
from invariance.errors import ArgumentError
from invariance.experiments.data.remote import CIFAR10_FILES
from invariance.images import pixel_grid
from invariance.layers.surface import Windows
from invariance.models import RegularCNN
from invariance.plots import plot_certified


@pytest.mark.parametrize("discretisation", ["quads", "triangles"])
@pytest.mark.parametrize("family", ATTACKS)
def test_no_warp_breaks_what_was_proved(family: str, discretisation: str, generator: torch.Generator):
    """30 images, 4 displacements, 3 warps each: 360 cases for each family and discretisation."""
    net = network(generator, discretisation=discretisation)
    mesh = Mesh.of(pictures(30, generator), net)
    still = mesh.moved(mesh.vertices)
    radius, bound = certified_radius(net, still), bound_of(net, still)
    assert (radius > 0).all()
    for displacement in (0.02, 0.05, 0.1, 0.2):
        lowest = bound.lowest_margins(torch.full_like(radius, displacement)).amin(1)
        options = {"generator": generator, "steps": 2, "floor": lambda _, low=lowest: low}
        found = worst_warp(net, mesh, family, displacement, **options)
        assert found.excess is not None
        assert found.excess <= 0
        assert not (found.changed & (found.displacement <= radius)).any()
        assert (found.displacement <= displacement).all()
        assert found.warp.certificate().require().keeps_square


def test_the_margin_itself_is_no_bound_and_the_bound_is_not_idle(generator: torch.Generator):
    """The control: without an allowance for the warp the same search breaks it, and it uses up a part of it."""
    net = network(generator)
    mesh = Mesh.of(pictures(40, generator), net)
    bound = bound_of(net, mesh.moved(mesh.vertices))
    still, lowest = (bound.lowest_margins(torch.full_like(bound.scale, d)).amin(1) for d in (0.0, 0.005))
    top = bound.logits.topk(2, dim=1).values
    torch.testing.assert_close(still, top[:, 0] - top[:, 1])
    found = worst_warp(net, mesh, "smooth", 0.005, generator=generator, steps=8, floor=lambda _: still)
    assert found.excess is not None
    assert found.excess > 0
    used = (still - found.margin) / (still - lowest)
    assert 0.1 < used.max() <= 1


def test_slopes_are_those_of_the_bilinear_function(generator: torch.Generator):
    windows = Windows(4)
    nodes = torch.randn(2, 3, 5, 16, generator=generator, dtype=torch.float64)
    position = 2 * torch.rand(2, 2, 5, generator=generator, dtype=torch.float64) - 1
    delta = torch.tensor([0.05, 0.4], dtype=torch.float64)
    bound = largest_slopes(windows, nodes, position, delta)
    offsets = 2 * torch.rand(2, 2, 400, generator=generator, dtype=torch.float64) - 1
    near = position[..., None] + delta[:, None, None, None] * offsets[:, :, None]
    near = near.clamp(-1 + 1e-9, 1 - 1e-9).requires_grad_()  # at the outermost centres |x| has no derivative
    weights = windows(near.flatten(2)).unflatten(2, (5, 400))
    for c in range(3):
        value = torch.einsum("rmn,rnmp->", nodes[:, c], weights)
        (slope,) = torch.autograd.grad(value, near, retain_graph=True)
        sampled = slope.norm(dim=1).amax(2)
        assert (sampled <= bound[:, c] + 1e-12).all()
        assert (sampled >= 0.6 * bound[:, c]).all()


def test_what_a_training_lowers_is_proved_too(generator: torch.Generator):
    """By functions: below the bound by pieces, and no warp drawn within the displacement breaks it for any class."""
    net = network(generator)
    mesh = Mesh.of(pictures(20, generator), net)
    still = mesh.moved(mesh.vertices)
    labels = torch.randint(10, (20,), generator=generator)
    plain = net.of_surface(still)
    unmoved = worst_logits(net, still, labels, 0.0)
    torch.testing.assert_close(unmoved, plain - plain.gather(1, labels[:, None]))
    bound, idle = bound_of(net, still), True
    for displacement in (0.005, 0.05):
        worst = worst_logits(net, still, labels, displacement)
        assert (-worst <= bound.lowest_margins(torch.full_like(bound.scale, displacement), labels) + 1e-12).all()
        options = {"generator": generator, "steps": 2}
        for family in ATTACKS:
            moved = net.of_surface(mesh.under(worst_warp(net, mesh, family, displacement, **options).warp)[0])
            reached = moved - moved.gather(1, labels[:, None])
            assert (reached <= worst + 1e-12).all()
            idle &= bool((reached <= unmoved + 1e-12).all())
    assert not idle


def test_a_training_for_the_margin_has_a_derivative_everywhere(generator: torch.Generator):
    net = network(generator).requires_grad_()
    images = torch.cat((pictures(2, generator), torch.ones(1, 3, 10, 10, dtype=torch.float64)))
    loss = worst_logits(net, net.pool.surface(images), torch.tensor([0, 1, 2]), 0.02).logsumexp(1).sum()
    assert all(grad.isfinite().all() for grad in torch.autograd.grad(loss, list(net.parameters())))


@pytest.mark.parametrize("discretisation", ["quads", "triangles"])
@pytest.mark.parametrize("head", ["free", "lipschitz"])
def test_without_windows_nothing_moves_the_logits(discretisation: str, head: str, generator: torch.Generator):
    net = network(generator, windows=1, discretisation=discretisation, head=head)
    mesh = Mesh.of(pictures(8, generator), net)
    still = mesh.moved(mesh.vertices)
    assert certified_radius(net, still).isinf().all()
    for family in ATTACKS:
        warp = worst_warp(net, mesh, family, 0.3, generator=generator, steps=0).warp
        torch.testing.assert_close(net.of_surface(mesh.under(warp)[0]), net.of_surface(still), rtol=1e-12, atol=1e-12)


def test_the_mesh_is_what_the_network_makes_of_the_pixels(generator: torch.Generator):
    for discretisation in ("quads", "triangles"):
        net = network(generator, discretisation=discretisation)
        images = pictures(3, generator)
        mesh = Mesh.of(images, net)
        torch.testing.assert_close(net.of_surface(mesh.moved(mesh.vertices)), net(images), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("family", ATTACKS)
def test_points_are_found_back(family: str, generator: torch.Generator):
    net = network(generator)
    warp = worst_warp(net, Mesh.of(pictures(4, generator), net), family, 0.1, generator=generator, steps=1).warp
    grid = pixel_grid(9, 9)[None]
    back = inverse_at(warp, grid)
    torch.testing.assert_close(warp(back), grid.expand_as(back), rtol=0, atol=1e-8)
    assert (back - grid).norm(dim=-1).max() > 0.01


def test_an_image_without_a_surface_has_its_class_for_ever(generator: torch.Generator):
    net = network(generator)
    mesh = Mesh.of(torch.ones(1, 3, 10, 10).double(), net)
    assert certified_radius(net, mesh.moved(mesh.vertices), most=0.5) == 0.5


def test_a_report_and_its_figure(generator: torch.Generator):
    net = network(generator)
    images = pictures(10, generator)
    labels = net(images).argmax(1)
    labels[:2] = (labels[:2] + 1) % 10
    found = certify(net, images, labels, displacements=(0.05, 1.0), families=("smooth",), steps=1)
    assert found.accuracy == 0.8
    assert found.holds
    assert found.cases == 40
    assert found.radii[:2] == (0.0, 0.0)
    assert found.certified[0] >= found.certified[1]
    assert all(a >= c for a, c in zip(found.attacked["smooth"], found.certified, strict=True))
    (certified, *_) = plot_certified(found.to_dict()).get_lines()
    assert np.asarray(certified.get_ydata())[0] == 80


@pytest.mark.parametrize("head", ["free", "lipschitz"])
def test_without_windows_every_displacement_is_certified(head: str, generator: torch.Generator):
    net, images = network(generator, windows=1, head=head), pictures(4, generator)
    found = certify(net, images, net(images).argmax(1), steps=2, generator=generator)
    assert found.certified == found.attacked["smooth"] == (1.0, 1.0, 1.0)
    assert found.holds
    assert found.median == float("inf")
    assert found.to_dict()["radii"] == [None] * 4


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"head": "free"}, "head = free: lipschitz, where windows are used"),
        ({"discretisation": "pixels"}, "discretisation = pixels: quads or triangles"),
    ],
)
def test_networks_of_which_nothing_is_known_are_refused(options: dict, said: str, generator: torch.Generator):
    net = network(generator, **options)
    with pytest.raises(ArgumentError, match=said):
        certify(net, pictures(2, generator), torch.zeros(2, dtype=torch.int64))


@pytest.mark.bad_input
def test_bad_input_is_named(generator: torch.Generator):
    images, labels = pictures(2, generator), torch.zeros(2, dtype=torch.int64)
    net = network(generator)
    with pytest.raises(ArgumentError, match="model = RegularCNN: a surface network"):
        certify(RegularCNN(width=2), images, labels)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ArgumentError, match="families = affine: one that maps the square onto itself"):
        certify(net, images, labels, families=("affine",))
    with pytest.raises(ArgumentError, match="families = waves: one of smooth"):
        certify(net, images, labels, families=("waves",))
    with pytest.raises(ArgumentError, match="displacements = "):
        certify(net, images, labels, displacements=(1.0, 0.5))
    with pytest.raises(ArgumentError, match="images = 0"):
        certify(net, images[:0], labels[:0])
    with pytest.raises(ArgumentError, match="steps = -1"):
        certify(net, images, labels, steps=-1)
    with pytest.raises(ArgumentError, match="batch = 0"):
        certify(net, images, labels, batch=0)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("labels", "said"), [([0], r"labels = \(1,\)"), ([0.0, 1.0], "of torch.float32"), ([0, 10], "classes from 0 to 9")]
)
def test_labels_are_one_class_for_each_image(labels: list[float], said: str, generator: torch.Generator):
    with pytest.raises(ArgumentError, match=said):
        certify(network(generator), pictures(2, generator), torch.tensor(labels), families=())


@pytest.mark.bad_input
@pytest.mark.parametrize("windows", [1, 3])
def test_what_is_not_finite_is_certified_nowhere(windows: int, generator: torch.Generator):
    net, images, labels = network(generator, windows=windows), pictures(2, generator), torch.zeros(2, dtype=torch.int64)
    with pytest.raises(ArgumentError, match="images = NaN"):
        certify(net, images * torch.nan, labels)
    torch.nn.init.constant_(net.get_parameter("head.logits.bias"), torch.nan)
    with pytest.raises(ArgumentError, match="net = logits that are NaN"):
        certify(net, images, labels)
    assert not certified_radius(net, net.pool.surface(images)).any()


def test_the_network_is_left_as_it_was(generator: torch.Generator):
    """So that a training goes on where it was."""
    net = network(generator).float().requires_grad_().train()
    certify(net, pictures(2, generator), torch.zeros(2, dtype=torch.int64), families=())
    assert net.training
    assert all(p.requires_grad and p.dtype == torch.float32 for p in net.parameters())


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["invariance", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


def test_from_a_training_to_a_certificate(monkeypatch, capsys, tmp_path: Path, generator: torch.Generator):
    data = dataset(660, 32, generator)
    records = np.concatenate([data.labels.numpy()[:, None], data.images.flatten(1).numpy()], axis=1).astype(np.uint8)
    for name, batch in zip(CIFAR10_FILES, np.split(records, 6), strict=True):
        batch.tofile(tmp_path / name)
    made, free = tmp_path / "made", tmp_path / "free"
    options = ("--data", tmp_path, "--validation", 38, "--epochs", 1, "--limit", 100)
    small = "width=2,hidden=8"
    margin = (f"surface-2:{small},head=lipschitz", *options, "--displacement", 0.5)
    assert run(monkeypatch, "train", *margin, "--out", made) == 0
    assert run(monkeypatch, "train", f"surface-2:{small}", *options, "--out", free) == 0
    picture = tmp_path / "certified.svg"
    asked = ("--data", tmp_path, "--images", 4, "--steps", 1, "--displacements", "0.5")
    assert run(monkeypatch, "certify", made, *asked, "--json", tmp_path / "found.json", "--plot", picture) == 0
    assert "held against what was proved of them: 0 classes changed" in capsys.readouterr().out
    assert "<svg" in picture.read_text(encoding="utf-8")
    for refused, said in (
        ((free, *asked), "head = free"),
        ((made, *asked, "--family", "affine"), "--family = affine: one that maps the square onto itself"),
        ((made, *asked, "--family", "smooth", "--no-search"), "--family = smooth: left out"),
        ((tmp_path / "nothing", *asked), "record.json"),
    ):
        assert run(monkeypatch, "certify", *refused) == 2
        assert said in capsys.readouterr().err
    for model, said in (
        ("cnn:width=2", "RegularCNN: a surface network"),
        (f"surface-2:{small}", "head = free: lipschitz"),
        (f"surface:{small},head=lipschitz", "displacement = 0.5: left out without windows"),
    ):
        assert run(monkeypatch, "train", model, *options, "--displacement", 0.5, "--out", tmp_path / "other") == 2
        assert said in capsys.readouterr().err
