r"""Functions of the continuous image: symmetric in the limit of fine grids, judged by a refinement ladder.

Derivatives are central differences in units of the domain, integrals are means: both of second order in the grid.
"""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor

from invariance import DiffCNN

from ..subject import Model, Subject, symmetric

LADDER: dict[str, Any] = {"sizes": (32, 40, 48, 64, 96), "images": 6}


def derivative(x: Tensor, axis: int) -> Tensor:
    return (x.roll(-1, axis) - x.roll(1, axis)) * x.shape[axis] / 4


def gradient(x: Tensor) -> Tensor:
    """|∇I|² + a little, so that its root is smooth."""
    return derivative(x, -1).square() + derivative(x, -2).square() + 1e-2


def hessian(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    dx, dy = derivative(x, -1), derivative(x, -2)
    return derivative(dx, -1), derivative(dx, -2), derivative(dy, -2)


def laplacian(x: Tensor) -> Tensor:
    xx, _, yy = hessian(x)
    return xx + yy


def curvature(x: Tensor) -> Tensor:
    xx, xy, yy = hessian(x)
    return xx * yy - xy.square()


def frobenius(x: Tensor) -> Tensor:
    xx, xy, yy = hessian(x)
    return (xx.square() + 2 * xy.square() + yy.square() + 1).sqrt()


def blurred(x: Tensor, width: float = 0.1) -> Tensor:
    """A Gaussian of standard deviation `width` half-sides, by its transfer function."""
    fy, fx = (torch.fft.fftfreq(n, d=2 / n, dtype=x.dtype, device=x.device) for n in x.shape[-2:])
    transfer = (-2 * (torch.pi * width) ** 2 * (fy[:, None].square() + fx.square())).exp()
    return torch.fft.ifft2(torch.fft.fft2(x) * transfer).real


def mean_of(f: Model) -> Model:
    return lambda x: f(x).mean((-2, -1))


def asked(model: Model, group: str, claim: str, channels: int = 1) -> Subject:
    return Subject(model, {"input_shape": (channels, 32, 32), "group": group, "claim": claim, **LADDER})


FIELDS: dict[str, Model] = {
    "gradient": lambda x: gradient(x).sqrt(),
    "laplacian": laplacian,
    "curvature": curvature,
    "frobenius": frobenius,
    "structure": lambda x: blurred(gradient(x)),
    "band": lambda x: (blurred(x, 0.05) - blurred(x, 0.15)).tanh(),
}


@symmetric
def rotation_equivariant_fields(draw: random.Random) -> Subject:
    return asked(FIELDS[draw.choice(list(FIELDS))], "rotation", "equivariant")


@symmetric
def rotation_invariant_integrals(draw: random.Random) -> Subject:
    return asked(mean_of(FIELDS[draw.choice(["gradient", "frobenius", "band"])]), "rotation", "invariant")


@symmetric
def areas_under_shear(draw: random.Random) -> Subject:
    """A shear keeps areas, so the histogram of an image."""
    level = draw.uniform(0.2, 2)
    return asked(lambda x: torch.cat([(level * x).square(), (level * x).cos()], 1).mean((-2, -1)), "shear", "invariant")


@symmetric
def conformal_energy(draw: random.Random) -> Subject:
    """∫|∇I|² over a plane does not know its scale."""
    power = draw.choice([1, 2])
    return asked(mean_of(lambda x: gradient(x**power) - 1e-2), "scale", "invariant")


@symmetric
def ratios_of_integrals(draw: random.Random) -> Subject:
    """The determinant of the Jacobian matrix cancels."""
    power = draw.choice([3, 4])
    return asked(
        lambda x: (x.abs() ** power).mean((-2, -1)) / x.square().mean((-2, -1)),
        draw.choice(["affine", "scale", "shear"]),
        "invariant",
    )


@symmetric
def functions_of_single_pixels(draw: random.Random) -> Subject:
    group = draw.choice(["rotation", "smooth", "affine", "homography", "scale", "shear"])
    return asked(draw.choice([torch.tanh, torch.cos, lambda x: x.square()]), group, "equivariant")


@symmetric
def diffcnn_with_one_tap(draw: random.Random) -> Subject:
    net = DiffCNN(4, 1, eps=1e-2)
    return asked(net, draw.choice(["rotation", "shear"]), "equivariant", channels=3)
