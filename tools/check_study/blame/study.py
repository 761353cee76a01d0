"""Plant one or two faults in a random network and see whether they, and they alone, are blamed."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from invariance.groups import P4
from invariance.measure import Fault, LayerwiseReport, acted_element, blame_layers, layerwise_error
from invariance.symmetry import Symmetry

from .networks import BUILDS, Stage, Symmetrised, build
from .sets import Centre, graph, points
from .slips import ON_COORDINATES, ON_IMAGES, ON_ITEMS, Slip

__all__ = ["KINDS", "Planted", "Trial", "trial"]

Ask = Callable[[nn.Module], LayerwiseReport]

KINDS = (*BUILDS, "points", "graph")
TOLERANCE = 4e-10
LEAST = 1e-5
"""E of the output below which a planted fault is none: it is drawn anew."""


@dataclass(frozen=True)
class Planted:
    """Where a fault was put: a module, and the function that slipped into its code, empty for a layer's own fault."""

    module: str
    slip: str

    def is_named_by(self, fault: Fault) -> bool:
        if not self.slip or fault.between is None:
            return fault.layer == self.module
        return fault.layer == self.module and fault.code is not None and fault.code.function == self.slip


@dataclass(frozen=True)
class Trial:
    """One network: what was planted and what was blamed."""

    kind: str
    seed: int
    planted: tuple[Planted, ...]
    blamed: tuple[str, ...]
    found: int
    innocent: int

    @property
    def right(self) -> bool:
        """Every fault is named and nothing else is."""
        return self.found == len(self.planted) and not self.innocent

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"right": self.right}


class Spoilt(nn.Module):
    """A layer with something wrong in it, as one module."""

    def __init__(self, layer: nn.Module, slip: Slip) -> None:
        super().__init__()
        self.parts = (layer, slip)  # in a tuple, so that it has no module of its own

    def forward(self, x: Tensor) -> Tensor:
        layer, slip = self.parts
        return slip(layer(x))


def trial(kind: str, seed: int, faults: int, *, functional: bool) -> Trial:
    """Draws anew until every fault, each alone, is seen in the output."""
    rng = random.Random(f"{kind} {seed}")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        while True:
            model, ask = _network(kind, rng)
            sites = [_site(kind, model, functional, rng) for _ in range(faults)]
            if len({site.key for site in sites}) == faults and all(_is_seen(site, model, ask) for site in sites):
                break
        for site in sites:
            site.plant()
        report = ask(model)
    planted = tuple(site.planted for site in sites)
    found = sum(any(place.is_named_by(fault) for fault in report.faults) for place in planted)
    innocent = sum(not any(place.is_named_by(fault) for place in planted) for fault in report.faults)
    return Trial(kind, seed, planted, tuple(fault.sentence for fault in report.faults), found, innocent)


def _is_seen(site: Site, model: nn.Module, ask: Ask) -> bool:
    site.plant()
    report = ask(model)
    site.mend()
    output = report.layers[-1]
    return not report.action and (output.error is None or output.error > LEAST)


def _network(kind: str, rng: random.Random) -> tuple[nn.Module, Ask]:
    generator = torch.Generator().manual_seed(rng.randrange(2**31))
    if kind in BUILDS:
        images = torch.randn((2, 3, 16, 16), generator=generator, dtype=torch.float64)
        return build(kind, rng), lambda model: layerwise_error(model, images, P4)
    if kind == "points":
        model = points(rng)
        width = model.head.in_features  # pyright: ignore[reportAttributeAccessIssue]
        symmetry = Symmetry("SE(3)", f"position=points:6,features=scalars:6x{width}")
    else:
        model, symmetry = graph(rng), Symmetry("S(7)", "nodes:7x5")
    inputs = symmetry.sample(3, generator)
    element = acted_element(symmetry, symmetry.group.sample(generator), inputs)
    return model, lambda model: blame_layers(model, inputs, [element], tolerance=TOLERANCE, symmetry=kind)


@dataclass(frozen=True)
class Site:
    """A fault that can be planted and mended; `key` is where, whatever the fault."""

    key: tuple[str, object]
    planted: Planted
    plant: Callable[[], None]
    mend: Callable[[], None]


def _site(kind: str, model: nn.Module, functional: bool, rng: random.Random) -> Site:
    stages = [(name, stage) for name, stage in model.named_modules() if isinstance(stage, Stage)]
    layers = [
        (stage, name, inner, layer)
        for name, stage in stages
        for inner, layer in stage.named_children()
        if (isinstance(layer, Centre) or kind != "points") and not isinstance(stage, Symmetrised)
    ]
    if functional or not layers:
        name, stage = rng.choice(stages)
        slip, place = rng.choice(_slips(kind)), rng.randrange(stage.places)
        planted = Planted(name, slip.__name__)
        return Site((name, place), planted, lambda: stage.slips.update({place: slip}), stage.slips.clear)
    stage, name, inner, layer = rng.choice(layers)
    if isinstance(layer, nn.Conv2d) and rng.random() < 0.7:
        faulty: nn.Module = copy.deepcopy(layer)
        noise = rng.choice((0.01, 0.1, 1.0)) * torch.randn(layer.weight.shape, dtype=torch.float64)
        faulty.weight = nn.Parameter(layer.weight * (1 + noise))
    else:
        planar = not isinstance(layer, nn.Linear | nn.LayerNorm)
        faulty = Spoilt(layer, rng.choice(_slips(kind) if planar else ON_ITEMS))
    return Site(
        (name, inner),
        Planted(f"{name}.{inner}", ""),
        lambda: setattr(stage, inner, faulty),
        lambda: setattr(stage, inner, layer),
    )


def _slips(kind: str) -> tuple[Slip, ...]:
    return {"points": ON_COORDINATES, "graph": ON_ITEMS}.get(kind, ON_IMAGES)
