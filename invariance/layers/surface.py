r"""Integrals over the surface of an image in colour space: exactly invariant to diffeomorphisms in the continuum.

An image $I: [-1,1]^2 \to \mathbb{R}^c$ is a surface $x \mapsto I(x)$ with bivector
$n = \partial_x I \wedge \partial_y I$ (for three colours the normal $\partial_x I \times \partial_y I$) and area
element $|n|\,dx$. For every C¹ diffeomorphism φ of the square $n[I\circ\varphi] = \det(d\varphi)\, n\circ\varphi$, so
by the change of variables
$$V_f(I) = \int f\big(I(x), [n(x)]\big)\,|n(x)|\,dx$$
is the same for $I$ and $I\circ\varphi$, also where φ reverses orientation: $[n] = nn^\top/|n|^2$ has no sign. This is
the pairing of a test function with the varifold of the surface (Charon & Trouvé, arXiv 1304.6108; learnt test
functions: Hartman & Charon, arXiv 2506.01189). With a window w in the integral, whatever dφ is,
$$|V_{f,w}(I\circ\varphi) - V_{f,w}(I)| \le \mathrm{Lip}(w) \sup|\varphi - \mathrm{id}| \int |f|\,|n|\,dx.$$
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from ..errors import ArgumentError, ArgumentTypeError, one_of
from ..images import pixel_grid
from ..jacobians import gradient
from .normal import is_rounding

__all__ = [
    "Discretisation",
    "Surface",
    "SurfacePool2d",
    "Windows",
    "mesh_surface",
    "pixel_mesh",
    "pixel_surface",
    "quad_surface",
    "surface_of",
    "triangle_surface",
]

Discretisation = Literal["pixels", "quads", "triangles"]


@dataclass(frozen=True, eq=False)
class Surface:
    """Pieces of the surface of each image.

    Attributes:
        colour: I at the piece.
        direction: the entries i ≤ j of [n], those off the diagonal times √2; 0 where the piece has no area.
        area: of the piece in colour space, |n| dx.
        position: (x, y) of the piece in the square [−1, 1]².
    """

    colour: Float[Tensor, "b c m"]
    direction: Float[Tensor, "b d m"]
    area: Float[Tensor, "b m"]
    position: Float[Tensor, "#b 2 m"]

    @property
    def features(self) -> Float[Tensor, "b f m"]:
        """What an integrand is shown: colour and direction."""
        return torch.cat((self.colour, self.direction), 1)


def pixel_surface(images: Float[Tensor, "b c h w"]) -> Surface:
    """A piece for each pixel, n by central differences: order 2 in the size of a pixel.

    Raises:
        ArgumentError: fewer than two channels, which span no surface, or fewer than 2×2 pixels.
    """
    _check(images)
    height, width = images.shape[-2:]
    dx, dy = gradient(images).flatten(3).unbind(2)
    grid = pixel_grid(height, width, dtype=images.dtype, device=images.device)
    return _surface(images.flatten(2), dx, dy, 4 / (height * width), grid.flatten(0, 1).mT[None])


def quad_surface(images: Float[Tensor, "b c h w"]) -> Surface:
    """A piece for each square of four neighbouring pixel centres, by their colours alone: order 2, and the same on a
    mesh that is moved (`mesh_surface`). What lies outside the outermost pixel centres is left out.

    n dx is half the product of the diagonals, the mean of n over the bilinear patch; quarter turns and flips permute
    the squares.

    Raises:
        ArgumentError: as `pixel_surface`.
    """
    _check(images)
    grid = pixel_grid(*images.shape[-2:], dtype=images.dtype, device=images.device).movedim(-1, 0)[None]
    (a, b, c, d), (p, q, r, s) = _squares(images), _squares(grid)
    return _surface((a + b + c + d) / 4, d - a, c - b, 0.5, (p + q + r + s) / 4)


def triangle_surface(images: Float[Tensor, "b c h w"]) -> Surface:
    """The image linear on triangles with pixel centres as vertices, each square cut by both diagonals at half weight,
    so that quarter turns and flips permute the triangles. What lies outside the outermost pixel centres is left out.

    Raises:
        ArgumentError: as `pixel_surface`.
    """
    _check(images)
    grid = pixel_grid(*images.shape[-2:], dtype=images.dtype, device=images.device).movedim(-1, 0)[None]
    a, b, c = _triangles(images)
    position = torch.stack(_triangles(grid)).mean(0)
    return _surface((a + b + c) / 3, b - a, c - a, 0.25, position)


_SURFACES: dict[Discretisation, Callable[[Tensor], Surface]] = {
    "pixels": pixel_surface,
    "quads": quad_surface,
    "triangles": triangle_surface,
}


def surface_of(images: Float[Tensor, "b c h w"], discretisation: Discretisation = "quads") -> Surface:
    """The pieces of the surface of each image.

    Raises:
        ArgumentError: an unknown discretisation; images as in `pixel_surface`.
    """
    if discretisation not in _SURFACES:
        raise ArgumentError("discretisation", discretisation, one_of(discretisation, _SURFACES))
    return _SURFACES[discretisation](images)


def _squares(field: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The values at the top left, top right, bottom left and bottom right corner of all squares, "b c m"."""
    rows = field[..., :-1, :], field[..., 1:, :]
    a, b, c, d = (part.flatten(2) for row in rows for part in (row[..., :-1], row[..., 1:]))
    return a, b, c, d


