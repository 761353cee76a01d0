"""`invariance check`: is somebody's module invariant or equivariant?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ..errors import ArgumentError
from ..verdicts import STATUS
from .batches import in_batches
from .local import told_locally
from .parameters import (
    COUNT,
    PICTURE,
    SEED,
    InputPath,
    OutputFile,
    Source,
    Text,
    Whole,
    as_typed,
    device_of,
    listed,
    question_options,
    sample_size,
)
from .sections import Sectioned, section

__all__ = ["check", "show", "symmetry_of_options"]


@click.command(cls=Sectioned)
@click.argument("target", type=Source())
@question_options
@section(
    "What is asked",
    click.option("--unbatched", is_flag=True, help="With --in: TARGET takes one sample, without a batch axis."),
    click.option("--claim", type=Text(), help="invariant, by default, or equivariant."),
    click.option(
        "--action", type=Text(), help="How an equivariant output moves: scalar, by default, regular or jacobian."
    ),
    click.option("--fibre", type=Text(), help="What an input of more axes is: regular or jacobian."),
    click.option("--border", default="ignored", help="Of shifts: ignored, or counted as the network's doing."),
    click.option("--block", type=COUNT, help="Side of a block of block-fields; by default the first kernel size."),
    click.option("--tolerance", type=float, help="The largest E that is good enough, instead of rounding."),
)
@section(
    "What it is shown",
    click.option("--inputs", type=InputPath(), help="A folder of pictures to show in place of drawn ones."),
    click.option("--range", "values", type=Text(), help="What their values become: low,high or mean/deviation; 0,1."),
    click.option("--sizes", type=Text(), help="Side lengths, separated by commas."),
    click.option("--images", type=Whole(2), help="Number of images."),
    click.option("--eval", is_flag=True, help="Check it in evaluation mode: batch norm and dropout fixed."),
)
@section(
    "How it is computed",
    click.option("--dtype", default="float64", help="float64, float32, bfloat16 or float16."),
    click.option("--device", default="cpu", help="cpu or cuda."),
    click.option("--batch", type=COUNT, default=8, help="Samples in one pass, which bounds the memory."),
    click.option("--seed", type=SEED, default=0, help="Of images and warps, and of a target that is built."),
    click.option("--budget", type=float, help="Seconds after which no further rung of a ladder is begun."),
    click.option("--variants", type=Text(), help="eager,compiled,tf32,bfloat16,float16,exported,scripted: E of each."),
)
@section(
    "What else is told",
    click.option(
        "--local", is_flag=True, help="The error to first order, layer by layer, of turned or shifted images."
    ),
    click.option("--layers", is_flag=True, help="The error of every layer too; with --plot, that is what is drawn."),
    click.option("--json", "json_file", type=OutputFile(), help="Write the report, for `invariance replay`."),
    click.option("--plot", type=PICTURE, help="Draw it as PNG or SVG."),
)
def check(
    target: str,
    input_shape: str | None,
    group: str | None,
    fields_in: str | None,
    fields_out: str | None,
    source: str | None,
    unbatched: bool,
    variants: str | None,
    local: bool,
    sizes: str | None,
    dtype: str,
    device: str,
    seed: int,
    inputs: Path | None,
    values: str | None,
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
    from ..checking.given import of_folder
    from ..files import write
    from ..targets import load_target

    if not isinstance(kind := getattr(torch, dtype, None), torch.dtype):
        raise ArgumentError("--dtype", dtype, "float64, float32, bfloat16 or float16")
    model: Any = load_target(target, seed=seed)
    symmetry = symmetry_of_options(group, fields_in, fields_out, source, unbatched)
    shape = listed("--input", input_shape, int) if input_shape else None
    asked = {"dtype": kind, "device": device_of(device), **options}
    if symmetry is None:
        asked |= {"group": group, "input_shape": shape, "sizes": listed("--sizes", sizes, int) if sizes else None}
        if shape is None or group is None:
            raise ArgumentError("--input", input_shape, "a shape and a --group; or --group with --in; or --symmetry")
        if inputs is not None:
            with as_typed({"folder": "--inputs"}):
                asked["inputs"] = of_folder(inputs, shape, values)
        elif values:
            raise ArgumentError("--range", values, "a folder of pictures to go with it: --inputs FOLDER")
    else:
        _require_no_image(
            {"--input": input_shape, "--inputs": inputs, "--range": values, "--sizes": sizes, "--local": local or None}
            | {f"--{name}": options[name] for name in ("fibre", "block", "budget")}
            | {"--border": None if options["border"] == "ignored" else options["border"]}
        )
    size = (sample_size(shape, symmetry), kind.itemsize)
    if variants:
        from ..checking.variants import check_variants

        found = in_batches(
            asked.pop("batch"),
            *size,
            lambda batch: check_variants(
                model, symmetry, variants=variants.split(","), generator=_seeded(seed), batch=batch, **asked
            ),
        )
        _print(found.table())
        return STATUS[found.verdict]
    near = told_locally(model, shape, seed) if local else ()
    report = in_batches(
        asked.pop("batch"),
        *size,
        lambda batch: _measured(measure, model, symmetry, _seeded(seed), {**asked, "batch": batch}).at(target, seed),
    )
    show(report)
    for sentence in near:
        _say(sentence)
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


def _require_no_image(given: dict[str, Any]) -> None:
    """Raises ArgumentError where an option of images stands beside fields, which would not look at it."""
    for option, value in given.items():
        if value is not None:
            raise ArgumentError(option, value, "left out beside --in and --symmetry: it is for an image, --input C,H,W")


def _seeded(seed: int) -> Any:
    import torch

    return torch.Generator().manual_seed(seed)


def _measured(measure: Any, model: Any, symmetry: Any, generator: Any, asked: dict[str, Any]) -> Any:
    """The report; a refinement ladder, which takes minutes, shows how far it is."""
    from ..checking.question import LADDER

    if asked.get("group") not in LADDER:
        return measure(model, symmetry, generator=generator, **asked)
    from .bar import counted

    with counted("pixels of the ladder") as progress:
        return measure(model, symmetry, generator=generator, progress=progress, **asked)


def symmetry_of_options(
    group: str | None, fields_in: str | None, fields_out: str | None, source: str | None, unbatched: bool
) -> Any:
    """What the options spell; None for a group of an image."""
    from ..symmetry import Symmetry

    if source is not None:
        if group or fields_in or fields_out or unbatched:
            raise ArgumentError("--symmetry", source, "given alone: --group, --in, --out and --unbatched are in it")
        from ..targets import load_symmetry

        return load_symmetry(source)
    if fields_in is None:
        if fields_out is not None or unbatched:
            raise ArgumentError("--out" if fields_out else "--unbatched", fields_out or True, "given with --in")
        return None
    if group is None:
        raise ArgumentError("--group", None, "a group beside --in, such as 'O(3)'; see `invariance groups`")
    return Symmetry(group, fields_in, fields_out or "invariant", batched=not unbatched)


def show(report: Any) -> None:
    """The table and what there is to say about it."""
    _print(report.table())
    for sentence in filter(None, (report.scope, *report.diagnosis)):
        _say(sentence)


def _print(table: Any) -> None:
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _say(sentence: str) -> None:
    from rich.console import Console

    Console().print(sentence, markup=False, highlight=False, soft_wrap=True)
