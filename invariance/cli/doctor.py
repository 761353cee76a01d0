"""`invariance doctor`: why a network lacks a symmetry, and the change that mends it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..errors import ArgumentError
from .batches import in_batches
from .parameters import (
    COUNT,
    SEED,
    OutputFile,
    Source,
    Text,
    as_typed,
    device_of,
    listed,
    question_options,
    sample_size,
)
from .sections import Sectioned, section

__all__ = ["doctor"]

_TYPED = {"input_shape": "--input"} | {
    n: f"--{n}" for n in ("group", "claim", "action", "border", "tolerance", "variants")
}


@click.command(cls=Sectioned)
@click.argument("target", type=Source())
@question_options
@section(
    "What is asked",
    click.option("--claim", type=Text(), help="invariant, by default, or equivariant."),
    click.option("--action", type=Text(), help="How an equivariant output moves: scalar, by default, or regular."),
    click.option("--border", default="ignored", help="Of shifts: ignored, or counted as the network's doing."),
    click.option("--tolerance", type=float, help="The largest E that is good enough, instead of rounding."),
)
@section(
    "How it is computed",
    click.option(
        "--variants", type=Text(), help="eager,compiled,tf32,bfloat16,exported,scripted: which are checked too."
    ),
    click.option("--dtype", default="float64", help="float64, float32, bfloat16 or float16."),
    click.option("--device", default="cpu", help="cpu or cuda."),
    click.option("--batch", type=COUNT, default=8, help="Samples in one pass, which bounds the memory."),
    click.option("--seed", type=SEED, default=0, help="Of images, and of a target that is built."),
)
@click.option("--json", "json_file", type=OutputFile(holds=b'"kind": "doctor"'), help="Write what was tried.")
def doctor(
    target: str,
    input_shape: str | None,
    group: str | None,
    fields_in: str | None,
    fields_out: str | None,
    source: str | None,
    variants: str | None,
    dtype: str,
    device: str,
    seed: int,
    json_file: Path | None,
    **options: Any,
) -> int:
    """Why does TARGET not have a symmetry? The first line names the cause.

    The usual explanations are tried one after the other, each as a change after which the error is measured again:
    evaluation mode, precision, the action and the claim in the test, the image's size, padding, interpolation,
    aliasing, symmetric filters, the batch. TARGET is as in `check`. Status 0: it has the symmetry, 1: it does not.
    """
    import torch

    from ..doctor import diagnose
    from ..files import write_json
    from ..targets import load_target
    from ..verdicts import STATUS
    from .check import symmetry_of_options
    from .curve import say

    if not isinstance(kind := getattr(torch, dtype, None), torch.dtype):
        raise ArgumentError("--dtype", dtype, "float64, float32, bfloat16 or float16")
    symmetry = symmetry_of_options(group, fields_in, fields_out, source, False)
    asked = {"dtype": kind, "device": device_of(device), "batch": options["batch"], "tolerance": options["tolerance"]}
    if symmetry is None:
        if group is None:
            raise ArgumentError("--group", None, "a group such as p4, beside --input or --in; or --symmetry alone")
        if input_shape is None:
            raise ArgumentError("--input", None, "the shape of one image, beside --group; or --in; or --symmetry alone")
        asked |= {"input_shape": listed("--input", input_shape, int), "group": group, "claim": options["claim"]}
        asked |= {"action": options["action"], "border": options["border"]}
    else:
        asked["symmetry"] = symmetry
    model: Any = load_target(target, seed=seed)
    with as_typed(_TYPED):
        found = in_batches(
            asked.pop("batch"),
            sample_size(asked.get("input_shape"), symmetry),
            kind.itemsize,
            lambda batch: diagnose(model, variants=variants.split(",") if variants else (), batch=batch, **asked),
        )
    for line in str(found).splitlines():
        say(line)
    if json_file:
        write_json(json_file, found.to_dict() | {"target": target})
    if found.causes:
        return 1
    return STATUS[found.before.verdict or "undecided"]