def _triangles(field: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The values at the first, second and third corner of all triangles, "b c m"."""
    a, b, c, d = _squares(field)
    first, second, third = zip((a, b, d), (a, d, c), (a, b, c), (b, d, c), strict=True)
    return torch.cat(first, -1), torch.cat(second, -1), torch.cat(third, -1)


def pixel_mesh(
    height: int, width: int, discretisation: Discretisation = "quads", *, dtype: torch.dtype = torch.float64
) -> tuple[Float[Tensor, "1 2 v"], Int64[Tensor, "m k"]]:
    """Vertices (x, y), the pixel centres, and faces of the mesh that `quad_surface` or `triangle_surface` is made of.

    Raises:
        ArgumentError: "pixels", which are no mesh: their differences reach over their neighbours.
    """
    if discretisation not in ("quads", "triangles"):
        raise ArgumentError("discretisation", discretisation, "quads or triangles, which are a mesh")
    vertices = pixel_grid(height, width, dtype=dtype).flatten(0, 1).mT[None]
    number = torch.arange(height * width).view(1, 1, height, width)
    if discretisation == "triangles":
        return vertices, torch.stack(_triangles(number), -1)[0, 0]
    a, b, c, d = _squares(number)
    return vertices, torch.stack((a, b, d, c), -1)[0, 0]


def mesh_surface(
    colours: Float[Tensor, "b c v"],
    vertices: Float[Tensor, "#b 2 v"],
    faces: Int64[Tensor, "m k"],
    *,
    covers: int = 1,
) -> Surface:
    """A piece for each triangle (k = 3) or quadrilateral (k = 4, its corners in order), by the colours of its vertices:
    where vertices move, only positions change.

    Colour and position are the means over the corners, exact for integrands that are linear on a triangle: order 2
    else. `covers` is how often the faces cover the square: 2 for both diagonals of `pixel_mesh`.

    Raises:
        ArgumentError: faces of other than three or four corners.
    """
    if faces.shape[1] not in (3, 4):
        raise ArgumentError("faces.shape", tuple(faces.shape), "(faces, 3) or (faces, 4): triangles or quadrilaterals")
    corners = [colours[:, :, corner] for corner in faces.unbind(1)]
    along = corners[2] - corners[0]
    across = corners[-1] - corners[1] if len(corners) == 4 else corners[1] - corners[0]
    position = vertices[:, :, faces].mean(-1)
    return _surface(sum(corners[1:], corners[0]) / len(corners), along, across, 0.5 / covers, position)


def _surface(colour: Tensor, along: Tensor, across: Tensor, measure: float, position: Tensor) -> Surface:
    if colour.dtype.itemsize == 2:  # a product of two differences leaves nothing of half a precision
        wide = _surface(colour.float(), along.float(), across.float(), measure, position.float())
        return Surface(*(part.to(colour.dtype) for part in (wide.colour, wide.direction, wide.area, wide.position)))
    pairs = list(combinations(range(colour.shape[1]), 2))
    normal = torch.stack([along[:, i] * across[:, j] - along[:, j] * across[:, i] for i, j in pairs], 1)
    square = normal.square().sum(1)
    sizes = torch.stack((along.square().sum(1), across.square().sum(1)), 1)
    flat = is_rounding(square[:, None], sizes[:, None], sizes[:, None], colour.dtype)[:, 0]
    square = square.masked_fill(flat, 1)  # no root, no quotient and no gradient of 0
    unit = (normal * square.rsqrt()[:, None]).masked_fill(flat[:, None], 0)
    entries = [(i, j) for i in range(len(pairs)) for j in range(i, len(pairs))]
    direction = torch.stack([unit[:, i] * unit[:, j] * (1 if i == j else math.sqrt(2)) for i, j in entries], 1)
    return Surface(colour, direction, square.sqrt().masked_fill(flat, 0) * measure, position)


@dataclass(frozen=True)
class Windows:
    r"""A partition of unity on [−1, 1]²: g×g products of hat functions that are linear between g equidistant centres.

    One window is 1 everywhere. The map W from a point to its g² values has, in Euclidean norms,
    $\mathrm{Lip}(W) = \sqrt{3}\,s$ with $s = (g-1)/2$ the slope of a hat: in a cell with local coordinates $u, v$ its
    squared derivative has the largest eigenvalue $2s^2 \cdot 1 + s^2$, at the corners.

    Raises:
        ArgumentError: no window.
        ArgumentTypeError: two numbers, or a fraction.
    """

    count: int

    def __post_init__(self) -> None:
        if not isinstance(self.count, int) or isinstance(self.count, bool):
            raise ArgumentTypeError("windows", repr(self.count), "one whole number: as many along both sides")
        if self.count < 1:
            raise ArgumentError("windows", self.count, "at least 1 along a side")

    @property
    def lipschitz(self) -> float:
        """Lip(W) per unit of the domain [−1, 1]²."""
        return math.sqrt(3) * self.slope

    @property
    def slope(self) -> float:
        """s, of one hat, per unit of the domain."""
        return (self.count - 1) / 2

    def __call__(self, position: Float[Tensor, "#b 2 m"]) -> Float[Tensor, "#b windows m"]:
        """w at each position; windows by rows, then columns."""
        if self.count == 1:
            return torch.ones_like(position[:, :1])
        centres = torch.linspace(-1, 1, self.count, dtype=position.dtype, device=position.device)
        x, y = (
            (1 - self.slope * (p.clamp(-1, 1)[:, None] - centres[:, None]).abs()).clamp_min(0)
            for p in position.unbind(1)
        )
        return (y[:, :, None] * x[:, None]).flatten(1, 2)


class SurfacePool2d(nn.Module):
    r"""$V_{f,w}(I) = \int f(I, [n])\, w\, |n|\,dx$ for g×g windows w, divided by the area $\int |n|\,dx$ on request.

    "b c h w" to "b out·g²", windows last. With one window the value is invariant to diffeomorphisms of the square; with
    g×g it moves by at most `windows.lipschitz` · sup|φ − id| · ∫|f||n|dx, Euclidean over the windows of an output. The
    area is invariant itself, so a mean over the surface keeps all of this. On pixels both hold up to the quadrature, of
    order 2; on a mesh whose vertices move (`mesh_surface`) to rounding.

    Args:
        integrand: f, a module from "b c+d m", `Surface.features`, to "b out m" that treats the m pieces alike, such as
            1×1 convolutions.
        windows: g, along a side.
        discretisation: "pixels", "quads" or "triangles".
        mean: divide by the area.

    Raises:
        ArgumentError: an unknown discretisation, no window; images with one channel, which span no surface, or with
            fewer pixels than windows along a side.
        ArgumentTypeError: images of whole numbers.
    """

    def __init__(
        self, integrand: nn.Module, *, windows: int = 1, discretisation: Discretisation = "pixels", mean: bool = True
    ) -> None:
        super().__init__()
        if discretisation not in _SURFACES:
            raise ArgumentError("discretisation", discretisation, one_of(discretisation, _SURFACES))
        self.integrand, self.windows = integrand, Windows(windows)
        self.discretisation: Discretisation = discretisation
        self.mean = mean

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b out"]:
        return self.pool(self.surface(images))

    def surface(self, images: Float[Tensor, "b c h w"]) -> Surface:
        """The pieces that are integrated over."""
        if not images.is_floating_point():
            raise ArgumentTypeError(
                "images.dtype", images.dtype, "floating-point numbers, such as images.float() / 255"
            )
        if min(images.shape[-2:]) < self.windows.count:
            wanted = f"at least {self.windows.count} pixels along a side, one for each window"
            raise ArgumentError("images.shape", tuple(images.shape), wanted)
        return surface_of(images, self.discretisation)

    def pool(self, surface: Surface, values: Float[Tensor, "b f m"] | None = None) -> Float[Tensor, "b out"]:
        """The integrals over a surface, of the integrand or of given values."""
        shown: Tensor = self.integrand(surface.features) if values is None else values
        # Areas of images from 0 to 255 add up to more than float16 holds.
        weight = surface.area.to(torch.promote_types(surface.area.dtype, torch.float32))
        if self.mean:
            area = weight.sum(-1, keepdim=True)
            weight = weight / area.masked_fill(area == 0, 1)
        windows = self.windows(surface.position) * weight[:, None]
        return (windows.to(shown.dtype) @ shown.mT).mT.flatten(1)

    def extra_repr(self) -> str:
        return f"windows={self.windows.count}, discretisation={self.discretisation}, mean={self.mean}"


def _check(images: Tensor) -> None:
    if images.ndim != 4 or images.shape[1] < 2 or min(images.shape[-2:]) < 2:
        wanted = "(batch, channels, height, width) of at least 2 channels, which span a surface, and 2×2 pixels"
        raise ArgumentError("images.shape", tuple(images.shape), wanted)
