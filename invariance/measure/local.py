r"""The Lie derivative: the equivariance error to first order, of every layer, by forward-mode differentiation.

For the one-parameter group $g_t = e^{tX}$ of the plane with velocity $v(x) = Xx$, acting by
$(\rho(g)F)(x) = F(g^{-1}x)$, and a map f with its layers (Gruver, Finzi, Goldblum, Wilson, "The Lie derivative for
measuring learned equivariance", 2022, eq. 3 and 5),
$$\mathcal{L}_X f(I) = \tfrac{d}{dt}\big|_0\, \rho(g_t)^{-1} f(\rho(g_t)I) = v\cdot\nabla f(I) - Df(I)[v\cdot\nabla I],
\qquad \text{local error} = E\,\|\mathcal{L}_X f\|^2 / \dim .$$
Nothing is resampled and no step is chosen: $\nabla I$ is exact or spectral, $Df$ is a Jacobian-vector product, and
$\nabla f$ is spectral.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import ArgumentError, UndefinedError, one_of
from ..images import ContinuousImage, pixel_grid, sample
from ..jacobians import exact_jacobian, spectral_gradient
from .layer_calls import layer_calls

__all__ = ["VELOCITIES", "LayerLocalError", "LocalReport", "local_error"]

VELOCITIES: dict[str, Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]] = {
    "translation-x": lambda x, y: (torch.ones_like(x), torch.zeros_like(y)),
    "translation-y": lambda x, y: (torch.zeros_like(x), torch.ones_like(y)),
    "rotation": lambda x, y: (-y, x),
    "scale": lambda x, y: (x, y),
    "shear": lambda x, y: (y, torch.zeros_like(y)),
}
"""v(x, y) of the generators, per unit of t: domain units, radians, logarithm of the factor, slope."""


@dataclass(frozen=True, eq=False)
class LayerLocalError:
    r"""One layer; mean squares over the entries of each sample.

    Attributes:
        layer, kind, shape: name in the module, class, and shape of the output.
        square: $\|\mathcal{L}_X f\|^2 / \dim$; None where the output is no floating-point tensor.
        speed: $\|v\cdot\nabla f\|^2 / \dim$, how fast the output should move; 0 where it should not.
        spread: $\langle |f(I) - f(I')|^2 \rangle$ with $I'$ the next sample.
    """

    layer: str
    kind: str
    shape: tuple[int, ...] | None
    square: Float[Tensor, "b"] | None = None
    speed: Float[Tensor, "b"] | None = None
    spread: Float[Tensor, "b"] | None = None

    @property
    def local_error(self) -> float | None:
        r"""$E\|\mathcal{L}_X f\|^2/\dim$, in squared units of the output per squared unit of t."""
        return None if self.square is None else float(self.square.mean())

    @property
    def error(self) -> float | None:
        """The root of it in units of the RMS difference between outputs for two images: E per unit of t.

        None where the output is the same for all images.
        """
        if self.square is None or self.spread is None or not self.spread.mean() > 0:
            return None
        return float((self.square.mean() / self.spread.mean()).sqrt())

    @property
    def relative(self) -> float | None:
        """The root of it in units of the speed: 1 where the output stands still. None where it should do so."""
        if self.square is None or self.speed is None or not self.speed.mean() > 0:
            return None
        return float((self.square.mean() / self.speed.mean()).sqrt())

    @property
    def name(self) -> str:
        """Where the layer is in the network, and its class."""
        return f"{self.layer} ({self.kind})" if self.layer else self.kind


@dataclass(frozen=True, eq=False)
class LocalReport:
    """The layers in the order in which they are computed."""

    along: str
    layers: tuple[LayerLocalError, ...]

    @property
    def output(self) -> LayerLocalError:
        r"""The last layer's: $E|LF|^2/\dim F$ of the whole network."""
        return self.layers[-1]

    def rows(self) -> list[dict[str, Any]]:
        """Plain values, one dictionary a layer."""
        return [
            {
                "layer": layer.layer,
                "kind": layer.kind,
                "shape": None if layer.shape is None else list(layer.shape),
                "local_error": layer.local_error,
                "error": layer.error,
            }
            for layer in self.layers
        ]

    def __str__(self) -> str:
        width = max(len(layer.name) for layer in self.layers)
        lines = [
            f"{layer.name:<{width}}  {_number(layer.local_error)}  {_number(layer.error)}" for layer in self.layers
        ]
        return "\n".join((f"{self.along:<{width}}  E|L f|²/dim   E per unit", *lines))


def local_error(
    model: nn.Module,
    images: ContinuousImage | Float[Tensor, "b c h w"],
    *,
    along: str = "translation-x",
    size: int | None = None,
    margin: float = 0.0,
) -> LocalReport:
    r"""$\mathcal{L}_X$ of every layer, each taken from the input.

    Outputs with a plane, "b … h w", are scalar fields over the domain and should move with the image; all others should
    not change. The spectral derivative takes fields as periodic on $[-1, 1]^2$: for a map that commutes with
    translations and makes no frequency beyond Nyquist's the error is rounding, for one that aliases it is not, and a
    border that is no period (zero padding) shows as an error of its own.

    Args:
        images: continuous, sampled at `size` with their exact gradient; or sampled, with the spectral one.
        along: one of `VELOCITIES`.
        margin: leave out pixels within it of the border, as a part of the half-width.

    Raises:
        ArgumentError: an unknown generator, a margin outside [0, 1), a size that is missing or superfluous.
        UndefinedError: the model has no layer whose output is a floating-point tensor.
        RuntimeError: of torch, where an operation has no forward-mode derivative.
    """
    if along not in VELOCITIES:
        raise ArgumentError("along", along, one_of(along, VELOCITIES))
    if not 0 <= margin < 1:
        raise ArgumentError("margin", margin, "a part of the half-width of the domain, in [0, 1)")
    inputs, gradient = _sample(images, size)
    described: list[tuple[str, str, bool]] = []

    def run(values: Tensor) -> tuple[Tensor, ...]:
        calls = layer_calls(model, values)
        described.extend((call.layer, call.kind, call.output is not None) for call in calls)
        outputs = tuple(call.output for call in calls if call.output is not None)
        if not outputs:
            raise UndefinedError("model", "no layer", "a floating-point tensor as output")
        return outputs

    with torch.no_grad(), warnings.catch_warnings():
        # torch's own first use of forward mode compiles its rules with what it deprecates.
        warnings.filterwarnings("ignore", message="`torch.jit", category=DeprecationWarning)
        outputs, slopes = torch.func.jvp(run, (inputs,), (_advance(gradient, along),))[:2]
        pairs = iter(zip(outputs, slopes, strict=True))
        layers = [
            _measure(layer, kind, *next(pairs), along, margin) if there else LayerLocalError(layer, kind, None)
            for layer, kind, there in described
        ]
    return LocalReport(along, tuple(layers))


def _sample(images: ContinuousImage | Tensor, size: int | None) -> tuple[Tensor, Tensor]:
    """Values "b c h w" and gradient "b c 2 h w"."""
    if isinstance(images, Tensor):
        if size is not None:
            raise ArgumentError("size", size, "None for sampled images, which have their size")
        return images, spectral_gradient(images)
    if size is None:
        raise ArgumentError("size", size, "the number of pixels to sample continuous images at")
    return sample(images, size), exact_jacobian(images, size)[:, 0]


def _advance(gradient: Float[Tensor, "b c 2 h w"], along: str) -> Float[Tensor, "b c h w"]:
    """v·∇F on the pixel grid."""
    grid = pixel_grid(*gradient.shape[-2:], dtype=gradient.dtype, device=gradient.device)
    u, v = VELOCITIES[along](*grid.unbind(-1))
    return u * gradient[:, :, 0] + v * gradient[:, :, 1]


def _measure(layer: str, kind: str, output: Tensor, slope: Tensor, along: str, margin: float) -> LayerLocalError:
    shape = tuple(output.shape)
    if output.ndim >= 4:
        fields = output.flatten(1, -3)
        moving = _advance(spectral_gradient(fields), along)
        inner = pixel_grid(*shape[-2:], device=output.device).abs().amax(-1) <= 1 - margin
        fields, slope, moving = (values[..., inner] for values in (fields, slope.reshape(fields.shape), moving))
    else:
        fields, moving = output, torch.zeros_like(output)
    squares = (
        values.double().square().flatten(1).mean(1) for values in (moving - slope, moving, fields - fields.roll(1, 0))
    )
    return LayerLocalError(layer, kind, shape, *squares)


def _number(value: float | None) -> str:
    return f"{'–':>11}" if value is None else f"{value:11.2e}"
