"""`invariance compare`: checkpoints of a network, or networks, at one size of a warp."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..errors import ArgumentError
from .curve import CURVES, measured, require_measures, say, stream_options
from .parameters import PICTURE, OutputFile, Source, Text, as_typed
from .sections import Sectioned, section

__all__ = ["compare"]


@click.command(cls=Sectioned)
@click.argument("checkpoints", nargs=-1, required=True, type=Source(), metavar="CHECKPOINT…")
@section(
    "What is compared",
    click.option(
        "--of", "network", type=Source(), metavar="TARGET", help="The network whose weights CHECKPOINT.safetensors has."
    ),
    click.option(
        "--measure", "measures", type=Text(), multiple=True, help="error, consistency or accuracy; all there are."
    ),
    click.option("--json", "json_file", type=OutputFile(".json", holds=CURVES), help="Keep it, for `invariance plot`."),
    click.option("--plot", type=PICTURE, help="Draw it as PNG, SVG or PDF."),
)
@stream_options
def compare(
    checkpoints: tuple[str, ...],
    network: str | None,
    measures: tuple[str, ...],
    json_file: Path | None,
    plot: Path | None,
    **options: Any,
) -> None:
    """How do checkpoints differ? Error, consistency and accuracy of each at the largest of --scales.

    CHECKPOINT is a file of safetensors beside --of TARGET, or any TARGET as in `curve`.
    """
    from ..comparing import named_models
    from ..files import write_json
    from ..plots import plot_checkpoints, save_figure

    require_measures(measures)
    if network is not None and (wrong := [c for c in checkpoints if not c.endswith(".safetensors")]):
        wanted = "a file of weights beside --of, as safetensors.torch.save_file(net.state_dict(), …) writes it"
        raise ArgumentError("CHECKPOINT", wrong[0], wanted)
    if network is None and (alone := [c for c in checkpoints if c.endswith(".safetensors") and "@" not in c]):
        raise ArgumentError("--of", None, f"the network whose weights {alone[0]} has, such as nets.py:net")
    texts = [c if network is None else f"{_name(c, checkpoints)}={network}@{c}" for c in checkpoints]
    with as_typed({"TARGET": "CHECKPOINT", "name": "CHECKPOINT"}):
        named = named_models(texts, seed=options["seed"])
    found, _ = measured(named, measures, **options)
    width = max(map(len, found.labels))
    for row in found.rows():
        if row["scale"] != found.scales[-1]:
            continue
        cells = [
            f"{m} {row[m]:.3g} in [{row[f'{m}_low']:.3g}, {row[f'{m}_high']:.3g}]"
            for m in found.measures
            if row.get(m) is not None
        ]
        say(f"{row['label']:<{width}}  {'   '.join(cells) or 'undefined: the output is the same for all images'}")
    if json_file:
        write_json(json_file, found.to_dict())
    if plot:
        save_figure(plot_checkpoints(found), plot)


def _name(checkpoint: str, checkpoints: tuple[str, ...]) -> str:
    """The file's name, where it tells the checkpoints apart; a label has no slash."""
    stems = [Path(each).stem for each in checkpoints]
    path = Path(checkpoint)
    return path.stem if len(set(stems)) == len(stems) else " ".join((path.parent.name, path.stem))
