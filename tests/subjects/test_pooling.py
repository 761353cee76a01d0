"""Pooling moves with shifts by its stride and with no others; blur-pool makes the others small."""

import pytest
import torch
from subjects.third_party import antialiased
from torch import Tensor, nn
from torch.nn import functional as F

from invariance import P4, AnalyticImage, invariance_error, sample
from invariance.checking import check
from invariance.measure import layerwise_error


class BlurPool(nn.Module):
    """[1 3 3 1]⊗[1 3 3 1]/64 at every second pixel (Zhang 2019), reflected at the border."""

    taps: Tensor

    def __init__(self) -> None:
        super().__init__()
        line = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64) / 8
        self.register_buffer("taps", torch.outer(line, line))

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x, (1, 2, 1, 2), mode="reflect")
        return F.conv2d(padded, self.taps.to(x).expand(x.shape[1], 1, 4, 4), stride=2, groups=x.shape[1])


def theirs() -> nn.Module:
    return antialiased().BlurPool(3, filt_size=4)


BLUR = {"ours": BlurPool, "theirs": theirs}
STRIDED = {
    "max": lambda: nn.MaxPool2d(2),
    "max 3": lambda: nn.MaxPool2d(3, stride=2, padding=1),
    "average": lambda: nn.AvgPool2d(2),
    "average 3": lambda: nn.AvgPool2d(3),
    **BLUR,
}


@pytest.mark.parametrize("make", STRIDED.values(), ids=STRIDED)
def test_shifts_by_the_stride(make):
    assert check(make(), input_shape=(3, 24, 24), group="translation", claim="equivariant").verdict == "consistent"


@pytest.mark.parametrize("name", ["max", "max 3", "average", "average 3"])
def test_shifts_by_a_pixel(name: str, generator: torch.Generator):
    pool = STRIDED[name]()
    stride = int(pool.get_submodule("").stride)
    noise = torch.randn(2, 3, 24, 24, generator=generator)
    whole, single = (layerwise_error(pool, noise, (0, shift), border=6) for shift in (stride, 1))
    assert whole.first_broken is None
    assert single.first_broken is not None
    assert single.first_broken.conditions == (f"keeps shifts of its input by multiples of its stride, {stride}",)


def pooled(layer: nn.Module) -> nn.Module:
    return nn.Sequential(layer, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def error(layer: nn.Module) -> float:
    """E of the mean activation behind the layer, under the shift by one pixel that it takes worst."""
    report = check(pooled(layer), input_shape=(3, 24, 24), group="translation", images=16)
    assert report.verdict == "violated"
    return max(row.error or 0 for row in report.rows)


@pytest.mark.parametrize("make", BLUR.values(), ids=BLUR)
def test_blur_reduces_the_error(make):
    assert error(make()) < 0.5 * error(nn.AvgPool2d(2))
    assert error(nn.Sequential(nn.MaxPool2d(2, stride=1), make())) < 0.25 * error(nn.MaxPool2d(2))


def test_our_blur_pool_is_theirs(generator: torch.Generator):
    x = torch.randn(2, 3, 9, 10, generator=generator)
    torch.testing.assert_close(BlurPool()(x), theirs()(x))


def resnet(filter_size: int) -> nn.Module:
    """torchvision's ResNet-18 with random weights; a filter of one tap is plain striding."""
    torch.manual_seed(0)
    return antialiased().resnet18(filter_size=filter_size, num_classes=10).eval()


def test_blur_pool_in_a_resnet(generator: torch.Generator):
    images = sample(AnalyticImage.random(8, generator=generator, cutoff=8, window=0.35), 64).float()
    plain, blurred = (invariance_error(resnet(n), images, images.roll(1, -1)).normalised for n in (1, 4))
    assert plain > 0.2
    assert blurred < plain / 3


def test_a_resnet_is_not_p4(generator: torch.Generator):
    stem = nn.Sequential(*list(resnet(1).children())[:5])
    layers = layerwise_error(stem, torch.randn(2, 3, 33, 33, generator=generator), P4)
    assert layers.first_broken is not None
    assert layers.first_broken.name == "0 (Conv2d)"
