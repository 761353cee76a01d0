"""Networks of escnn, exported: planar convolutions whose filters are symmetric to float32."""

from __future__ import annotations

import random

from torch import nn

from tools.check_study.symmetric.elsewhere import escnn

from ..groups import FINITE
from ..subject import Subject, family

SPACES = {"p2": ("rot2dOnR2", 2), "p4": ("rot2dOnR2", 4), "p4m": ("flipRot2dOnR2", 4)}


@family
def steerable_networks(draw: random.Random) -> Subject:
    """Regular fields, batch norm and ReLU; pooled over the group and the plane in most."""
    package = escnn()
    gspaces, enn = package.gspaces, package.nn
    group = draw.choice(["p2", "p4", "p4", "p4m"])
    name, order = SPACES[group]
    space = getattr(gspaces, name)(order)
    fields = enn.FieldType(space, 3 * [space.trivial_repr])
    layers, size = [], draw.randint(9, 13)
    for _ in range(draw.randint(1, 3)):
        after = enn.FieldType(space, draw.randint(1, 3) * [space.regular_repr])
        kernel = draw.choice([3, 3, 5])
        layers.append(enn.R2Conv(fields, after, kernel_size=kernel, padding=draw.randint(0, kernel // 2), bias=True))
        layers += [enn.InnerBatchNorm(after), enn.ReLU(after)] if draw.random() < 0.6 else [enn.ReLU(after)]
        fields = after
    pooled = draw.random() < 0.7
    if pooled:
        layers.append(enn.GroupPooling(fields))
    planar = enn.SequentialModule(*layers).eval().export()
    tail = [nn.AdaptiveAvgPool2d(1), nn.Flatten()] if pooled else []
    acting = FINITE[group]
    return Subject(nn.Sequential(planar, *tail), ((3, size, size),), group, acting.motions())
