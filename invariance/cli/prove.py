"""`invariance prove`: a proof about a network, from its weights, for all inputs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ..errors import ArgumentError
from ..verdicts import STATUS
from .parameters import PICTURE, SEED, InputPath, OutputFile, Source, Text, listed, sample_size, without_batch
from .sections import Sectioned, section

__all__ = ["prove"]


@click.command(cls=Sectioned)
@click.argument("target", type=Source(), required=False)
@section(
    "What is asked",
    click.option(
        "--input", "input_shape", type=Text(), metavar="C,H,W", help="Shape of one sample, without the batch."
    ),
    click.option("--group", type=Text(), help="p4m, p4, p2, flip, cube, translation, permutations, channels, sign, …"),
    click.option("--claim", type=Text(), help="invariant or equivariant; by default the output's motion is found."),
    click.option("--all", "every", is_flag=True, help="Every generator of every group that can act on the input."),
    click.option(
        "--max-error", type=float, default=0.0, help="Relative change of the weights after which it may hold."
    ),
)
@section(
    "What is told",
    click.option("--layers", is_flag=True, help="What every operation does, for each generator."),
    click.option("--no-search", is_flag=True, help="Look for no counterexample where the proof stops."),
    click.option("--plot", type=PICTURE, help="Draw the network as a chain, green as far as the proof goes."),
    click.option("--json", "json_file", type=OutputFile(), help="Write the report."),
)
@section(
    "What is kept and re-checked",
    click.option("--certificate", type=OutputFile(".json"), help="Write what an independent checker re-checks."),
    click.option("--verify", "verified", type=InputPath(), help="Re-check such a file, for TARGET."),
    click.option("--project", type=OutputFile(".safetensors"), help="Write the nearest symmetric weights."),
    click.option("--rules", type=OutputFile(".md"), help="Write the table of operations and rules; needs no TARGET."),
)
@click.option("--seed", type=SEED, default=0, help="Of a target that is built.")
def prove(
    target: str | None,
    input_shape: str | None,
    group: str | None,
    claim: Any,
    seed: int,
    layers: bool,
    every: bool,
    no_search: bool,
    max_error: float,
    project: Path | None,
    json_file: Path | None,
    certificate: Path | None,
    verified: Path | None,
    rules: Path | None,
    plot: Path | None,
) -> int:
    """Is TARGET invariant or equivariant, for all inputs, by its weights?

    TARGET is a module, named as for `invariance check`. Status 0: proved, 1: disproved by numbers, 3: not proved.
    """
    from ..files import write, write_json
    from ..memory import require_memory
    from ..proving import prove as proof
    from ..targets import load_target

    if rules is not None:
        from ..proving.table import rules_table

        write(rules, rules_table())
        return 0
    if target is None:
        raise ArgumentError("TARGET", None, "a module, such as file.py:name")
    model: Any = load_target(target, seed=seed)
    if verified is not None:
        return _verify(verified, model)
    if input_shape is None:
        raise ArgumentError("--input", None, "the shape of one sample, such as 3,33,33")
    shape = listed("--input", input_shape, int)
    require_memory("--input", input_shape, 4 * 8 * sample_size(shape, None))  # two arrays of places, and two of values
    if every:
        return _discover(model, shape, json_file)
    if group is None:
        raise ArgumentError("--group", None, "a group, such as p4m; or --all for every one that can act on the input")
    with without_batch(shape):
        asked: dict[str, Any] = {"input_shape": shape, "group": group.lower(), "claim": claim}
        report = proof(model, **asked, search=not no_search, max_error=max_error)
    _show(report, layers)
    if json_file:
        write(json_file, report.to_json())
    if project:
        _project(project, report, model)
    if certificate and report.verdict == "proved" and report.backward is None and report.rewritten is None:
        write_json(certificate, report.certificate())
    elif certificate:
        how = " after a change of weights" if report.backward else " with other weights" if report.rewritten else ""
        _say(f"no certificate is written: {report.verdict}{how}")
    if plot:
        from ..plots import figure_of, plot_proof, save_figure

        save_figure(figure_of(plot_proof(report.chain(), title=str(report).splitlines()[0])), plot, bbox_inches="tight")
    return STATUS[report.verdict]


def _show(report: Any, layers: bool) -> None:
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 160).print(report.table())
    for line in str(report).splitlines()[1:]:
        _say(line)
    if layers:
        for line in report.layers():
            _say(line)
    _say(
        f"{report.operations} operations; {report.seconds:.1f} s for {len(report.generators)} generators, "
        f"and {report.export_seconds:.1f} s to export"
    )


def _discover(model: Any, shape: tuple[int, ...], json_file: Path | None) -> int:
    from rich.console import Console

    from ..files import write_json
    from ..proving import discover

    found = discover(model, input_shape=shape)
    Console(width=None if sys.stdout.isatty() else 160).print(found.table())
    for line in str(found).splitlines():
        _say(line)
    if json_file:
        write_json(json_file, found.to_dict())
    return 3 if found.trivial else 0


def _project(file: Path, report: Any, model: Any) -> None:
    """The nearest symmetric weights, in the types that the model has."""
    from ..extras import NeededFor
    from ..files import write
    from ..proving.keeping import weights_of

    with NeededFor("--project"):
        from safetensors.torch import save

    if report.backward is None:
        _say("no weights are written: the network is symmetric as it is, or it is not by more than rounding")
        return
    types = {name: t.dtype for name, t in weights_of(model).items()}
    write(file, save({name: t.to(types[name], copy=True).contiguous() for name, t in report.backward.state.items()}))


def _verify(file: Path, model: Any) -> int:
    """Status 0: every statement of the certificate was checked anew; it is bad input otherwise."""
    from ..proving.checker import RefusedError, verify
    from ..proving.report import SENTENCE
    from ..reading import read_json

    certificate = read_json("--verify", file, limit=2**28)
    if not isinstance(certificate, dict):
        raise ArgumentError("--verify", file, "a certificate that `invariance prove --certificate` wrote")
    try:
        lines = verify(certificate, model)
    except RefusedError as refused:
        raise ArgumentError("--verify", file, f"a certificate of this model ({refused})") from refused
    claim = certificate["claim"] or "equivariant, as the certificate states for the output"
    if certificate["named"]:
        _say(f"{certificate['group']}, {claim}: verified")
    else:
        _say(f"verified, for the motions that the file states itself; it calls them {certificate['group']}, {claim}")
    for line in (*lines, SENTENCE):
        _say(line)
    return 0


def _say(sentence: str) -> None:
    from rich.console import Console

    Console().print(sentence, markup=False, highlight=False, soft_wrap=True)
