"""`invariance curve`: error, consistency and accuracy against the size of a warp, for any networks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import ArgumentError
from .batches import fitting
from .beside import bounds_of, decibels_of, lie_of, shifts_of, told
from .parameters import COUNT, PICTURE, SEED, WARP_NAMES, InputPath, Source, Text, Whole, as_typed, device_of, listed
from .sections import Sectioned, section

if TYPE_CHECKING:
    from ..comparing import Named, Stream
    from ..measure import Comparison

__all__ = ["CURVES", "chosen_of", "curve", "measured", "require_measures", "say", "stream_options"]

_TYPED = {
    **{name: f"--{name}" for name in ("images", "labels", "scales", "warp", "claim", "draws")},
    **{
        "folder": "--images",
        "labels.shape": "--labels",
        "scale": "--scales",
        "images.mean(1, keepdim=True)": "--channels 1",
    },
}
"""Arguments of `compare`, and the options that were typed for them."""

CURVES = b'"kind": "curves"'
"""In the first lines of a file that `curve` and `compare` may replace."""

_CSV = b"label,runs,scale"


def stream_options(command: Any) -> Any:
    """Options of `curve` and `compare`: what the images, the warps and the numerics are."""
    for options in reversed(
        (
            section(
                "Warps",
                click.option("--warp", type=Text(), default="smooth", help=f"{WARP_NAMES}."),
                click.option("--scales", type=Text(), help="Degrees, factors, pixels or σ; increasing, with commas."),
                click.option("--claim", default="invariant", help="invariant or equivariant."),
                click.option("--draws", type=COUNT, help="Warps for each image and scale: 4 of random ones, else 1."),
            ),
            section(
                "Images",
                click.option(
                    "--images",
                    type=Source(),
                    default="photographs",
                    help="photographs, analytic, a folder of pictures or of a folder for each class, FILE.npy, "
                    "or FILE.py:NAME of a tensor or DataLoader.",
                ),
                click.option("--labels", type=InputPath(), help="FILE.npy: the class of each image."),
                click.option(
                    "--range", "values", type=Text(), help="What pictures' values become: low,high or mean/dev."
                ),
                click.option("--channels", type=Whole(1), default=3, help="Of pictures: 3, or 1 for grey ones."),
                click.option("--disc", is_flag=True, help="Keep of each image the disc that no rotation leaves."),
                click.option("--size", type=COUNT, default=60, help="Pixels along a side of pictures."),
            ),
            section(
                "How it is computed",
                click.option("--batch", type=COUNT, default=32, help="Images in one pass, which bounds the memory."),
                click.option("--dtype", default="float64", help="float64 or float32."),
                click.option("--seed", type=SEED, default=0, help="Of networks, analytic images and warps."),
                click.option("--device", default="cpu", help="cpu or cuda."),
            ),
        )
    ):
        command = options(command)
    return command


@click.command(cls=Sectioned)
@section(
    "What is measured",
    click.option(
        "--output", required=True, type=PICTURE, help="PNG, SVG or PDF; the data go beside it as JSON and CSV."
    ),
    click.option(
        "--model",
        "models",
        type=Source(),
        multiple=True,
        default=("diffcnn:kernel_size=1", "diffcnn:kernel_size=3", "plain-cnn"),
        help="TARGET or LABEL=TARGET, may be repeated; targets of one label are runs of one network.",
    ),
    click.option("--seeds", type=COUNT, default=1, help="Build each target from so many seeds: runs of one network."),
    click.option(
        "--measure", "measures", type=Text(), multiple=True, help="error, consistency or accuracy; all there are."
    ),
    click.option("--theory", is_flag=True, help="Bounds and fitted slopes too, and whether E respects them."),
    click.option("--lie", is_flag=True, help="The Lie derivative of each network along every motion, too."),
    click.option(
        "--shifts", type=COUNT, metavar="PIXELS", help="Of classifiers: how often two random shifts have one class."
    ),
    click.option(
        "--decibels", type=float, metavar="PEAK", help="EQ-T, EQ-R in dB: the width of the outputs' range, 2."
    ),
)
@stream_options
def curve(
    output: Path,
    models: tuple[str, ...],
    measures: tuple[str, ...],
    seeds: int,
    theory: bool,
    lie: bool,
    shifts: int | None,
    decibels: float | None,
    **options: Any,
) -> None:
    """Measure networks against the size of a warp, and plot it.

    TARGET is as in `check`, or a network of `train` by its name, such as diffcnn:kernel_size=1. The JSON beside the
    picture has everything that was measured, for `invariance plot`. With --theory also the exponent of E, and for the
    claim invariant the bound on what a field can change that moves along with the image.
    """
    from ..comparing import named_models
    from ..files import require_writable, write, write_json
    from ..plots import figure_of, plot_comparison, plot_invariance, save_figure

    numbers, sheet = output.with_suffix(".json"), output.with_suffix(".csv")
    require_writable("--output", numbers, replaces=CURVES)
    require_writable("--output", sheet, replaces=_CSV)
    if decibels is not None and not (0 < decibels < float("inf") and options["claim"] == "equivariant"):
        wanted = "the width of the outputs' range, more than 0, and --claim equivariant: outputs move with the image"
        raise ArgumentError("--decibels", decibels, wanted)
    require_measures(measures)
    _require_dtype(options["dtype"])
    with as_typed({"TARGET": "--model", "name": "--model"}):
        named = named_models(models, seed=options["seed"], seeds=seeds)
    shares = shifts_of(named, _again(named, options), shifts, options) if shifts else []
    found, source = measured(named, measures, **options)
    bounds = bounds_of(found, named, source, options) if theory else []
    by_label = {c.label: c for c in found.curves}
    said = [told(bound, by_label[bound.curve], options["seed"]) for bound in bounds]
    said += decibels_of(found, decibels) if decibels else []
    said += lie_of(named, source if source is not None else _first(named, options), options["size"]) if lie else []
    said += shares
    found = replace(found, theory=tuple(said))
    write_json(numbers, found.to_dict())  # first: from these `invariance plot` draws what fails from here on
    write(sheet, found.to_csv())
    if bounds:
        drawn = plot_invariance(found.curves, floor=found.floor, title=found.about["warp"], bounds=bounds)
        save_figure(figure_of(drawn), output)
    else:
        save_figure(plot_comparison(found, measures=chosen_of(found, measures)), output)
    for sentence in (*said, f"{output}\n{numbers}\n{sheet}"):
        say(sentence)


def measured(named: list[Named], measures: tuple[str, ...], **options: Any) -> tuple[Comparison, Any]:
    """The comparison, and the images where all of them are in memory."""
    import torch

    from ..comparing import compare
    from ..memory import require_memory
    from ..warps import WARP_FAMILIES

    device, seed = device_of(options["device"]), options["seed"]
    _require_dtype(options["dtype"])
    scales = listed("--scales", options["scales"], float) if options["scales"] else None
    if scales == (0,) and options["warp"] in WARP_FAMILIES:
        raise ArgumentError("--scales", options["scales"], "a scale above 0, to be drawn on a logarithmic axis")
    # At the least: an image, its gradient and its warped self.
    require_memory("--size", options["size"], 4 * 8 * 3 * options["size"] ** 2)
    # Four numbers of eight bytes for each, and about as much again as text.
    require_memory("--draws", options["draws"], 64 * (options["draws"] or 4) * len(scales or range(25)) * 16)
    with as_typed(_TYPED):
        stream, source = _images(named, seed, device, options)
    if "accuracy" in measures and not stream.labelled:
        wanted = "labels: --labels FILE.npy, or --images with a folder for each class, or pairs (images, labels)"
        raise ArgumentError("--measure", "accuracy", wanted)
    if measures and "accuracy" not in measures:
        stream.drop_labels()
    asked = {name: options[name] for name in ("warp", "draws", "claim", "size", "disc")}
    dtype = getattr(torch, options["dtype"])
    batch = fitting(options["batch"], options["channels"] * options["size"] ** 2, dtype.itemsize)
    with _progress() as tick, as_typed(_TYPED):
        found = compare(
            named, stream, scales=scales, batch=batch, dtype=dtype, device=device, seed=seed, tick=tick, **asked
        )
    if options["labels"] and not measures and "accuracy" not in found.measures:
        raise ArgumentError("--labels", options["labels"], "left out: no output is a row of class scores")
    return found, source


def _images(named: list[Named], seed: int, device: str, options: dict[str, Any]) -> tuple[Stream, Any]:
    import torch

    from ..comparing import stream_of
    from ..comparing.stream import array_of
    from ..images import AnalyticImage
    from ..pictures import photographs
    from ..reading import is_folder

    name, size = options["images"], options["size"]
    labels = None if options["labels"] is None else array_of("--labels", options["labels"]).long()
    if options["channels"] not in (1, 3):
        raise ArgumentError("--channels", options["channels"], "3, or 1")
    asked = {"labels": labels, "size": size, "channels": options["channels"], "values": options["values"]}
    if name == "analytic":
        generator = torch.Generator().manual_seed(seed)
        source = AnalyticImage.random(16, generator=generator, device=device, channels=options["channels"])
        return stream_of(source, **{**asked, "values": None}, about="analytic"), source
    coloured = any(each.target.startswith("diffcnn") for each in named)  # of a grey Jacobian nothing is left
    folder = Path(name)
    if name == "photographs" or (coloured and not name.endswith(".npy") and ".py:" not in name):
        source = photographs(size, folder=None if name == "photographs" else folder).to(device)
        return stream_of(source, **asked, about=name), source
    if name.endswith(".npy"):
        return stream_of(array_of("--images", folder), **asked, about=name), None
    where, colon, found = name.rpartition(":")
    if colon and where and found and not is_folder("--images", folder):
        from ..targets.python import made_in_python

        return stream_of(made_in_python("--images", where, found), **asked, about=name), None
    return stream_of(folder, **asked), None


def _require_dtype(name: str) -> None:
    if name not in ("float64", "float32"):
        raise ArgumentError("--dtype", name, "float64 or float32")


def _again(named: list[Named], options: dict[str, Any]) -> Stream:
    """The images once more, without their labels."""
    stream, _ = _images(named, options["seed"], device_of(options["device"]), options)
    stream.drop_labels()
    return stream


def _first(named: list[Named], options: dict[str, Any]) -> Any:
    """One block of them, in float64."""
    from torch import Tensor

    block, _ = next(iter(_again(named, options)))
    return block.double() if isinstance(block, Tensor) else block


def require_measures(measures: tuple[str, ...]) -> None:
    for measure in measures:
        if measure not in ("error", "consistency", "accuracy"):
            raise ArgumentError("--measure", measure, "error, consistency or accuracy")


def chosen_of(found: Comparison, measures: tuple[str, ...]) -> Any:
    for measure in measures:
        if measure not in found.measures:
            classes = "consistency" in found.measures
            why = "there are no labels" if classes else "no output is a row of class scores"
            wanted = f"{' or '.join(found.measures)}: {why}"
            raise ArgumentError("--measure", measure, wanted)
    return list(measures) or None


@contextmanager
def _progress() -> Iterator[Any]:
    """A count of images on a terminal."""
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console

    with Console(stderr=True).status("0 images") as status:
        yield lambda count: status.update(f"{count:,} images")


def say(sentence: str) -> None:
    from rich.console import Console

    Console().print(sentence, markup=False, highlight=False, soft_wrap=True)
