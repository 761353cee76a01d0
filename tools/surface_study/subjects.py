"""Images, warps and networks that are measured."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from invariance.images import AnalyticImage
from invariance.layers import SurfacePool2d, pixel_surface
from invariance.models import STCNN, build_spec
from invariance.warps import Warp, random_affine_disc, random_piecewise_linear, random_smooth

Model = Callable[[Tensor], Tensor]

CUTOFFS = (3, 6, 10)
"""Cycles a side."""

IMAGES = 8

WARPS: dict[str, Callable[..., Warp]] = {
    "smooth": random_smooth,
    "affine on a disc": partial(random_affine_disc, radius=0.5),
    "piecewise linear": random_piecewise_linear,
}
"""Of the square onto itself."""

SCALES = {"smooth": 0.3, "affine on a disc": 0.1, "piecewise linear": 0.3}
"""At which a point is moved by up to 0.2 to 0.35 of half the side, about the most at which few draws fold."""


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(cutoff: float, count: int = IMAGES) -> AnalyticImage:
    """Waves of up to so many cycles a side under a Gaussian of 0.3: colour at the border is below 1 % of the peak."""
    return AnalyticImage.random(count, generator=seeded(int(cutoff)), cutoff=cutoff, window=0.3)


def integrand(out: int = 8) -> nn.Module:
    """A random perceptron on colour and direction, in float64."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(1)
        layers = nn.Sequential(nn.Conv1d(9, 32, 1), nn.Tanh(), nn.Conv1d(32, out, 1))
    return layers.double().requires_grad_(False)


class _Cosines(nn.Module):
    """cos(w·x + b)."""

    def __init__(self, slopes: Tensor, phases: Tensor) -> None:
        super().__init__()
        self.slopes, self.phases = slopes, phases

    def forward(self, pieces: Tensor) -> Tensor:
        return (self.slopes @ pieces + self.phases).cos()


def fourier_features(out: int = 8) -> nn.Module:
    """Random Fourier features of colour and direction (Rahimi & Recht, 2007): rougher than `integrand`, as sensitive
    to the grid as a trained f may be."""
    slopes = torch.randn(out, 9, generator=seeded(1), dtype=torch.float64)
    return _Cosines(slopes, 2 * torch.pi * torch.rand(out, 1, generator=seeded(2), dtype=torch.float64))


def pools() -> dict[str, Model]:
    """One random f, integrated in three ways, and averaged over pixels: the control."""
    f = integrand()
    kinds = {k: SurfacePool2d(f, discretisation=k) for k in ("pixels", "quads", "triangles")}

    def mean(x: Tensor) -> Tensor:
        return f(pixel_surface(x).features).mean(-1)

    return {**kinds, "mean over pixels": mean}


NETWORKS = (
    "surface",
    "surface-2",
    "surface-4",
    "surface-8",
    "surface+cnn",
    "diffcnn-weighted",
    "diffcnn-cnn:kernel_size=1,width=8",
    "diffcnn-cnn:width=8",
    "cnn:width=8",
    "rotdcf-cnn:width=8",
    "st-cnn:width=8,size=64",
)


def untrained(spec: str, examples: Tensor) -> Model:
    """A network with random weights, the statistics of its batch norms from `examples`.

    A spatial transformer starts as the identity; here the last layer that says the transform is drawn, too.
    """
    net = build_spec(spec, generator=seeded()).to(examples.dtype)
    if isinstance(net, STCNN):
        last = [module for module in net.transformer.modules() if isinstance(module, nn.Linear)][-1]
        last.weight.data = 0.3 * torch.randn(last.weight.shape, generator=seeded()) / last.in_features**0.5
    for module in net.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = 1.0
    with torch.no_grad():
        net(examples)
    return net.eval().requires_grad_(False)
