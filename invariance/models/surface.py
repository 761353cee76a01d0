"""Classifiers on integrals over the image's surface in colour space: invariant to diffeomorphisms but for windows."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import ArgumentError, one_of
from ..layers import SurfacePool2d
from ..layers.surface import Discretisation, Surface
from .checks import check_dropout, check_whole
from .diffcnn import DiffCNN
from .lipschitz_head import LipschitzHead
from .seeding import initialised_by

__all__ = ["DiffCNNWeighted", "SurfaceCNN", "SurfaceClassifier"]

Head = Literal["free", "lipschitz"]

_EMPTY = 1e-4
"""Of the area of a window, in which the root of nothing has no derivative; the median window of CIFAR-10 has 0.25."""

_POLE = 8
"""Roundings of a sum of six products, below which a determinant is none: U is 0 there, as in `LogDetInvariant`."""


class Pointwise(nn.Module):
    """A perceptron with ReLUs on every piece alike, "b f m" to "b out m", out ≥ 0."""

    def __init__(self, *widths: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, pieces: Float[Tensor, "b f m"]) -> Float[Tensor, "b out m"]:
        return self.layers(pieces.mT.contiguous()).mT  # one product of matrices for all images


class SurfaceClassifier(nn.Module):
    r"""Means over the surface of learnt functions of colour and direction, in g×g windows; a perceptron on them.

    "b 3 h w" to "b classes". Without windows (g = 1) the logits are invariant to every C¹ diffeomorphism of the square,
    up to the quadrature (`SurfacePool2d`); with windows they move by no more than the distance that points move,
    times a constant. The area of the surface, invariant too, is one more input of the perceptron.

    >>> [sum(p.numel() for p in SurfaceClassifier(windows=g, hidden=h).parameters()) for g, h in ((1, 704), (4, 311))]
    [579242, 585350]

    Args:
        windows: g.
        width: 3·width functions are integrated, each a perceptron with 2·width hidden units.
        hidden: units of both hidden layers of the head.
        head: "free", or "lipschitz", of which `certify` knows how far a logit can move (`LipschitzHead`).
        sharpness: of the Lipschitz head.
        dropout: of the inputs of the free head.
        discretisation: "quads" and "triangles" move with a mesh to rounding, "pixels" do not.
        generator: source of all initial parameters.

    Raises:
        ArgumentError: an option out of range, images not in three colours or with fewer pixels than windows.
    """

    def __init__(
        self,
        *,
        windows: int = 1,
        width: int = 32,
        hidden: int = 256,
        in_channels: int = 3,
        classes: int = 10,
        head: Head = "free",
        sharpness: float = 64.0,
        dropout: float = 0.0,
        discretisation: Discretisation = "quads",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _check_colours(in_channels)
        check_whole(windows=windows, width=width, hidden=hidden, classes=classes)
        check_dropout(dropout)
        if head not in get_args(Head):
            raise ArgumentError("head", head, one_of(head, get_args(Head)))
        functions = 3 * width
        with initialised_by(generator):
            integrand = Pointwise(9, 2 * width, functions)
            self.pool = SurfacePool2d(integrand, windows=windows, discretisation=discretisation)
            self.head: FreeHead | LipschitzHead
            if head == "lipschitz":
                self.head = LipschitzHead(functions, self.pool.windows, hidden, classes, sharpness=sharpness)
            else:
                self.head = FreeHead(functions * windows**2 + 1, hidden, classes, dropout)

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b classes"]:
        return self.of_surface(self.pool.surface(_in_colour(images)))

    def of_surface(self, surface: Surface) -> Float[Tensor, "b classes"]:
        """The logits of a surface, such as one whose mesh was moved."""
        return self.head(self.pool.pool(surface), log_area(surface))


class FreeHead(nn.Module):
    """A perceptron on integrals and the logarithm of the area."""

    def __init__(self, inputs: int, hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm1d(inputs, affine=False),
            nn.Dropout(dropout),
            nn.Linear(inputs, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, classes),
        )

    def forward(self, integrals: Float[Tensor, "b i"], log_area: Float[Tensor, "b 1"]) -> Float[Tensor, "b classes"]:
        return self.layers(torch.cat((integrals, log_area.to(integrals.dtype)), 1))


class SurfaceCNN(nn.Module):
    """The roots of the integrals in 8×8 windows as an image, and a small planar network on it.

    "b 3 h w" to "b classes". A window's Lipschitz constant grows with g, and the planar network's comes on top: the
    price of seeing where things are. Areas of windows span orders of magnitude, their roots half as many, as for Fisher
    vectors (Perronnin et al., ECCV 2010). The last layers know where in the image they are: a maximum over all places,
    as `RegularCNN` takes it, learns more slowly here.

    >>> sum(p.numel() for p in SurfaceCNN().parameters())
    594954

    Raises:
        ArgumentError: as `SurfaceClassifier`.
    """

    def __init__(
        self,
        *,
        windows: int = 8,
        width: int = 32,
        in_channels: int = 3,
        classes: int = 10,
        discretisation: Discretisation = "quads",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _check_colours(in_channels)
        check_whole(width=width, classes=classes)
        check_whole(2, windows=windows)
        functions = 2 * width
        with initialised_by(generator):
            integrand = Pointwise(9, 3 * width // 2, functions)
            self.pool = SurfacePool2d(integrand, windows=windows, discretisation=discretisation, mean=False)
            self.features = nn.Sequential(
                nn.Unflatten(1, (functions, windows, windows)),
                nn.BatchNorm2d(functions),
                *_convolution(functions, 4 * width),
                nn.MaxPool2d(2),
                *_convolution(4 * width, 6 * width),
                nn.Flatten(),
            )
            self.head = nn.Sequential(
                nn.Linear(6 * width * (windows // 2) ** 2, 3 * width),
                nn.BatchNorm1d(3 * width, affine=False),
                nn.ReLU(),
                nn.Linear(3 * width, classes),
            )

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b classes"]:
        return self.of_surface(self.pool.surface(_in_colour(images)))

    def of_surface(self, surface: Surface) -> Float[Tensor, "b classes"]:
        """The logits of a surface, such as one whose mesh was moved."""
        return self.head(self.features((self.pool.pool(surface) + _EMPTY).sqrt()))


def _convolution(before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after, affine=False), nn.ReLU()]


class DiffCNNWeighted(nn.Module):
    r"""$\int f(U)\,|n|\,dx / \int |n|\,dx$ with U of one-tap DiffCNN and learnt f; a perceptron on it.

    "b 3 h w" to "b classes": the repair of DiffCNN by its pooling alone. U of one tap is a function of [n] (`fields`),
    so it sees no colour: less than `SurfaceClassifier` (R.fields).

    >>> sum(p.numel() for p in DiffCNNWeighted().parameters())
    579253

    Args:
        channels: of U, at least 3.
        width, hidden, dropout, discretisation: as in `SurfaceClassifier`.
        generator: source of all initial parameters.

    Raises:
        ArgumentError: an option out of range, images not in three colours.
    """

    def __init__(
        self,
        *,
        channels: int = 8,
        width: int = 32,
        hidden: int = 704,
        in_channels: int = 3,
        classes: int = 10,
        dropout: float = 0.0,
        discretisation: Discretisation = "quads",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _check_colours(in_channels)
        check_whole(width=width, hidden=hidden, classes=classes)
        check_dropout(dropout)
        if channels < 3:
            raise ArgumentError("channels", channels, "at least 3: with fewer U is 0 or undefined for every image")
        with initialised_by(generator):
            self.invariant = DiffCNN(channels, 1)
            self.pool = SurfacePool2d(Pointwise(channels, 2 * width, 3 * width), discretisation=discretisation)
            self.head = FreeHead(3 * width + 1, hidden, classes, dropout)

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b classes"]:
        return self.of_surface(self.pool.surface(_in_colour(images)))

    def of_surface(self, surface: Surface) -> Float[Tensor, "b classes"]:
        """The logits of a surface, such as one whose mesh was moved."""
        values = self.pool.integrand(self.fields(surface.direction))
        return self.head(self.pool.pool(surface, values), log_area(surface))

    def fields(self, direction: Float[Tensor, "b 6 m"]) -> Float[Tensor, "b c m"]:
        r"""U by [n] alone: with $D_c = w_c - \bar w$ of the taps, $\det V_c = |\mathrm{cof}(D_c)\,n|^2
        = |n|^2 \langle \mathrm{cof}(D_c)^\top\mathrm{cof}(D_c), [n] \rangle$, and |n|² cancels in $U_c$. 0 at poles."""
        with torch.autocast(direction.device.type, enabled=False):  # as in `DiffCNN`: a logarithm near its pole
            convolution: Any = self.invariant.head[0]
            taps = convolution.weight[:, 0, 0, 0]
            x, y, z = (taps - taps.mean(0)).unbind(-1)
            cofactor = torch.stack([torch.linalg.cross(*pair) for pair in ((x, y), (x, z), (y, z))], -1)
            rows, columns = torch.triu_indices(3, 3, device=taps.device)
            form = (cofactor.mT @ cofactor)[:, rows, columns]
            form = torch.where(rows == columns, form, math.sqrt(2) * form)
            squares = form.to(direction.dtype) @ direction
            pole = (squares <= _POLE * torch.finfo(direction.dtype).eps * form.amax(1)[:, None]).any(1, keepdim=True)
            logs = squares.masked_fill(pole, 1).log()
            return logs - logs.mean(1, keepdim=True)


def log_area(surface: Surface) -> Float[Tensor, "b 1"]:
    """log(1 + area): 0 for an image without a surface."""
    return surface.area.sum(-1, keepdim=True).log1p()


def _check_colours(colours: int) -> None:
    if colours != 3:
        wanted = (
            "3: a surface in colour space needs three; a grey image has no normal: surface-rotations takes grey images"
        )
        raise ArgumentError("in_channels", colours, wanted)


def _in_colour(images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    if images.ndim != 4 or images.shape[1] != 3:
        raise ArgumentError("images.shape", tuple(images.shape), "(batch, 3, height, width): images of three colours")
    return images
