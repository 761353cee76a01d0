"""What is special about a card: TF32, determinism, waiting for it, and its memory."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from invariance.checking import check
from invariance.checking.variants import check_variants
from invariance.errors import ArgumentError
from invariance.experiments.captured import CapturedStep
from invariance.groups import P4M
from invariance.layers import GroupConv2d, JacobianConv2d, LogDetInvariant, SignNonlinearity, SurfacePool2d
from invariance.measure import invariance_curve
from invariance.models import build
from invariance.proving import prove
from invariance.symmetry import Symmetry
from invariance.warps import WARP_FAMILIES, warp_images

pytestmark = pytest.mark.gpu


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@contextmanager
def no_waiting(card: str) -> Iterator[None]:
    """Whatever waits for the card, as a copy to the host does, raises; on the CPU nothing waits."""
    if card == "cpu":
        yield
        return
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


HOT: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "JacobianConv2d": (lambda: JacobianConv2d(3, 4, 3, padding=1, generator=seeded()), (4, 3, 3, 2, 9, 9)),
    "SignNonlinearity": (SignNonlinearity, (4, 3, 3, 2, 9, 9)),
    "LogDetInvariant": (LogDetInvariant, (4, 3, 3, 2, 9, 9)),
    "GroupConv2d": (lambda: GroupConv2d(P4M, 4, 5, 3, 1, 1, generator=seeded()), (4, 4, 8, 9, 9)),
    "SurfacePool2d": (lambda: SurfacePool2d(nn.Identity(), windows=4), (4, 3, 16, 16)),
    "diffcnn-cnn": (lambda: build("diffcnn-cnn", width=8), (4, 3, 32, 32)),
    "surface-4": (lambda: build("surface-4", width=8), (4, 3, 32, 32)),
}


@pytest.mark.parametrize("name", HOT)
def test_a_step_does_not_wait_for_the_card(name: str, card: str):
    made, shape = HOT[name]
    layer, x = made().to(card), torch.randn(shape, generator=seeded()).to(card).requires_grad_()
    layer(x).square().mean().backward()  # what is made once, such as a table, may be copied then
    with no_waiting(card):
        layer(x).square().mean().backward()


@pytest.mark.parametrize("name", HOT)
def test_a_step_is_the_same_twice(name: str, card: str):
    made, shape = HOT[name]
    layer, x = made().to(card).eval(), torch.randn(shape, generator=seeded()).to(card).requires_grad_()

    def gradients() -> tuple[Tensor, ...]:
        wanted = [x, *(p for p in layer.parameters() if p.requires_grad)]
        found = torch.autograd.grad(layer(x).square().mean(), wanted, allow_unused=True)
        return tuple(gradient for gradient in found if gradient is not None)

    for first, second in zip(gradients(), gradients(), strict=True):
        torch.testing.assert_close(first, second, rtol=1e-4, atol=1e-6)  # sums in another order


@pytest.mark.parametrize("family", sorted(WARP_FAMILIES))
def test_warps_on_the_card_are_those_on_the_cpu(family: str, card: str):
    warp = WARP_FAMILIES[family](2, 0.1, generator=seeded())
    images = torch.rand(2, 3, 24, 24, generator=seeded(), dtype=torch.float64)
    torch.testing.assert_close(warp_images(images.to(card), warp).cpu(), warp_images(images, warp), rtol=0, atol=1e-10)


@pytest.mark.parametrize("tf32", [False, True])
def test_tf32_costs_digits_and_no_symmetry(tf32: bool, card: str):
    layer = GroupConv2d(P4M, 16, 16, 3, 1, 1, generator=seeded())
    x = torch.randn(4, 16, 8, 13, 13, generator=seeded())
    exact = layer.double()(x.double()).detach()
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = tf32
    try:
        coarse = layer.float().to(card)(x.to(card)).detach().double().cpu()
    finally:
        torch.backends.cudnn.allow_tf32 = before
    off = float((coarse - exact).norm() / exact.norm())
    assert off < (2e-3 if tf32 else 1e-5)


def test_variants_on_the_card_are_told_apart(card: str):
    net = nn.Sequential(nn.Conv2d(2, 4, 1), nn.ReLU(), nn.Conv2d(4, 3, 1))
    symmetry = Symmetry("p4", "image:2x9x9", "image:3x9x9")
    report = check_variants(net, symmetry, variants=("float64", "eager", "tf32", "bfloat16"), device=card)
    assert [v.name for v in report.variants] == ["float64", "eager", "tf32", "bfloat16"]
    assert report.variants[0].verdict == report.variants[1].verdict == "consistent"


@pytest.mark.parametrize("group", ["p4m", "translation"])
def test_a_check_on_the_card_says_what_one_on_the_cpu_says(group: str, card: str):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    here, there = (check(net, input_shape=(2, 13, 13), group=group, device=d) for d in ("cpu", card))
    assert here.verdict == there.verdict
    assert [r.error for r in there.rows] == pytest.approx([r.error for r in here.rows], rel=1e-5, abs=1e-11)


def test_a_proof_about_a_network_on_the_card_is_the_one_on_the_cpu(card: str):
    net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    reports = [prove(net.to(device), input_shape=(1, 6, 6), group="p4m", claim="invariant") for device in ("cpu", card)]
    assert [report.verdict for report in reports] == ["proved"] * 2
    assert next(net.parameters()).device.type == card


@pytest.mark.parametrize("warp", ["rotation", "homography"])
def test_a_curve_on_the_card_is_the_one_on_the_cpu(warp: str, card: str):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).double()
    images = torch.rand(3, 3, 16, 16, dtype=torch.float64, generator=seeded())
    here, there = (
        invariance_curve(net.to(d), images.to(d), warp=warp, scales=(0.02, 0.1), generator=seeded())
        for d in ("cpu", card)
    )
    assert there.error == pytest.approx(here.error, rel=1e-6)


def test_too_little_memory_is_told_with_what_to_change(card: str):
    class Hungry(nn.Module):
        """As a network that does not fit."""

        def forward(self, x: Tensor) -> Tensor:
            if x.device.type == "cuda":
                return x.new_empty(2**50).sum()
            raise torch.OutOfMemoryError("out of memory")

    with pytest.raises(ArgumentError, match=r"batch = \d+: fewer samples in a pass, or smaller ones: out of memory"):
        check(Hungry(), input_shape=(2, 9, 9), group="p4", device=card)


COMPILED = """
import sys, torch
from invariance.models import build
net = build("diffcnn-cnn", width=8).eval().cuda()
x = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)).cuda()
with torch.no_grad(), torch.autocast("cuda", torch.bfloat16, enabled=sys.argv[1] == "bfloat16"):
    torch.testing.assert_close(torch.compile(net)(x), net(x), rtol=0.05, atol=0.05)
