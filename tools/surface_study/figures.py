"""The figures of the page: ladders, curves with their bound, accuracy against invariance, certified accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from invariance.experiments.words import in_words
from invariance.plots import figure_of, plot_certified, plot_front, save_figure
from invariance.plots.style import COLOURS, colour_and_marker

from .ladders import SIZES
from .page import named, of_the_front, on_the_front

_FOUND = {"pixels": "C0", "quads": "C2", "triangles": "C4", "mean over pixels": "C3"}


def draw(found: dict[str, Any], folder: Path) -> None:
    """Every figure of which there are numbers."""
    if "ladders" in found:
        _ladders(found["ladders"], folder / "promise_ladders.png")
    if "bounded" in found:
        _curves(found, folder / "promise_curves.png")
    if "trained" in found:
        _front(of_the_front(found), folder / "promise_front.png")
    for i, kept in enumerate(found.get("certificates", ())):
        ax = plot_certified(kept, title=kept["model"])
        save_figure(figure_of(ax), folder / f"promise_certified_{i + 1}.png")
        plt.close(figure_of(ax))


def _ladders(rows: list[dict[str, Any]], file: Path) -> None:
    families = list(dict.fromkeys(r["family"] for r in rows))
    cutoffs = sorted({r["cutoff"] for r in rows})
    figure, axes = plt.subplots(1, len(families), figsize=(11, 3.8), sharey=True, layout="constrained")
    for ax, family in zip(axes, families, strict=True):
        for row in rows:
            if row["family"] == family and row["model"] != "triangles":
                shade = dict(zip(cutoffs, (1.0, 0.6, 0.3), strict=True))[row["cutoff"]]
                label = f"{row['model']}, {row['cutoff']} cycles"
                ax.plot(SIZES, row["errors"], color=_FOUND[row["model"]], alpha=shade, marker="o", ms=3, label=label)
        ax.plot(SIZES, [0.3 * (s / 32) ** -2 for s in SIZES], color="0.4", ls=":", label="second order")
        ax.set(xscale="log", yscale="log", title=family, xlabel="pixels a side", xticks=SIZES)
        ax.set_xticklabels(list(map(str, SIZES)))
        ax.minorticks_off()
        ax.grid(alpha=0.3)
    axes[0].set_ylabel("normalised error E")
    axes[-1].legend(fontsize="x-small", loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
    save_figure(figure, file)
    plt.close(figure)


def _curves(found: dict[str, Any], file: Path) -> None:
    families = list(dict.fromkeys(r["family"] for r in found["bounded"]))
    figure, axes = plt.subplots(1, 1 + len(families), figsize=(18, 4), layout="constrained")
    for ax, family in zip(axes, families, strict=False):
        here = [r for r in found["bounded"] if r["family"] == family]
        _bounded(ax, here)
        windows = here[0]["windows"]
        ax.set(title=f"{windows}×{windows} windows, {family}", xlabel="largest displacement")
        ax.set_ylabel("root mean square, of the spread")
    for i, row in enumerate(found["networks"]):
        style = {**colour_and_marker(i), "ms": 4, "label": in_words(row["model"])}
        axes[-1].plot(row["scales"], row["errors"], **style)
    axes[-1].set(title="random weights, 64×64", ylabel="normalised error E", xlabel="scale of the smooth warp")
    for ax in axes:
        ax.set(xscale="log", yscale="log")
        ax.grid(alpha=0.3)
    for ax in axes[1:]:
        ax.legend(fontsize="x-small", loc="upper left", bbox_to_anchor=(0, -0.16), frameon=False, ncols=2)
    save_figure(figure, file)
    plt.close(figure)


def _bounded(ax: Axes, rows: list[dict[str, Any]]) -> None:
    sizes = sorted({r["size"] for r in rows})
    for i, size in enumerate(sizes):
        here = [r for r in rows if r["size"] == size]
        moved = [r["moved"] for r in here]
        broad = 2 * (len(sizes) - 1 - i)  # the first ones are broader: where all are one line, all are seen
        style = {**colour_and_marker(i), "ms": 4 + broad, "lw": 1.5 + broad, "label": f"measured, {size} px"}
        ax.plot(moved, [r["change"] for r in here], **style)
        ax.plot(moved, [r["bound and grid"] for r in here], color=COLOURS[i], ls="--", label=f"bound + grid, {size} px")
        if size == sizes[-1]:
            ax.plot(moved, [r["bound"] for r in here], color="black", label="bound in the continuum")


def _front(rows: list[dict[str, Any]], file: Path) -> None:
    """Accuracy against E under warps of two pixels, and E by the size of a warp."""
    figure, (front, by_size) = plt.subplots(1, 2, figsize=(15, 6), layout="constrained")
    plot_front(
        [on_the_front(row) for row in rows],
        ax=front,
        title=f"trained on {rows[0]['training']:,} images, or as many as in brackets",
    )
    sizes = [point["pixels"] for point in rows[0]["sizes"]]
    for i, row in enumerate(rows):
        style = {**colour_and_marker(i), "ms": 4, "lw": 1, "label": named(row)}
        by_size.plot(sizes, [point["error"] for point in row["sizes"]], **style)
    by_size.set(xscale="log", yscale="log", xlabel="smooth warp, root mean square in pixels", ylabel="E of the logits")
    by_size.set_xticks(sizes, [f"{size:.2g}" for size in sizes])
    by_size.set_yticks((0.05, 0.1, 0.2, 0.5), ("0.05", "0.1", "0.2", "0.5"))
    by_size.minorticks_off()
    by_size.set_title("resampled", loc="left", fontsize="medium")
    by_size.grid(alpha=0.3)
    by_size.legend(fontsize="x-small", loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
    save_figure(figure, file)
    plt.close(figure)
