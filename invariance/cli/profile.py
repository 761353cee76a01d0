"""`invariance profile`: the symmetry passport of a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ..errors import ArgumentError
from .batches import in_batches
from .parameters import COUNT, PICTURE, SEED, OutputFile, Source, Text, listed, sample_size, without_batch

__all__ = ["profile"]


@click.command()
@click.argument("target", type=Source())
@click.option("--input", "input_shape", type=Text(), metavar="C,H,W", help="Shape of one image, or C,LENGTH.")
@click.option("--in", "fields_in", type=Text(), metavar="FIELDS", help="Other inputs: pos=points:16; see `fields`.")
@click.option("--unbatched", is_flag=True, help="TARGET takes one sample, without a batch axis.")
@click.option("--batch", type=COUNT, default=8, help="Samples in one pass, which bounds the memory.")
@click.option("--seed", type=SEED, default=0, help="Of inputs and elements, and of a target that is built.")
@click.option("--json", "json_file", type=OutputFile(), help="Write the lines.")
@click.option("--plot", type=PICTURE, help="Draw them as PNG or SVG.")
def profile(
    target: str,
    input_shape: str | None,
    fields_in: str | None,
    unbatched: bool,
    batch: int,
    seed: int,
    json_file: Path | None,
    plot: Path | None,
) -> int:
    """Which symmetries does TARGET have? Every group that can act on its input, invariant and equivariant.

    exact: to the last bit; to rounding: to that of its arithmetic; approximately: E below 0.1; broken; undefined: the
    output is constant, or has no axis to move. It asks, and claims nothing: the status is 0 whatever comes out.
    """
    import torch
    from rich.console import Console

    from ..checking.profile import profile as measure
    from ..files import write_json
    from ..symmetry import Symmetry
    from ..targets import load_target

    if (input_shape is None) == (fields_in is None):
        raise ArgumentError("--input", input_shape, "a shape, or --in with fields, one of both")
    model: Any = load_target(target, seed=seed)
    shape = listed("--input", input_shape, int) if input_shape else None
    entries = sample_size(shape, None if shape else Symmetry("flips", fields_in))
    asked = {"input_shape": shape, "batched": not unbatched}

    def passport(batch: int) -> Any:
        return measure(model, fields_in, batch=batch, generator=torch.Generator().manual_seed(seed), **asked)

    with without_batch(shape):
        found = in_batches(batch, entries, 8, passport)
    Console(width=None if sys.stdout.isatty() else 160).print(found.table())
    if json_file:
        write_json(json_file, found.to_dict() | {"target": target})
    if plot:
        from ..plots import figure_of, save_figure

        save_figure(figure_of(found.plot()), plot, bbox_inches="tight")
    return 0
