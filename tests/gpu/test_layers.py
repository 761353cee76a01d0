"""Every layer and network on a card: what the CPU computes in float64, forward and backward, in every precision."""

import copy
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from invariance.groups import P4, P4M
from invariance.layers import (
    AffineTransformer,
    AnglePool,
    CosetPool,
    CPABTransformer,
    GroupAvgPool2d,
    GroupBatchNorm2d,
    GroupConv2d,
    GroupMaxPool2d,
    GroupPool,
    JacobianConv2d,
    JacobianFront,
    LiftingConv2d,
    LogDetInvariant,
    Residual,
    RotDCFBatchNorm2d,
    RotDCFConv2d,
    RotDCFLift2d,
    RotDCFMaxPool2d,
    SignNonlinearity,
    Subsample,
    SurfacePool2d,
)
from invariance.measure import invariance_error
from invariance.models import DiffCNN, build

pytestmark = pytest.mark.gpu

IMAGES, LARGER = (2, 3, 12, 12), (2, 3, 24, 24)
FIELD, GROUP, ANGLES = (2, 3, 3, 2, 9, 9), (2, 4, 8, 9, 9), (2, 3, 8, 9, 9)


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "JacobianFront": (JacobianFront, IMAGES),
    "JacobianConv2d": (lambda: JacobianConv2d(3, 4, 3, padding=1, generator=seeded()), FIELD),
    "JacobianConv2d, stride": (lambda: JacobianConv2d(3, 4, 3, stride=3, generator=seeded()), FIELD),
    "JacobianConv2d, symmetric": (lambda: JacobianConv2d(3, 4, 2, symmetric=True, generator=seeded()), FIELD),
    "SignNonlinearity": (lambda: SignNonlinearity((1.0, 2.0, 0.0)), FIELD),
    "LogDetInvariant": (LogDetInvariant, FIELD),
    "LogDetInvariant, eps": (lambda: LogDetInvariant(eps=0.1), FIELD),
    "LiftingConv2d": (lambda: LiftingConv2d(P4M, 3, 4, 3, 1, 1, generator=seeded()), IMAGES),
    "GroupConv2d": (lambda: GroupConv2d(P4M, 4, 5, 3, 1, 1, generator=seeded()), GROUP),
    "GroupBatchNorm2d": (lambda: GroupBatchNorm2d(P4M, 4), GROUP),
    "GroupPool": (lambda: GroupPool(P4M), GROUP),
    "CosetPool": (lambda: CosetPool(P4M, (0, 1, 2, 3)), GROUP),
    "GroupMaxPool2d": (lambda: GroupMaxPool2d(3), GROUP),
    "GroupAvgPool2d": (lambda: GroupAvgPool2d(3), GROUP),
    "Residual": (lambda: Residual(GroupConv2d(P4M, 4, 4, 3, 1, 1, generator=seeded())), GROUP),
    "Subsample": (lambda: Subsample(P4M, stride=2), GROUP),
    "RotDCFLift2d": (lambda: RotDCFLift2d(3, 4, 5, padding=2, generator=seeded()), IMAGES),
    "RotDCFConv2d": (lambda: RotDCFConv2d(3, 4, 5, padding=2, generator=seeded()), ANGLES),
    "RotDCFBatchNorm2d": (lambda: RotDCFBatchNorm2d(3), ANGLES),
    "RotDCFMaxPool2d": (RotDCFMaxPool2d, ANGLES),
    "AnglePool": (AnglePool, ANGLES),
    "SurfacePool2d": (lambda: SurfacePool2d(nn.Identity(), windows=2, discretisation="quads"), IMAGES),
    "SurfacePool2d, triangles": (lambda: SurfacePool2d(nn.Identity(), discretisation="triangles"), IMAGES),
    "AffineTransformer": (lambda: AffineTransformer(3, size=(24, 24), generator=seeded()), LARGER),
    "CPABTransformer": (lambda: CPABTransformer(3, size=(24, 24), generator=seeded()), LARGER),
}
EACH = pytest.mark.parametrize("name", LAYERS)


@pytest.fixture(autouse=True)
def _float32_is_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch lets convolutions of a card multiply in TF32, of 11 bits, unless it is told not to."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


def made(name: str) -> tuple[nn.Module, Tensor]:
    """The layer in float64 and an input; transformers do not stay at the identity, where a sample lies on a pixel, and
    rounding decides on which side of it the slope is taken.
    """
    build_layer, shape = LAYERS[name]
    layer = build_layer().double()
    if name.endswith("Transformer"):
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.add_(0.01 * torch.randn(parameter.shape, generator=seeded(), dtype=parameter.dtype))
    return layer, torch.randn(shape, generator=seeded(), dtype=torch.float64)


