"""A p4 All-CNN: broken by its strides at the 32 pixels of CIFAR-10, and exact at 33."""

import re

import pytest
import torch
from torch import nn

from invariance import P4
from invariance.checking import check
from invariance.layers import GroupBatchNorm2d, GroupPool, P4ConvP4, P4ConvZ2


def allcnn(width: int = 4) -> nn.Sequential:
    """The skeleton of All-CNN-C with group convolutions (Cohen & Welling 2016, section 8.2)."""
    torch.manual_seed(0)
    blocks = [(1, 3, 1), (1, 3, 1), (1, 3, 2), (2, 3, 1), (2, 3, 1), (2, 3, 2), (2, 3, 1), (2, 1, 1), (2, 1, 1)]
    layers, channels = [], 3
    for i, (times, size, stride) in enumerate(blocks):
        conv = P4ConvP4 if i else P4ConvZ2
        layers += [conv(channels, times * width, size, stride=stride, padding=size // 2)]
        layers += [GroupBatchNorm2d(P4, times * width), nn.ReLU()]
        channels = times * width
    return nn.Sequential(*layers, GroupPool(P4), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def test_the_stride_is_the_culprit_at_32():
    report = check(allcnn().eval(), input_shape=(3, 32, 32), group="p4")
    assert report.verdict == "violated"
    (said,) = report.diagnosis
    expected = "exact at 29, 33; broken at 32: 6 (P4ConvP4): (n + 2p − k) mod s = (32 + 2·1 − 3) mod 2 = 1"
    assert said == expected
    for row in report.rows:
        assert row.error is not None
        assert (row.error > 1e-2) == (row.size == (32, 32))
        assert (row.error < 1e-13) == (row.size != (32, 32))


@pytest.mark.parametrize("training", [False, True])
def test_it_is_exact_at_33(training: bool):
    assert check(allcnn().train(training), input_shape=(3, 33, 33), group="p4").verdict == "consistent"


def test_sizes_are_compared_in_one_sentence():
    report = check(allcnn().eval(), input_shape=(3, 32, 32), group="p4", sizes=(32, 33, 37))
    assert re.match(r"exact at (29, )?33, 37; broken at 32: 6 \(P4ConvP4\)", report.diagnosis[0])
