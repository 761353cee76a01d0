"""Faults that a refinement ladder has to see: anisotropy that no grid mends."""

from __future__ import annotations

import torch
from torch import Tensor

from ..subject import Fault, Model, plant
from ..symmetric.continuous import blurred, derivative, gradient, hessian, laplacian, mean_of

STEPS = (32, 48, 64, 96, 128)


def fault(sound: Model, faulty: Model, group: str = "rotation", claim: str = "equivariant") -> Fault:
    return Fault(sound, faulty, {"input_shape": (1, 32, 32), "group": group, "claim": claim, "sizes": STEPS})


def length(anisotropy: float = 0.0) -> Model:
    def model(x: Tensor) -> Tensor:
        return (derivative(x, -1).square() + (1 + anisotropy) * derivative(x, -2).square() + 1e-2).sqrt()

    return model


def ramp(x: Tensor) -> Tensor:
    """The coordinate x at pixel centres."""
    n = x.shape[-1]
    return (2 * torch.arange(n, dtype=x.dtype) + 1) / n - 1


def stretched(x: Tensor) -> Tensor:
    """A Gaussian that is a fifth wider along x."""
    fy, fx = (torch.fft.fftfreq(n, d=2 / n, dtype=x.dtype) for n in x.shape[-2:])
    transfer = (-0.2 * (fy[:, None].square() + 1.44 * fx.square())).exp()
    return torch.fft.ifft2(torch.fft.fft2(x) * transfer).real


def window(x: Tensor) -> Tensor:
    """The mean over a square of a quarter of the image: its corners are further away than its sides."""
    y, x0 = (torch.fft.fftfreq(n, d=2 / n, dtype=x.dtype) for n in x.shape[-2:])
    transfer = torch.sinc(0.5 * y[:, None]) * torch.sinc(0.5 * x0)
    return torch.fft.ifft2(torch.fft.fft2(x) * transfer).real


ROTATIONS: dict[str, tuple[Model, Model]] = {
    "a gradient with 10 % anisotropy": (length(), length(0.1)),
    "a gradient with 30 % anisotropy": (length(), length(0.3)),
    "|∂x| + |∂y|": (length(), lambda x: 0.8 * (derivative(x, -1).abs() + derivative(x, -2).abs())),
    "max(|∂x|, |∂y|)": (length(), lambda x: torch.maximum(derivative(x, -1).abs(), derivative(x, -2).abs())),
    "a trace of ∂x": (length(), lambda x: length()(x) + 0.05 * derivative(x, -1)),
    "a Laplacian with weights": (laplacian, lambda x: hessian(x)[0] + 1.1 * hessian(x)[2]),
    "a second derivative alone": (laplacian, lambda x: laplacian(x) + 0.1 * hessian(x)[1]),
    "a Gaussian wider along x": (lambda x: blurred(x), stretched),
    "a square window": (lambda x: blurred(x, 0.08), window),
    "a ramp": (length(), lambda x: length()(x) * (1 + 0.1 * ramp(x))),
    "an offset of the output": (length(), lambda x: length()(x.roll(x.shape[-1] // 16, -1))),
}
for name, (sound, faulty) in ROTATIONS.items():
    plant(f"rotation: {name}", lambda sound=sound, faulty=faulty: fault(sound, faulty))

for name, (sound, faulty) in {
    "a gradient with 30 % anisotropy": (length(), length(0.3)),
    "|∂x| + |∂y|": (length(), lambda x: 0.8 * (derivative(x, -1).abs() + derivative(x, -2).abs())),
}.items():
    plant(
        f"rotation, pooled: {name}",
        lambda sound=sound, faulty=faulty: fault(mean_of(sound), mean_of(faulty), claim="invariant"),
    )

plant(
    "scaling: an integral that is not normalised",
    lambda: fault(
        lambda x: (x**4).mean((-2, -1)) / x.square().mean((-2, -1)),
        lambda x: (x**4).mean((-2, -1)),
        "scale",
        "invariant",
    ),
)
plant(
    "scaling: an energy of another order",
    lambda: fault(
        mean_of(lambda x: gradient(x) - 1e-2),
        mean_of(lambda x: (gradient(x) - 1e-2) ** 1.1),
        "scale",
        "invariant",
    ),
)
plant(
    "shear: an integral of the gradient",
    lambda: fault(mean_of(torch.square), mean_of(lambda x: x.square() + 0.01 * gradient(x)), "shear", "invariant"),
)
plant("smooth: a fixed blur", lambda: fault(torch.tanh, lambda x: blurred(x, 0.1).tanh(), "smooth"))
plant("affine: a ramp", lambda: fault(torch.tanh, lambda x: torch.tanh(x) * (1 + 0.1 * ramp(x)), "affine"))
