"""Pictures to look at: the paper's figures 1 and 3, from real computations."""

from __future__ import annotations

from torch import Tensor

from ..images import pixel_grid
from ..plots import plot_gallery
from ..warps import WARP_FAMILIES, resample, warp_images
from .networks import networks, seeded
from .result import Result

__all__ = ["representation", "warp_families"]

SIGMAS = (0.01, 0.05, 0.1, 0.5)
"""The paper's scales."""


def representation(photos: Tensor) -> Result:
    """The paper's figure 1: an image, its warp, and what the networks make of both."""
    fine = pixel_grid(240, 240)[None]
    image = resample(photos[:1], fine, method="quintic", padding="border")  # smooth on the scale of a pixel
    warp = WARP_FAMILIES["smooth"](1, 0.25, generator=seeded())
    warped = warp_images(image, warp, method="quintic", padding="border")
    nets = {name: net for name, net in networks().items() if "stride 3" not in name}
    rows = [[image[0], warped[0], warped[0]]]
    for net in nets.values():
        plain, moved = (net(x).nan_to_num(0.0) for x in (image, warped))
        busiest = int(plain.var((0, 2, 3)).argmax())
        shown = (plain, moved, warp_images(plain, warp, method="bilinear"))
        rows.append([(output - plain.median())[0, busiest : busiest + 1] for output in shown])
    figure = plot_gallery(
        rows,
        row_labels=["image", *(name.replace(", ", ",\n") for name in nets)],
        column_labels=["I and F(I)", "I∘φ and F(I∘φ)", "I∘φ and F(I)∘φ"],
        size=1.5,
        shared="rows",
    )
    text = (
        "A row for each network: the channel that varies most, 0 where it is undefined. Were the network invariant, as "
        "the paper says, the second picture would be the first. It is the third where it is equivariant: K = 1."
    )
    return Result("representation", "An image, its warp, and the representation of both", text, figure, {})


def warp_families(photos: Tensor) -> Result:
    """The paper's figure 3: its three families at its four scales."""
    names = {"affine": "Affine Normal", "affine-shift": "Affine + Shift", "homography": "Homography"}
    warps = [[WARP_FAMILIES[name](1, sigma, generator=seeded()) for name in names] for sigma in SIGMAS]
    height, width = photos.shape[-2:]
    rows = [[photos[0], *(warp_images(photos[:1], warp)[0] for warp in row)] for row in warps]
    moved = {
        f"{name}, σ = {sigma}": float(warp.displacement(height, width).norm(dim=-1).mean())
        for sigma, row in zip(SIGMAS, warps, strict=True)
        for name, warp in zip(names, row, strict=True)
    }
    figure = plot_gallery(
        rows, row_labels=[f"σ = {sigma}" for sigma in SIGMAS], column_labels=["image", *names.values()], size=1.5
    )
    said = "; ".join(f"{name}: {pixels:.1f} px" for name, pixels in moved.items())
    text = f"Normalised coordinates, centred; draws that fold or reflect are redrawn. Mean displacement — {said}."
    return Result("warp_families", "The paper's three families of random warps", text, figure, moved)
