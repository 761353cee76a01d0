"""What every classifier of this package promises: its generator, its state, its refusals, and that it can learn."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.models import build, build_spec, initialised_by

SMALL = {
    "cnn": "cnn:width=4",
    "diffcnn-cnn": "diffcnn-cnn:width=4,channels=4",
    "diffcnn-resnet": "diffcnn-resnet:width=4,channels=4",
    "z2cnn": "z2cnn:width=8,dropout=0",
    "p4cnn": "p4cnn:width=4",
    "p4cnn-autorotation": "p4cnn-autorotation:width=6",
    "diffcnn-weighted": "diffcnn-weighted:width=4,hidden=16,channels=3",
    "surface": "surface:width=4,hidden=16",
    "surface-4": "surface-4:width=4,hidden=16",
    "surface-4-lipschitz": "surface-4:width=4,hidden=16,head=lipschitz",
    "surface+cnn": "surface+cnn:width=4",
    "surface-rotations": "surface-rotations:width=4,hidden=16",
    **{f"allcnn-{s}": f"allcnn-{s}:width=8,dropout=(0.0,0.0)" for s in ("z2", "p4", "p4m")},
    **{f"resnet44-{s}": f"resnet44-{s}:width=8,blocks=1" for s in ("z2", "p4", "p4m")},
}
every_small_network = pytest.mark.parametrize("spec", SMALL.values(), ids=SMALL)


def batch(spec: str, count: int, generator: torch.Generator) -> torch.Tensor:
    name, _, _ = spec.partition(":")
    grey = ("z2cnn", "p4cnn", "p4cnn-autorotation", "surface-rotations")
    channels, size = (1, 28) if name in grey else (3, 24)
    return torch.randn(count, channels, size, size, generator=generator)


@every_small_network
def test_the_generator_decides(spec: str):
    def state(seed: int) -> dict[str, torch.Tensor]:
        return build_spec(spec, generator=torch.Generator().manual_seed(seed)).state_dict()

    before = torch.get_rng_state()
    first, again, other = state(1), state(1), state(2)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], again[name]) for name in first)
    weights = [name for name in first if name.endswith(("weight", "weight.original", "left")) and first[name].ndim > 1]
    assert weights
    assert not any(torch.equal(first[name], other[name]) for name in weights)


@every_small_network
def test_state_does_not_depend_on_the_mode(spec: str, generator: torch.Generator):
    net = build_spec(spec, generator=generator)
    trained = copy.deepcopy(net.train().state_dict())
    judged = net.eval().state_dict()
    assert trained.keys() == judged.keys()
    assert all(torch.equal(trained[name], judged[name]) for name in trained)


@every_small_network
def test_a_few_images_are_learned_by_heart(spec: str, generator: torch.Generator):
    net = build_spec(spec, classes=4, generator=generator)
    images, labels = batch(spec, 8, generator), torch.arange(8) % 4
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(50):
        loss = cross_entropy(net(images), labels)
        if loss < 0.2:
            return
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    pytest.fail("50 steps of Adam left a loss of 0.2 or more on eight images")


@every_small_network
def test_channels_last_is_a_layout_only(spec: str, generator: torch.Generator):
    net = build_spec(spec, generator=generator).double().eval()
    images = batch(spec, 2, generator).double()
    last = images.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(net(last), net(images), rtol=1e-9, atol=1e-12)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("cnn:width=0", "width = 0: a whole number ≥ 1"),
        ("cnn:width=wide", "width = 'wide': a whole number"),
        ("cnn:pools=4", "pools = 4: at most 3"),
        ("cnn:with=3", "with = 3: an option that cnn has: width, "),
        ("z2cnn:dropout=1", r"dropout = 1: a probability in \[0, 1\)"),
        ("p4cnn:dropout=half", "dropout = 'half': a probability"),
        ("allcnn-p4:dropout=0.5", "dropout = 0.5: two probabilities"),
        ("allcnn-p4:symmetry=z2", "symmetry = z2: an option that allcnn-p4 has"),
        ("resnet44-p4m:blocks=0", "blocks = 0: a whole number ≥ 1"),
        ("diffcnn-cnn:channels=2", "channels = 2: at least 3"),
        ("diffcnn-cnn:in_channels=1", "in_channels = 1: 3: the Jacobian field needs three colours"),
        ("surface-4:windows=0", "windows = 0: a whole number ≥ 1"),
        ("surface-4:head=orthogonal", "head = orthogonal: one of free, lipschitz"),
        ("surface-4:head=lipschitz,sharpness=0", "sharpness = 0"),
        ("surface-2:in_channels=1", "in_channels = 1: 3: a surface in colour space needs three; a grey image"),
        ("diffcnn-weighted:channels=2", "channels = 2: at least 3"),
        ("diffcnn-resnet:depth=0", "depth = 0: a whole number ≥ 1"),
        ("diffcnn-cnn:cayley=3", "model = diffcnn-cnn:cayley=3: options of the right type"),
    ],
)
def test_bad_options_are_named(spec: str, said: str):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=said) as refusal:
        build_spec(spec)
    assert "\n" not in str(refusal.value)


def test_an_option_has_one_value():
    assert build_spec("cnn:width=4", width=4)
    with pytest.raises(ArgumentError, match="model = cnn:width=4: not two values of width: 8"):
        build_spec("cnn:width=4", width=8)


@pytest.mark.bad_input
@pytest.mark.parametrize(("name", "channels", "least"), [("cnn", 3, 24), ("z2cnn", 1, 28), ("p4cnn", 1, 28)])
def test_images_that_are_too_small(name: str, channels: int, least: int):
    net = build(name, width=4).eval()
    assert net(torch.zeros(1, channels, least, least)).shape == (1, 10)
    with pytest.raises(ArgumentError, match=f"images.shape = .*height and width ≥ {least}"):
        net(torch.zeros(1, channels, least, least - 1))


def test_torch_layers_are_initialised_by_the_generator_alone():
    with initialised_by(torch.Generator().manual_seed(0)):
        first = nn.Linear(3, 3)
    torch.rand(5)
    with initialised_by(torch.Generator().manual_seed(0)):
        again = nn.Linear(3, 3)
    assert torch.equal(first.weight, again.weight)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(3)
        with initialised_by(None):
            plain = nn.Linear(3, 3)
        torch.default_generator.manual_seed(3)
        assert torch.equal(plain.weight, nn.Linear(3, 3).weight)
