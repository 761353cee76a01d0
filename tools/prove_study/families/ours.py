"""The networks of `invariance.models` that turn with their images, at sizes that suit their strides."""

from __future__ import annotations

import random

from torch import nn

from invariance.layers import to_planar
from invariance.models import build
from tools.check_study.subject import randomised

from ..groups import FINITE
from ..subject import Subject, family


def asked(draw: random.Random, model: nn.Module, group: str, channels: int, size: int) -> Subject:
    """As it is, or as planar layers that have forgotten the group: there a fault in one weight is one."""
    model, acting = randomised(model).eval(), FINITE[group]
    if draw.random() < 0.5:
        model = to_planar(model)
    return Subject(model, ((channels, size, size),), group, acting.motions())


@family
def p4cnn(draw: random.Random) -> Subject:
    """Coset pooling; an even size, for its 2×2 maximum."""
    options = {"width": draw.randint(1, 5), "in_channels": draw.randint(1, 3), "classes": draw.randint(2, 10)}
    name = draw.choice(["p4cnn", "p4cnn", "p4cnn-autorotation"])
    return asked(
        draw, build(name, **options), draw.choice(["p4", "p4", "p2"]), options["in_channels"], draw.choice([28, 30])
    )


@family
def all_cnn(draw: random.Random) -> Subject:
    """Two strides of 2, so sizes 4k + 1."""
    group, size = draw.choice(["p4", "p4m"]), draw.choice([9, 13, 17, 33])
    return asked(draw, build(f"allcnn-{group}", width=draw.randint(1, 6), classes=draw.randint(2, 10)), group, 3, size)


@family
def resnet44(draw: random.Random) -> Subject:
    """With fewer blocks a stage in most."""
    group, size, blocks = draw.choice(["p4", "p4m"]), draw.choice([9, 13, 17, 33]), draw.choice([1, 1, 2, 2, 3, 7])
    return asked(draw, build(f"resnet44-{group}", width=draw.choice([4, 8, 12]), blocks=blocks), group, 3, size)
