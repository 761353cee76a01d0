"""`invariance check`: is somebody's module invariant or equivariant?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ..errors import ArgumentError
from ..verdicts import STATUS
from .parameters import COUNT, PICTURE, SEED, OutputFile, Text, Whole, device_of, listed

__all__ = ["check", "show"]


@click.command()
@click.argument("target", type=Text())
@click.option("--input", "input_shape", required=True, metavar="C,H,W", help="Shape of one image; see --group.")
@click.option("--group", required=True, help="p4, p4m, translation, rotation, …, or a family of warps.")
@click.option("--claim", default="invariant", help="invariant, or equivariant.")
@click.option("--action", type=Text(), help="How the output moves: scalar, regular or jacobian.")
@click.option("--sizes", type=Text(), help="Side lengths, separated by commas.")
@click.option("--images", type=Whole(2), help="Number of images.")
@click.option("--dtype", default="float64", help="float64, float32, bfloat16 or float16.")
@click.option("--device", default="cpu", help="cpu or cuda.")
@click.option("--batch", type=COUNT, default=8, help="Samples in one pass, which bounds the memory.")
@click.option("--block", type=COUNT, help="Side of a block of block-fields; by default the first kernel size.")
@click.option("--seed", type=SEED, default=0, help="Of images and warps, and of a target that is built.")
@click.option("--json", "json_file", type=OutputFile(), help="Write the report, for `invariance replay`.")
@click.option("--plot", type=PICTURE, help="Draw it as PNG or SVG.")
@click.option("--layers", is_flag=True, help="The error of every layer too; with --plot, that is what is drawn.")
def check(
    target: str,
    input_shape: str,
    sizes: str | None,
    dtype: str,
    device: str,
    seed: int,
    json_file: Path | None,
    plot: Path | None,
    layers: bool,
    **options: Any,
) -> int:
    """Is TARGET invariant or equivariant, and if not, where and by how much?

    TARGET is package.module:name or file.py:name, a module, a class, or a function that makes one or is one; or
    file.pt2, saved by torch.export. Status 0: consistent, 1: violated, 3: undecided or undefined.
    """
    import torch

    from ..checking import check as measure
    from ..checking import layers_of
    from ..files import write
    from ..targets import load_target

    if not isinstance(kind := getattr(torch, dtype, None), torch.dtype):
        raise ArgumentError("--dtype", dtype, "float64, float32, bfloat16 or float16")
    model = load_target(target, seed=seed)
    report = measure(
        model,
        input_shape=listed("--input", input_shape, int),
        sizes=listed("--sizes", sizes, int) if sizes else None,
        dtype=kind,
        device=device_of(device),
        generator=torch.Generator().manual_seed(seed),
        **options,
    ).at(target, seed)
    show(report)
    if report.verdict == "violated":
        from ..testing.explain import explain

        for line in explain(model, report):
            _say(line)
    found = layers_of(model, report) if layers else None
    if found is not None:
        _say(str(found))
    if json_file:
        write(json_file, report.to_json())
    if plot:
        from ..plots import figure_of, plot_layerwise, save_figure

        drawn = report.plot() if found is None else plot_layerwise({target: found}, title=found.symmetry)
        save_figure(figure_of(drawn), plot, bbox_inches="tight")
    return STATUS[report.verdict]


def show(report: Any) -> None:
    """The table and what there is to say about it."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 160).print(report.table())
    for sentence in report.diagnosis:
        _say(sentence)


def _say(sentence: str) -> None:
    from rich.console import Console

    Console().print(sentence, markup=False, highlight=False, soft_wrap=True)
