"""`invariance report`: the main job."""

from __future__ import annotations

from pathlib import Path

import click

from .parameters import InputPath, OutputFolder, as_typed

__all__ = ["report"]


@click.command()
@click.option("--output", default="report", type=OutputFolder(), help="Folder for index.html and report.json.")
@click.option("--images", type=InputPath(), help="Folder of PNG or JPEG photographs to use.")
def report(output: Path, images: Path | None) -> int:
    """Verify the claims, measure the layers, and write one self-contained page. Status 1 if anything disagrees."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from ..report import build_report, steps

    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    shown = Console(stderr=True)
    with Progress(*columns, console=shown, disable=not shown.is_terminal) as progress:
        task = progress.add_task("photographs", total=None, completed=-1)

        def tick(step: str) -> None:
            progress.update(task, description=step, advance=1, total=len(steps()))

        with as_typed({"folder": "--images"}):
            holds = build_report(output, images=images, tick=tick)
        progress.update(task, description="done", advance=1)
    console = Console()
    for file in ("index.html", "report.json"):
        console.print(str(output / file), highlight=False, soft_wrap=True)
    if not holds:
        console.print("Some claims came out other than recorded or predicted; the page says which.")
    return int(not holds)
