"""The table and its pictures as figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torch import Tensor

from ...plots.accuracy import plot_accuracy
from ...plots.gallery import plot_gallery
from ...plots.predictions import plot_predictions
from ..words import in_words
from .claims import claimed
from .pictures import Pictures
from .result import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_predictions", "draw_representation", "draw_table"]


def draw_table(table: Table) -> Figure:
    """Accuracy of all networks against measured displacement, and the printed values as hollow markers.

    The claims are placed at the displacement that their σ has under the table's protocol; the paper's own is not known.
    """
    from matplotlib.figure import Figure

    families = table.protocol.families
    figure = Figure(figsize=(4.2 * len(families) + 2.2, 4.6), layout="constrained")
    panels = figure.subplots(1, len(families), squeeze=False, sharey=True)[0]
    clean = {in_words(row.label): float(row.accuracy[0]) for row in table.rows}
    # A claim has the colour of the first row of its network, whatever options the paper leaves open.
    labels = {row.model.partition(":")[0]: in_words(row.label) for row in reversed(table.rows)}
    for ax, family in zip(panels, families, strict=True):
        printed = {
            labels.get(claim.model, in_words(claim.model)): {
                None: claim.clean,
                **{scale: value for (of, scale), value in claim.warped.items() if of == family},
            }
            for claim in claimed(table.name).rows
        }
        last = ax is panels[-1]
        chance = 1 / len(table.data["classes"])
        curves = [replace(curve, label=in_words(curve.label)) for curve in table.curves(family)]
        plot_accuracy(curves, clean=clean, claimed=printed, chance=chance, ax=ax, legend=last, title=family)
        if ax is not panels[0]:
            ax.set_ylabel("")
    note = f" ({table.data['note']})" if table.data["note"] else ""
    figure.suptitle(f"{table.data['images']:,} test images of {table.data['name']}{note}", fontsize="medium")
    return figure


def draw_representation(pictures: Pictures) -> Figure:
    """Figure 1: the image above its warped copy, channels of each network's layer beside them."""
    (family, scale) = pictures.warps[1]
    rows = [[pictures.pictures[i], *_channels(pictures, i)] for i in range(2)]
    columns, told = ["image"], []
    for name, fields in pictures.fields.items():
        columns += [
            f"{in_words(name)}:\n{fields.layer}",
            *(f"channel {k + 2}" for k in range(fields.values.shape[1] - 1)),
        ]
        told.append(f"{in_words(name)} {100 * fields.fixed:.0f} % and {100 * fields.moved:.0f} %")
    title = f"F(I∘φ) differs from F(I), and from F(I)∘φ, by: {'; '.join(told)}"
    said = ["\n".join(f"{in_words(name)}: {seen[i]}" for name, seen in pictures.answers.items()) for i in range(2)]
    labels = [f"I, a {pictures.label}\n{said[0]}", f"I∘φ, {family}\nσ = {scale:g}\n{said[1]}"]
    return plot_gallery(rows, row_labels=labels, column_labels=columns, size=1.6, title=title)


def _channels(pictures: Pictures, i: int) -> list[Tensor]:
    return [field for fields in pictures.fields.values() for field in fields.values[i].split(1)]


def draw_predictions(pictures: Pictures) -> Figure:
    """Figure 3: a row for each scale, a column for each family, what each network sees below each picture."""
    families = list(dict.fromkeys(family for family, _ in pictures.warps if family is not None))
    scales = list(dict.fromkeys(scale for family, scale in pictures.warps if family is not None))
    place = {warp: i for i, warp in enumerate(pictures.warps)}
    grid = [[place[None, 0.0] if not i else None, *(place[f, s] for f in families)] for i, s in enumerate(scales)]
    total = len(pictures.warps) - 1
    right = {
        in_words(name): sum(a == pictures.label for (family, _), a in zip(pictures.warps, seen, strict=True) if family)
        for name, seen in pictures.answers.items()
    }
    counts = ", ".join(f"{name} {count}" for name, count in right.items())
    return plot_predictions(
        [[None if i is None else pictures.pictures[i] for i in row] for row in grid],
        [
            [{} if i is None else {in_words(n): seen[i] for n, seen in pictures.answers.items()} for i in row]
            for row in grid
        ],
        truth=pictures.label,
        row_labels=[f"σ = {scale:g}" for scale in scales],
        column_labels=["image", *families],
        title=f"A {pictures.label} under {total} warps; right: {counts}",
    )
