"""`invariance curve`: error against warp scale."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UndefinedError
from .parameters import COUNT, PICTURE, SEED, Text, device_of, listed

if TYPE_CHECKING:
    import torch

    from ..measure import Bound, FittedSlope, InvarianceCurve

__all__ = ["curve"]

_FORMAT = "invariance curve 1"


@click.command()
@click.option("--output", required=True, type=PICTURE, help="PNG or SVG; the data go beside it as JSON.")
@click.option(
    "--model",
    "models",
    type=Text(),
    multiple=True,
    default=("diffcnn:kernel_size=1", "diffcnn:kernel_size=3", "plain-cnn"),
    help="diffcnn or plain-cnn, with :option=value,… ; may be repeated.",
)
@click.option("--warp", type=Text(), default="smooth", help="Family of warps.")
@click.option("--scales", type=Text(), default="0.003,0.01,0.03,0.1,0.3", help="Increasing, separated by commas.")
@click.option(
    "--images", type=Text(), default="photographs", help="analytic, photographs, or a folder of PNG or JPEG files."
)
@click.option("--claim", default="invariant", help="invariant or equivariant.")
@click.option("--size", type=COUNT, default=60, help="Pixels along a side.")
@click.option("--draws", type=COUNT, default=4, help="Warps for each image and scale.")
@click.option("--seed", type=SEED, default=0, help="Of models, analytic images and warps.")
@click.option("--device", default="cpu", help="cpu or cuda.")
@click.option("--theory", is_flag=True, help="Bounds and fitted slopes too, and whether E respects them.")
def curve(
    output: Path,
    models: tuple[str, ...],
    warp: str,
    scales: str,
    images: str,
    claim: Any,
    size: int,
    draws: int,
    seed: int,
    device: str,
    theory: bool,
) -> None:
    """Measure invariance error against warp scale and plot it.

    With --theory also the exponent of E, and for the claim invariant the bound on what a field can change that moves
    along with the image: a model above it is not equivariant.
    """
    import torch
    from rich.console import Console
    from rich.progress import track

    from ..files import require_writable, write_json
    from ..images import AnalyticImage
    from ..measure import fitted_slope, invariance_curve, lipschitz_bound, resampling_floor
    from ..memory import require_memory
    from ..models import build_spec
    from ..pictures import photographs
    from ..plots import figure_of, plot_invariance, save_figure

    device, numbers = device_of(device), output.with_suffix(".json")
    require_writable("--output", numbers, replaces=_FORMAT)

    def generator() -> torch.Generator:
        return torch.Generator().manual_seed(seed)

    built = {spec: build_spec(spec, generator=generator()) for spec in models}
    nets = {spec: net.double().to(device).requires_grad_(False) for spec, net in built.items()}

    options: dict[str, Any] = {"warp": warp, "scales": list(listed("--scales", scales, float))}
    if images == "analytic":
        source, options["size"] = AnalyticImage.random(16, generator=generator(), device=device), size
    else:
        source = photographs(size, folder=None if images == "photographs" else Path(images)).to(device)
    # Four numbers of eight bytes for each, and about as much again as text.
    require_memory("--draws", draws, 64 * draws * len(options["scales"]) * len(source))
    console = Console(stderr=True)
    curves = [
        invariance_curve(net, source, generator=generator(), draws=draws, claim=claim, label=spec, **options)
        for spec, net in track(nets.items(), "curves", console=console, transient=True)
    ]
    floor = None
    if isinstance(source, torch.Tensor):
        floor = resampling_floor(nets[models[0]], source, generator=generator(), **options)
    title = f"{warp} warps: " + ("F(I∘φ) = F(I)" if claim == "invariant" else "F(I∘φ) = F(I)∘φ")
    bounds = []
    if theory:
        where = {"warp": warp, "size": options.get("size")}
        for measured, net in zip(curves, nets.values(), strict=True):
            if claim == "invariant":
                bounds.append(lipschitz_bound(measured, net, source, generator=generator(), **where))
            with suppress(UndefinedError):  # errors too large to have a slope
                bounds.append(fitted_slope(measured, generator=generator()))
    save_figure(figure_of(plot_invariance(curves, floor=floor, title=title, bounds=bounds)), output)
    by_label = {measured.label: measured for measured in curves}
    said = [_told(bound, by_label[bound.curve], generator()) for bound in bounds]
    data = {
        "format": _FORMAT,
        "curves": [c.to_dict() for c in curves],
        "floor": floor and floor.to_dict(),
        "theory": said,
    }
    write_json(numbers, data)
    for sentence in said:
        Console().print(sentence, highlight=False, markup=False, soft_wrap=True)
    Console().print(f"{output}\n{numbers}", highlight=False, soft_wrap=True)


def _told(bound: Bound | FittedSlope, curve: InvarianceCurve, generator: torch.Generator) -> str:
    """What theory says of a curve, and whether the data respect it; a slope that nothing predicts is only told."""
    said = f"{bound.curve}: {bound.name}"
    return f"{said}: {bound.verdict(curve, generator=generator)}" if bound.formula else said
