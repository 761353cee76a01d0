"""`invariance certify`: within which displacement no diffeomorphism changes a class."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ArgumentError, RunError
from .bar import counted
from .parameters import COUNT, PICTURE, SEED, InputPath, OutputFile, Text, listed

if TYPE_CHECKING:
    from ..certifying import Certificates

__all__ = ["certify"]


@click.command()
@click.argument("run", type=InputPath())
@click.option("--data", "folder", type=InputPath(), help="Folder of the data; else INVARIANCE_DATA.")
@click.option("--images", type=COUNT, default=200, help="The first so many test images.")
@click.option("--displacements", type=Text(), default="0.5,1,2", help="In pixels, separated by commas.")
@click.option(
    "--family",
    "families",
    type=Text(),
    multiple=True,
    help="Of warps to search: smooth, affine-disc, piecewise-linear, vertices (each for itself); all of them.",
)
@click.option("--no-search", is_flag=True, help="Certify only, and look for no warps.")
@click.option("--steps", type=COUNT, default=10, help="Of the search, for each image, family and displacement.")
@click.option("--seed", type=SEED, default=0, help="Of the search.")
@click.option("--json", "json_file", type=OutputFile(".json"), help="Keep radii and accuracies.")
@click.option("--plot", type=PICTURE, help="Draw them as PNG, SVG or PDF.")
def certify(
    run: Path,
    folder: Path | None,
    images: int,
    displacements: str,
    families: tuple[str, ...],
    no_search: bool,
    steps: int,
    seed: int,
    json_file: Path | None,
    plot: Path | None,
) -> int:
    """Certify the surface network in the folder RUN of a training on its test images.

    For each image: how far points may be moved, by whatever diffeomorphism of the square, before its class can change.
    Beside it the accuracy under the worst warps that a search finds. Status 1 if a warp breaks what was proved.
    """
    import torch

    from ..certifying import ATTACKS, VERTICES
    from ..certifying import certify as certified
    from ..certifying.attack import require_attack
    from ..certifying.radius import require_certifiable
    from ..experiments.classifier import Classifier
    from ..experiments.data import load_splits
    from ..experiments.data.transforms import to_float
    from ..experiments.run import load_run
    from ..files import write_json
    from ..plots import figure_of, plot_certified, save_figure
    from .curve import say

    if no_search and families:
        raise ArgumentError("--family", families[0], "left out beside --no-search")
    for family in families:
        require_attack(family, "--family")
    sizes = listed("--displacements", displacements, float)
    classifier, record = load_run(run)
    if not record["finished"]:
        raise RunError("RUN", run, "a finished training; the same `invariance train` command goes on")
    require_certifiable(classifier.net)
    if not isinstance(classifier, Classifier):
        wanted = "trained with --standardise channels: whitening mixes positions, and what moves is no image any more"
        raise ArgumentError("RUN", f"a training with --standardise {record['options']['standardise']}", wanted)
    splits = load_splits(record["options"]["data"], folder, note=record["data"].get("note", ""))
    test = splits.test[:images]
    pixels = (to_float(test.images) - classifier.mean[:, None, None]) / classifier.std[:, None, None]
    with counted("images") as tick:
        found = certified(
            classifier.net,  # pyright: ignore[reportArgumentType] # require_certifiable has said what it is
            pixels,
            test.labels,
            displacements=sizes,
            families=() if no_search else families or (*ATTACKS, VERTICES),
            steps=steps,
            generator=torch.Generator().manual_seed(seed),
            tick=tick,
        )
    for line in told(found):
        say(line)
    if json_file:
        about = {"model": record["options"]["model"], "note": splits.note, "images": len(test)}
        write_json(json_file, found.to_dict() | about)
    if plot:
        ax = plot_certified(found.to_dict(), title=record["options"]["model"])
        save_figure(figure_of(ax), plot)
    return 0 if found.holds else 1


def told(found: Certificates) -> Iterator[str]:
    """What was found, for people."""
    right = sum(found.right)
    yield f"{len(found.right)} images, {found.accuracy:.1%} right"
    if not right:
        yield "no image is right, so no radius says anything"
    elif found.median == float("inf"):
        yield "radius: without end, for every image: no diffeomorphism of the square changes a class"
    else:
        middle, largest = found.median, max(found.radii)
        yield f"radius in pixels, of the images that are right: median {middle:.3g}, largest {largest:.3g}"
    wide = max(map(len, found.attacked), default=0) + 12
    yield "displacement in pixels".ljust(wide) + "".join(f"{d:>9g}" for d in found.displacements)
    yield "certified".ljust(wide) + _row(found.certified)
    for name in found.attacked:
        yield f"worst {name}".ljust(wide) + _row(found.attacked[name])
        if name in found.resampled:
            yield f"  {name}, pixels".ljust(wide) + _row(found.resampled[name])
    if found.cases:
        yield (
            f"{found.cases:,} warps of images held against what was proved of them: {found.violations} classes changed "
            f"within their radius; the closest margin was {-found.excess:.2g} above its bound"
        )
    yield (
        "The radius speaks of images on meshes that are moved, and of images in the continuum. An image resampled on "
        "its pixels is another image: rows “pixels” are measured, nothing is proved of them."
    )


def _row(values: tuple[float, ...]) -> str:
    return "".join(f"{value:>9.1%}" for value in values)
