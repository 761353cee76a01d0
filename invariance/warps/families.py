r"""Random families of warps by name, and the three of Kan et al. (section 3).

Every family is `family(batch, scale, *, generator, …)`. The paper's matrices are the identity plus independent normal
noise of standard deviation σ = `scale`. It shows them transposed, which changes nothing in their distribution, and does
not say in which coordinates they act; that is an option here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypedDict, Unpack, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError, one_of
from .affine_disc import random_affine_disc
from .base import Warp
from .cpab import random_cpab
from .piecewise_linear import random_piecewise_linear
from .projective import Projective
from .sampling import Folding, draw_warps
from .separable import random_separable
from .smooth import random_smooth

__all__ = ["WARP_FAMILIES", "Coordinates", "Origin", "random_affine", "random_affine_shift", "random_homography"]

Coordinates = Literal["normalized", "pixel"]
Origin = Literal["centre", "corner"]


class _Options(TypedDict, total=False):
    coordinates: Coordinates
    origin: Origin
    size: tuple[int, int] | None
    folding: Folding
    dtype: torch.dtype
    device: torch.device | str | None


def random_affine(batch: int, scale: float, *, generator: torch.Generator, **options: Unpack[_Options]) -> Projective:
    """ "Affine Normal": noise on the four entries of the linear part. Options as in `random_homography`."""
    return _random_matrices(batch, scale, [[1, 1, 0], [1, 1, 0], [0, 0, 0]], generator, **options)


def random_affine_shift(
    batch: int, scale: float, *, generator: torch.Generator, **options: Unpack[_Options]
) -> Projective:
    """ "Affine + Shift": noise on the shift too. Options as in `random_homography`."""
    return _random_matrices(batch, scale, [[1, 1, 1], [1, 1, 1], [0, 0, 0]], generator, **options)


def random_homography(
    batch: int, scale: float, *, generator: torch.Generator, **options: Unpack[_Options]
) -> Projective:
    """ "Homography": noise on every entry but the last.

    Args:
        coordinates: the matrix acts on "normalized" coordinates (default) or on "pixel" ones.
        origin: "centre" of the image (default) or its top left "corner". Normalised coordinates are [−1, 1]² from
            the centre and [0, 1]² from the corner; pixel coordinates run over [0, width]×[0, height] from the corner,
            so that pixel centres are at ½, 1½, ….
        size: (height, width) of the images, needed for pixel coordinates and for them only.
        folding, dtype, device: as in `draw_warps`.

    Raises:
        ArgumentError: an unknown option, a size that is missing or superfluous; see `draw_warps` for the rest.
    """
    return _random_matrices(batch, scale, [[1, 1, 1], [1, 1, 1], [1, 1, 0]], generator, **options)


def _random_matrices(
    batch: int,
    scale: float,
    mask: list[list[int]],
    generator: torch.Generator,
    coordinates: Coordinates = "normalized",
    origin: Origin = "centre",
    size: tuple[int, int] | None = None,
    folding: Folding = "redraw",
    dtype: torch.dtype = torch.float64,
    device: torch.device | str | None = None,
) -> Projective:
    frame = _frame(coordinates, origin, size)
    back, noisy = torch.linalg.inv(frame), torch.tensor(mask, dtype=torch.float64)

    def build(noise: Float[Tensor, "b 3 3"]) -> Projective:
        # C⁻¹(1 + N)C = 1 + C⁻¹NC, written so that no noise gives the identity exactly.
        return Projective(torch.eye(3, dtype=torch.float64) + back @ (noisy * noise) @ frame)

    return draw_warps(build, (3, 3), batch, scale, generator=generator, folding=folding, dtype=dtype, device=device)


def _frame(coordinates: Coordinates, origin: Origin, size: tuple[int, int] | None) -> Float[Tensor, "3 3"]:
    """The change C from the domain [−1, 1]² to the coordinates in which a family is drawn."""
    if coordinates not in get_args(Coordinates):
        raise ArgumentError("coordinates", coordinates, one_of(coordinates, get_args(Coordinates)))
    if origin not in get_args(Origin):
        raise ArgumentError("origin", origin, one_of(origin, get_args(Origin)))
    if (size is None) == (coordinates == "pixel"):
        raise ArgumentError("size", size, "(height, width) for pixel coordinates, None for normalised ones")
    if size is not None and min(size) < 1:
        raise ArgumentError("size", size, "at least one pixel each way")
    height, width = size or ((2, 2) if origin == "centre" else (1, 1))
    shift = (width / 2, height / 2) if origin == "corner" else (0, 0)
    return torch.tensor([[width / 2, 0, shift[0]], [0, height / 2, shift[1]], [0, 0, 1]], dtype=torch.float64)


WARP_FAMILIES: dict[str, Callable[..., Warp]] = {
    "affine": random_affine,
    "affine-disc": random_affine_disc,
    "affine-shift": random_affine_shift,
    "cpab": random_cpab,
    "homography": random_homography,
    "piecewise-linear": random_piecewise_linear,
    "separable": random_separable,
    "smooth": random_smooth,
}
"""Families by name; each is `family(batch, scale, *, generator, …)` and gives the identity at scale 0."""
