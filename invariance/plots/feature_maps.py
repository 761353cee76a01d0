"""An image and its feature maps before a transformation, after it, and after it is undone on the maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import ArgumentError
from ..measure.feature_maps import FeatureMaps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_feature_maps"]


def plot_feature_maps(
    maps: FeatureMaps, *, channels: Sequence[str], transformation: str = "T_h", title: str | None = None
) -> Figure:
    r"""Rows $f$, $T_h f$, and both transformed back; columns the image and the feature channels, on one scale.

    Raises:
        ArgumentError: not one name for each channel, or an image of more than one channel.
    """
    if len(channels) != maps.features.shape[1] or maps.images.shape[1] != 1:
        shapes = tuple(maps.features.shape), tuple(maps.images.shape)
        raise ArgumentError("channels", (tuple(channels), *shapes), "a name for each channel, of an image with one")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2 * len(channels) + 3.6, 6.4), layout="constrained")
    grid = figure.subplots(3, len(channels) + 1)
    e = maps.extent
    least = float(maps.features.min())
    reach, bright = float(maps.features.abs().max()), float(maps.images.abs().max())
    colours = {"cmap": "Purples", "vmin": 0} if least >= 0 else {"cmap": "PuOr", "vmin": -reach}
    rows = ("original", f"transformed\n({transformation})", "transformed\nback")
    for i, row in enumerate(rows):
        box = (-e, e, e, -e)
        grid[i, 0].imshow(maps.images[i, 0].cpu().numpy(), cmap="gray", vmin=-bright, vmax=bright, extent=box)
        grid[i, 0].set_ylabel(row, rotation=0, ha="right", va="center")
        for ax, field in zip(grid[i, 1:], maps.features[i], strict=True):
            ax.imshow(field.cpu().numpy(), vmax=reach, extent=box, **colours)
    for ax in grid.flat:
        ax.set_xticks([])
        ax.set_yticks([])
    for ax, name in zip(grid[0], ("image", *(f"channel {name}" for name in channels)), strict=True):
        ax.set_title(name, fontsize="medium")
    figure.colorbar(grid[0, -1].images[0], ax=grid[:, -1], label="response", shrink=0.6)
    if title:
        figure.suptitle(title)
    return figure
