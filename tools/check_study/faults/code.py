"""Code in `forward` between layers, slipped into random networks on images: residual, U-Net, attention, windows, ….

Which code, and which networks: those of which the study of blame asks where the fault is.
"""

from __future__ import annotations

import copy
import random

import torch
from torch import nn

from ..blame.networks import BUILDS, Stage, build
from ..blame.slips import ON_IMAGES, Slip
from ..subject import Fault, Subject, plant, symmetric

OPTIONS = {"input_shape": (3, 16, 16), "group": "p4", "claim": "invariant"}


def slipped(kind: str, slip: Slip) -> Fault:
    """At the place of all stages that breaks the symmetry most; not every place does."""
    draw = random.Random(f"{kind} {slip.__name__}")
    torch.manual_seed(1)
    sound = build(kind, draw)
    images = torch.randn((4, 3, 16, 16), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    places = [
        (name, place)
        for name, stage in sound.named_modules()
        if isinstance(stage, Stage)
        for place in range(stage.places)
    ]

    def faulty(name: str, place: int) -> nn.Module:
        model = copy.deepcopy(sound)
        stage = model.get_submodule(name)
        assert isinstance(stage, Stage)
        stage.slips[place] = slip
        return model

    models = [faulty(*where) for where in draw.sample(places, len(places))]
    with torch.no_grad():
        shown = [float((model(images) - model(torch.rot90(images, 1, (-2, -1)))).norm()) for model in models]
    return Fault(sound, models[shown.index(max(shown))], OPTIONS)


@symmetric
def networks_of_many_builds(draw: random.Random) -> Subject:
    return Subject(build(draw.choice(list(BUILDS)), draw), OPTIONS)


for _kind in BUILDS:
    for _slip in ON_IMAGES:
        plant(f"{_kind}: {_slip.__name__.replace('_', ' ')}", lambda k=_kind, s=_slip: slipped(k, s))
