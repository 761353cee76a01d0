"""What a filter sees of an object at several scales, and the range of its responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ArgumentError
from ..measure.field_of_view import FieldOfView
from .style import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_field_of_view"]


def plot_field_of_view(view: FieldOfView, *, shown: tuple[float, ...], title: str | None = None) -> Figure:
    """Above, the object at the scales `shown`, with a box around what the filter sees where it responds most; below,
    least and largest response against the scale, with those at scale 1.

    Raises:
        ArgumentError: `shown` has scales, or the view lacks scale 1, that were not measured.
    """
    if not shown or not {1.0, *shown} <= set(view.scales):
        raise ArgumentError("shown", shown, f"some of the scales {view.scales}, which must have 1 among them")
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    figure = Figure(figsize=(2.2 * len(shown) + 1, 5.6), layout="constrained")
    top, bottom = (figure.add_subfigure(part) for part in figure.add_gridspec(2, 1, height_ratios=(1, 1.1)))
    e = view.extent
    bright = float(view.images.abs().max())
    for ax, scale in zip(top.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        i = view.scales.index(scale)
        picture = view.images[i].cpu().numpy()
        ax.imshow(picture, cmap="gray", vmin=-bright, vmax=bright, extent=(-e, e, e, -e))
        left, upper, right, lower = view.boxes[i].tolist()
        ax.add_patch(Rectangle((left, upper), right - left, lower - upper, fill=False, edgecolor=COLOURS[4], lw=2))
        ax.set(xticks=[], yticks=[], title=f"scale {scale:g}")
    ax = bottom.subplots()
    for values, name, colour in ((view.high, "largest response", 0), (view.low, "least response", 1)):
        ax.plot(view.scales, values.cpu().numpy(), color=COLOURS[colour], label=name)
        at_one = float(values[view.scales.index(1.0)])
        ax.axhline(at_one, color=COLOURS[colour], linestyle=":", linewidth=1, label=f"{name} at scale 1")
    ax.set(xlabel="scale of the object", ylabel="response", xscale="log")
    ax.set_xticks(shown, [f"{scale:g}" for scale in shown])
    ax.minorticks_off()
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    if title:
        figure.suptitle(title)
    return figure