"""


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_compiled_networks_compute_the_same(precision: str, card: str):
    """In a process of its own: the tests' checks of shapes are nothing that can be compiled."""
    if card == "cpu":
        pytest.skip("a compiler for the CPU is not always there")
    line = [sys.executable, "-c", COMPILED, precision]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("name", ["diffcnn-cnn", "rotdcf-cnn", "st-cnn", "cpab-cnn"])
def test_captured_steps_learn_what_steps_as_they_are_learn(name: str, card: str):
    if card == "cpu":
        pytest.skip("nothing is captured on a CPU; tests/experiments/training/test_captured.py has a stand-in")
    losses = []
    for wrapped in (lambda step: step, CapturedStep):
        with torch.random.fork_rng([card]):
            torch.manual_seed(0)
            net = build(name, width=8).to(card)
        for dropout in (m for m in net.modules() if isinstance(m, nn.Dropout)):
            dropout.p = 0.0
        rate = torch.tensor(1e-3, device=card)
        optimizer = torch.optim.Adam(net.parameters(), lr=rate, fused=True, capturable=True)

        def plain(x: Tensor, y: Tensor, net: nn.Module = net, optimizer: torch.optim.Adam = optimizer) -> Tensor:
            optimizer.zero_grad()
            loss = cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            return loss.detach()

        step, drawn = wrapped(plain), torch.Generator().manual_seed(0)
        found = []
        for number in range(10):
            x = torch.rand(16 - number % 2, 3, 32, 32, generator=drawn).to(card)
            rate.fill_(1e-3 / (1 + number))
            found.append(float(step(x, torch.arange(len(x), device=card) % 10)))
        assert not getattr(step, "refused", "")
        losses.append(found)
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_a_training_step_lowers_the_loss(card: str):
    net = build("surface-4", width=8).to(card)
    x, y = torch.rand(16, 3, 32, 32, generator=seeded()).to(card), torch.arange(16, device=card) % 10
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2, fused=True)
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
