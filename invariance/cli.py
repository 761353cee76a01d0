"""The command line. Exit status: 0 holds, 1 violated or a verdict other than recorded, 2 bad input."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from .errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from rich.console import Console
    from torch import nn

__all__ = ["cli", "main"]


def main() -> None:
    """Run a command; a user's mistake is one line on stderr and exit status 2."""
    from proofs.ledger import UnknownStatementError

    try:
        status = cli(standalone_mode=False)
    except click.ClickException as error:
        _fail(error.format_message())
    except (ArgumentError, ArgumentTypeError, UnknownStatementError, OSError) as error:
        _fail(str(error))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    sys.exit(status or 0)


def _fail(message: str) -> NoReturn:
    print("invariance:", " ".join(message.split()), file=sys.stderr)
    sys.exit(2)


@click.group(no_args_is_help=False, context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.version_option(package_name="invariance")
def cli() -> None:
    """Which invariance claims are true, under which hypotheses, and how far a network is from them."""


@cli.command()
@click.option("--only", metavar="ID", help="One entry and its parts, such as T2.d.")
@click.option("--explain", metavar="ID", help="Print one entry in full, with its counterexample.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the ledger to this file.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Write the ledger in full to this file.")
def verify(only: str | None, explain: str | None, json_file: Path | None, markdown: Path | None) -> int:
    """Run the ledger: every claim of the papers, decided by machine. Status 1 if one comes out other than recorded."""
    from rich.console import Console
    from rich.progress import track

    from proofs import ledger
    from proofs.explain import explain as in_full
    from proofs.explain import page

    chosen = explain or only
    count = len(ledger.select(chosen))
    console = Console(width=None if sys.stdout.isatty() else 160)
    entries = list(track(ledger.verify(chosen), "ledger", count, console=Console(stderr=True), transient=True))
    if json_file:
        json_file.write_text(json.dumps(ledger.to_json(entries), indent=1, allow_nan=False), encoding="utf-8")
    if markdown:
        markdown.write_text(page(entries), encoding="utf-8")
    if explain:
        (entry,) = [entry for entry in entries if entry.id == explain] or entries[:1]
        console.print(in_full(entry), markup=False, highlight=False, soft_wrap=True)
    else:
        _print_ledger(console, entries)
    return int(not all(entry.agreed for entry in entries))


def _print_ledger(console: Console, entries: list[Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("id", "claim", "verdict", "sizes", "route", "s", box=None, pad_edge=False)
    table.columns[5].justify = "right"
    colours = {"PROVED": "green", "CORRECTED": "yellow", "REFUTED": "red", "SAMPLED": "blue", "UNKNOWN": "magenta"}
    for entry in entries:
        colour = colours[entry.verdict.name]
        verdict = f"[{colour}]{entry.verdict}[/]" + ("" if entry.agreed else f" [bold](recorded: {entry.recorded})[/]")
        said, routes = entry.statement, ", ".join(entry.methods)
        table.add_row(entry.id, escape(said.summary), verdict, escape(said.sizes), routes, f"{entry.seconds:.2f}")
    console.print(table)
    total = sum(entry.seconds for entry in entries)
    wrong = [entry.id for entry in entries if not entry.agreed]
    state = f"other than recorded: {', '.join(wrong)}" if wrong else "all as recorded"
    console.print(f"{len(entries)} entries, {state}, {total:.1f} s of CPU")


@cli.command()
@click.option(
    "--output", required=True, type=click.Path(path_type=Path), help="PNG or SVG; the data go beside it as JSON."
)
@click.option(
    "--model",
    "models",
    multiple=True,
    default=("diffcnn:kernel_size=1", "diffcnn:kernel_size=3", "plain-cnn"),
    help="diffcnn or plain-cnn, with :option=value,… ; may be repeated.",
)
@click.option("--warp", default="smooth", help="Family of warps.")
@click.option("--scales", default="0.003,0.01,0.03,0.1,0.3", help="Increasing, separated by commas.")
@click.option("--images", default="photographs", help="analytic, photographs, or a folder of PNG or JPEG files.")
@click.option("--claim", default="invariant", help="invariant or covariant.")
@click.option("--size", default=60, help="Pixels along a side.")
@click.option("--draws", default=4, help="Warps for each image and scale.")
@click.option("--seed", default=0, help="Of models, analytic images and warps.")
@click.option("--device", default="cpu", help="cpu or cuda.")
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
) -> None:
    """Measure invariance error against warp scale and plot it."""
    import torch
    from rich.console import Console
    from rich.progress import track

    from .images import AnalyticImage
    from .measure import invariance_curve, resampling_floor
    from .photographs import photographs
    from .plots import figure_of, plot_invariance

    if output.suffix.lower() not in (".png", ".svg"):
        raise ArgumentError("--output", output, "a file name that ends in .png or .svg")
    if device != "cpu" and not (device == "cuda" and torch.cuda.is_available()):
        raise ArgumentError("--device", device, "cpu, or cuda on a machine that has it")
    nets = {spec: _network(spec, seed).double().to(device).requires_grad_(False) for spec in models}

    def generator() -> torch.Generator:
        return torch.Generator().manual_seed(seed)

    options: dict[str, Any] = {"warp": warp, "scales": _numbers("--scales", scales)}
    if images == "analytic":
        source, options["size"] = AnalyticImage.random(16, generator=generator(), device=device), size
    else:
        source = photographs(size, folder=None if images == "photographs" else Path(images)).to(device)
    console = Console(stderr=True)
    curves = [
        invariance_curve(net, source, generator=generator(), draws=draws, claim=claim, label=spec, **options)
        for spec, net in track(nets.items(), "curves", console=console, transient=True)
    ]
    floor = None
    if isinstance(source, torch.Tensor):
        floor = resampling_floor(nets[models[0]], source, generator=generator(), **options)
    title = f"{warp} warps: " + ("F(I∘φ) = F(I)" if claim == "invariant" else "F(I∘φ) = F(I)∘φ")
    figure_of(plot_invariance(curves, floor=floor, title=title)).savefig(output, dpi=150)
    data = {"curves": [c.to_dict() for c in curves], "floor": floor and floor.to_dict()}
    output.with_suffix(".json").write_text(json.dumps(data, allow_nan=False), encoding="utf-8")
    Console().print(f"{output}\n{output.with_suffix('.json')}", highlight=False, soft_wrap=True)


def _network(spec: str, seed: int) -> nn.Module:
    """A model from "name:option=value,…", with Python literals for values."""
    import torch

    from .models import build

    name, _, rest = spec.partition(":")
    options: dict[str, Any] = {}
    for item in filter(None, rest.split(",")):
        key, _, value = item.partition("=")
        try:
            options[key] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            options[key] = value
    try:
        return build(name, generator=torch.Generator().manual_seed(seed), **options)
    except TypeError as error:
        raise ArgumentError("--model", spec, f"options that {name} has ({error})") from error


def _numbers(option: str, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ArgumentError(option, text, "numbers separated by commas") from error


@cli.command()
@click.option(
    "--output", default="report", type=click.Path(path_type=Path), help="Folder for index.html and report.json."
)
@click.option("--images", type=click.Path(path_type=Path), help="Folder of PNG or JPEG photographs to use.")
def report(output: Path, images: Path | None) -> int:
    """Verify the claims, measure the layers, and write one self-contained page. Status 1 if anything disagrees."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from .report import build_report, steps

    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("photographs", total=len(steps()), completed=-1)

        def tick(step: str) -> None:
            progress.update(task, description=step, advance=1)

        holds = build_report(output, images=images, tick=tick)
        progress.update(task, description="done", advance=1)
    console = Console()
    for file in ("index.html", "report.json"):
        console.print(str(output / file), highlight=False, soft_wrap=True)
    if not holds:
        console.print("Some claims came out other than recorded or predicted; the page says which.")
    return int(not holds)