def passed(layer: nn.Module, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """F(x) and the gradients of Σ F² by x and the parameters."""
    x = x.clone().requires_grad_()
    y = layer(x)
    wanted = [x, *(p for p in layer.parameters() if p.requires_grad)]
    gradients = torch.autograd.grad(y.square().sum(), wanted, allow_unused=True)
    return y.detach(), [g for g in gradients if g is not None]


@EACH
def test_layers_compute_what_the_cpu_computes(name: str, card: str):
    layer, x = made(name)
    here, gradients = passed(copy.deepcopy(layer), x)
    there, others = passed(layer.to(card), x.to(card))
    assert there.device.type == card
    torch.testing.assert_close(there.cpu(), here, rtol=1e-9, atol=1e-11)
    for gradient, other in zip(gradients, others, strict=True):
        torch.testing.assert_close(other.cpu(), gradient, rtol=1e-7, atol=1e-9)


@EACH
def test_layers_in_float32_are_off_by_rounding(name: str, card: str):
    layer, x = made(name)
    exact = layer(x).detach()
    single = copy.deepcopy(layer).float().to(card)(x.float().to(card)).detach().double().cpu()
    assert float((single - exact).norm() / exact.norm()) < 1e-4


CLASSIFIERS = ("cnn", "diffcnn-cnn", "diffcnn-weighted", "surface", "surface-4", "surface+cnn", "rotdcf-cnn", "st-cnn")
PLANAR = ("allcnn-p4m", "resnet44-p4m")


def network(name: str, *, narrow: bool = True) -> nn.Module:
    options: dict[str, int] = {"width": 8} if narrow else {}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build(name, **options).eval()


def images(size: int, count: int = 4) -> Tensor:
    return torch.rand(count, 3, size, size, generator=seeded(), dtype=torch.float64)


@pytest.mark.parametrize("name", [*CLASSIFIERS, *PLANAR])
def test_networks_compute_what_the_cpu_computes(name: str, card: str):
    net, x = network(name).double(), images(33 if name in PLANAR else 32)
    with torch.no_grad():
        here = net(x)
        torch.testing.assert_close(net.to(card)(x.to(card)).cpu(), here, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_memory_layout_changes_nothing_but_rounding(name: str, card: str):
    net, x = network(name).double().to(card), images(32).to(card)
    with torch.no_grad():
        torch.testing.assert_close(net(x.contiguous(memory_format=torch.channels_last)), net(x), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_gradients_of_a_training_step_do_not_depend_on_the_layout(name: str, card: str):
    """Where batch norm is in training: torch has kernels of their own for it."""
    net, x = network(name).double().to(card).train(), images(32).to(card)
    for dropout in (module for module in net.modules() if isinstance(module, nn.Dropout)):
        dropout.p = 0.0
    weights = list(net.parameters())
    plain, last = (
        torch.autograd.grad(net(x.contiguous(memory_format=layout)).square().sum(), weights, allow_unused=True)
        for layout in (torch.contiguous_format, torch.channels_last)
    )
    for one, other in zip(plain, last, strict=True):
        assert (one is None) == (other is None)  # the sign layer's rotation has no gradient
        if one is None:
            continue
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8 * (1 + float(one.abs().max())))


@pytest.mark.parametrize("name", ["cnn", "diffcnn-cnn", "surface-4"])
def test_autocast_computes_in_bfloat16_near_the_exact_logits(name: str, card: str):
    net, x = network(name).to(card), images(32).float().to(card)
    with torch.no_grad():
        exact = net.double()(x.double())
        with torch.autocast(card, torch.bfloat16):
            coarse = net.float()(x)
    assert float((coarse.double() - exact).norm() / exact.norm()) < 0.05


@pytest.mark.parametrize("size", [48, pytest.param(1023, id="large")])
def test_the_whole_network_is_invariant_to_block_fields(size: int, card: str):
    """J ↦ J M with one M for each K×K block, under the whole DiffCNN with stride K (Theorem 2)."""
    from invariance.actions import block_action

    if card == "cpu" and size == 1023:
        size = 96
    action = block_action(2, 0.5, generator=seeded(), size=(size, size), block=3)
    jac = torch.randn(2, 1, 3, 2, size, size, generator=seeded(), dtype=torch.float64)
    net = DiffCNN(4, 3, stride=3, generator=seeded()).double().head.to(card)
    assert invariance_error(net, jac.to(card), action(jac).to(card)).normalised < 1e-8


def test_quarter_turns_are_exact_on_the_card(card: str):
    layer = LiftingConv2d(P4, 3, 4, 3, 1, 1, generator=seeded()).double().to(card)
    x = images(13).to(card)
    turned = P4.act(1, layer(x))
    torch.testing.assert_close(layer(P4.act_on_plane(1, x)), turned, rtol=0, atol=1e-12)


def test_a_pole_on_the_card_is_no_nan(card: str):
    flat = torch.zeros(2, 4, 3, 2, 6, 6, device=card)
    assert not LogDetInvariant()(flat).isnan().any()
    assert math.isnan(float(LogDetInvariant(degenerate="nan")(flat)[0, 0, 0, 0]))
