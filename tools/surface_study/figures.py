"""The figures of the page: ladders, curves with their bound, accuracy against invariance, certified accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from invariance.plots import figure_of, plot_certified, save_figure

from .ladders import SIZES

_FOUND = {"pixels": "C0", "quads": "C2", "triangles": "C4", "mean over pixels": "C3"}


def draw(found: dict[str, Any], folder: Path) -> None:
    """Every figure of which there are numbers."""
    if "ladders" in found:
        _ladders(found["ladders"], folder / "promise_ladders.png")
    if "bounded" in found:
        _curves(found, folder / "promise_curves.png")
    if found.get("trained"):
        _front(found["trained"], folder / "promise_front.png")
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
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for i, size in enumerate(sorted({r["size"] for r in found["bounded"]})):
        rows = [r for r in found["bounded"] if r["size"] == size]
        scales = [r["scale"] for r in rows]
        left.plot(scales, [r["change"] for r in rows], color=f"C{i}", marker="o", ms=4, label=f"measured, {size} px")
        left.plot(scales, [r["bound and grid"] for r in rows], color=f"C{i}", ls="--", label=f"bound + grid, {size} px")
    finest = [r for r in found["bounded"] if r["size"] == max(r["size"] for r in found["bounded"])]
    scales = [r["scale"] for r in finest]
    left.plot(scales, [r["bound"] for r in finest], color="black", label="Lip(W) sup|φ − id| ∫|f||n|")
    left.set(title="4×4 windows and what is proved of them", ylabel="root mean square, of the spread")
    for i, row in enumerate(found["networks"]):
        right.plot(row["scales"], row["errors"], marker="o", ms=4, color=f"C{i}", label=row["model"])
    right.set(title="networks with random weights, 64×64", ylabel="normalised error E")
    for ax in (left, right):
        ax.set(xscale="log", yscale="log", xlabel="scale of the smooth warp")
        ax.grid(alpha=0.3)
        ax.legend(fontsize="x-small", loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
    save_figure(figure, file)
    plt.close(figure)


def _front(rows: list[dict[str, Any]], file: Path) -> None:
    figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for i, row in enumerate(rows):
        families = [v for v in row.values() if isinstance(v, dict)]
        errors = [v["error"] for v in families]
        colour = "C3" if row["model"].startswith("surface") else "0.35"
        ax.plot(errors, [100 * row["clean"]] * len(errors), color=colour, marker="o", ms=4, lw=1)
        ax.annotate(row["model"], (max(errors), 100 * row["clean"]), fontsize="x-small", xytext=(5, -2 + 3 * (i % 2)),
                    textcoords="offset points")  # fmt: skip
    ax.set(xlabel="E of the logits under warps of 2 pixels; a point for each family", ylabel="clean accuracy, %")
    ax.set_xlim(0, 1.25 * max(v["error"] for r in rows for v in r.values() if isinstance(v, dict)))
    ax.set_title("accuracy against invariance", loc="left")
    ax.grid(alpha=0.3)
    save_figure(figure, file)
    plt.close(figure)
