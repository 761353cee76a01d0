"""`invariance plot`: draw kept measurements again."""

from __future__ import annotations

from pathlib import Path

import click

from .parameters import PICTURE, InputPath, Text

__all__ = ["plot"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=InputPath(), metavar="FILE…")
@click.option("--output", required=True, type=PICTURE, help="PNG, SVG or PDF.")
@click.option(
    "--measure", "measures", type=Text(), multiple=True, help="error, consistency or accuracy; all there are."
)
@click.option("--title", type=Text(), help="Above the figure.")
def plot(files: tuple[Path, ...], output: Path, measures: tuple[str, ...], title: str | None) -> None:
    """Draw what `curve` and `compare` kept in FILE.json, several in one figure, or what `table` kept in one.

    Curves of one label are runs of one network. The files have to hold measurements of one warp and claim on the same
    images.
    """
    from ..errors import ArgumentError
    from ..experiments.drawing import draw_kept, is_kept
    from ..measure.comparison import load, merged
    from ..plots import plot_comparison, save_figure
    from .curve import chosen_of, require_measures, say

    require_measures(measures)
    if any(map(is_kept, files)):
        if len(files) > 1 or measures or title:
            raise ArgumentError("FILE", " ".join(map(str, files)), "one file of `table`, alone: it has its own title")
        save_figure(draw_kept(next(iter(files))), output)
        say(str(output))
        return
    kept = [load(file, argument="FILE") for file in files]
    for file, other in zip(files[1:], kept[1:], strict=True):
        try:
            merged([kept[0], other])
        except ArgumentError as error:
            _, differs, why = error.args
            raise ArgumentError("FILE", file, f"left out: it holds {differs} than {files[0]}; {why}") from error
    found = merged(kept)
    save_figure(plot_comparison(found, measures=chosen_of(found, measures), title=title), output)
    say(str(output))
