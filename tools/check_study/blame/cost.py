"""What it costs to blame a network as deep as ResNet-50, where every other layer is to blame."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from invariance.groups import P4
from invariance.measure import LayerwiseReport, layerwise_error

__all__ = ["Cost", "ResNet50", "cost"]


class Bottleneck(nn.Module):
    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * width
        self.conv1, self.bn1 = nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride > 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(self.relu(self.bn2(self.conv2(y)))))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


class ResNet50(nn.Module):
    """He et al. 2016, with its 53 convolutions; 21 of them, or of its pools, have no symmetry."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        inputs = 64
        stages: list[nn.Module] = []
        for width, depth, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
            blocks = []
            for i in range(depth):
                blocks.append(Bottleneck(inputs, width, 1 if i else stride))
                inputs = 4 * width
            stages.append(nn.Sequential(*blocks))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(inputs, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


@dataclass(frozen=True)
class Cost:
    """Passes of two images, seconds of the processor, of them for one pass, gigabytes at most and before."""

    report: LayerwiseReport
    passes: float
    seconds: float
    one_pass: float
    peak: float
    before: float

    def __str__(self) -> str:
        return (
            f"{len(self.report.faults)} places blamed in {self.passes:.1f} passes, {self.seconds:.1f} s "
            f"(a pass {self.one_pass:.2f} s), {self.peak:.2f} GB at most ({self.before:.2f} GB before)"
        )


class _Convolutions(TorchDispatchMode):
    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func is torch.ops.aten.convolution.default
        return func(*args, **(kwargs or {}))


def cost(size: int) -> Cost:
    """Blame a ResNet-50 with random weights under p4, on two images of this size."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = ResNet50().double().eval()
    images = torch.randn((2, 3, size, size), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    with torch.no_grad():
        model(images)
        start = time.process_time()
        with _Convolutions() as once:
            model(images)
        one_pass = time.process_time() - start
    before = _gigabytes()
    start = time.process_time()
    with _Convolutions() as all_of_them:
        report = layerwise_error(model, images, P4)
    seconds = time.process_time() - start
    return Cost(report, all_of_them.count / once.count, seconds, one_pass, _gigabytes(), before)


def _gigabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
