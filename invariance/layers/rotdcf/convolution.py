r"""RotDCF's two convolutions: images to functions on SE(2) sampled at N_θ angles, and from those to themselves.

$$y_o(x, \alpha) = b_o + \sum_i\sum_{\alpha'}\sum_v f_i(x + v, \alpha')\,W_{oi}(R_\alpha^{-1}v,\ \alpha' - \alpha),
\qquad W_{oi}(v, \beta) = \sum_{k,m} a_{oikm}\,\psi_k(v)\,\varphi_m(\beta)$$

(Cheng et al. 2018, eqs. 3-6). α runs over $2\pi j/N_\theta$; the lifting layer has neither α' nor β. Only a is learnt,
$C_i C_o K K_\alpha$ numbers and a bias for each of the C_o maps; a rotated filter is a phase of its coefficients.

**Where equivariance is exact.** A quarter turn maps pixels to pixels and is a multiple of the angular step when N_θ is
divisible by 4; then it commutes with the layer to rounding, for every choice of basis functions. At other multiples of
the step it does so as far as the sum over pixels is the integral over the plane.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ..gconv.checks import check_shape, check_whole, check_window
from .basis import FourierBessel, check_angles, fourier_modes

__all__ = ["RotDCFConv2d", "RotDCFLift2d"]


class _RotDCF(nn.Module):
    """A layer whose filters are coefficients times a fixed bank of elementary filters.

    Args:
        angles: N_θ, divisible by 4.
        functions: K, the number of Fourier–Bessel functions; `FourierBessel` says which are possible.
        kernel_size, stride, padding: one odd number of pixels, and two numbers, for both axes.
        generator: source of the initial coefficients, normal with variance 1/(C_i·K·K_α): white noise of variance 1
            comes out with variance 1 on average over angles and maps. Bias starts at 0.

    Raises:
        ArgumentError: a number out of range, functions that split a pair, or features that do not fit.
        ArgumentTypeError: a number that is no int.
    """

    elementary: Float[Tensor, "angles terms angles_in_k_k"]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 5,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
        *,
        angles: int = 8,
        functions: int = 5,
        angular: Float[Tensor, "angles modes angles_in"],
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_whole(1, in_channels=in_channels, out_channels=out_channels, stride=stride)
        check_whole(0, padding=padding)
        self.in_channels, self.out_channels, self.angles = in_channels, out_channels, angles
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.functions, self.modes = functions, angular.shape[1]
        spatial = FourierBessel.sample(kernel_size, functions).turned(angles)
        elementary = torch.einsum("akyx,amb->akmbyx", spatial, angular).flatten(3).flatten(1, 2)
        self.register_buffer("elementary", elementary.to(torch.get_default_dtype()), persistent=False)
        shape = (out_channels, in_channels, functions, self.modes)
        source = None if generator is None else generator.device
        scale = 1 / math.sqrt(math.prod(shape[1:]))
        self.coefficients = nn.Parameter(torch.randn(shape, generator=generator, device=source) * scale)
        self.bias = nn.Parameter(torch.zeros(out_channels, device=source)) if bias else None

    def filter_bank(self) -> Float[Tensor, "angles_out angles_in_in k k"]:
        r"""$W_{oi}(R_\alpha^{-1}v, \alpha' - \alpha)$ on planar channels α·C_o + o and α'·C_i + i; never below float32.

        Angle first, so that features in channels-last memory need no copy between layers.
        """
        with torch.autocast(self.coefficients.device.type, enabled=False):
            bank = torch.einsum("oit,atf->aoif", self.coefficients.flatten(2), self.elementary)
        window = (-1, self.kernel_size, self.kernel_size)
        return bank.unflatten(3, window).transpose(2, 3).flatten(2, 3).flatten(0, 1)

    def _correlate(self, planar: Tensor) -> Float[Tensor, "b out angles h2 w2"]:
        check_window(planar, self.kernel_size, self.padding)
        bias = None if self.bias is None else self.bias.repeat(self.angles)
        out = F.conv2d(planar, self.filter_bank(), bias, self.stride, self.padding)
        return out.unflatten(1, (self.angles, self.out_channels)).transpose(1, 2)

    def extra_repr(self) -> str:
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding={self.padding}, bias={self.bias is not None}, angles={self.angles}, "
            f"functions={self.functions}, modes={self.modes}"
        )


class RotDCFLift2d(_RotDCF):
    r"""Images to features on SE(2), "b in h w" to "b out angles h2 w2": $W_{oi}(v) = \sum_k a_{oik}\,\psi_k(v)$.

    $C_i C_o K$ coefficients "out in K 1" and C_o biases.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 5,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
        *,
        angles: int = 8,
        functions: int = 5,
        generator: torch.Generator | None = None,
    ) -> None:
        angular = torch.ones(check_angles(angles), 1, 1, dtype=torch.float64)
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, bias,
            angles=angles, functions=functions, angular=angular, generator=generator,
        )  # fmt: skip

    def forward(self, images: Float[Tensor, "b in h w"]) -> Float[Tensor, "b out angles h2 w2"]:
        check_shape(images, channels=self.in_channels)
        return self._correlate(images)


class RotDCFConv2d(_RotDCF):
    r"""Features on SE(2) to features on SE(2), "b in angles h w" to "b out angles h2 w2".

    $C_i C_o K K_\alpha$ coefficients "out in K modes" and C_o biases.

    Args:
        modes: K_α, the number of Fourier modes in the angle, odd: the span of an even number is not closed under
            rotation, so its filters would depend on the direction that angles are counted from.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 5,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
        *,
        angles: int = 8,
        functions: int = 5,
        modes: int = 5,
        generator: torch.Generator | None = None,
    ) -> None:
        waves = fourier_modes(modes, check_angles(angles))
        angular = torch.stack([waves.roll(shift, 1) for shift in range(angles)])  # φ_m(α' − α)
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, bias,
            angles=angles, functions=functions, angular=angular, generator=generator,
        )  # fmt: skip

    def forward(self, features: Float[Tensor, "b in angles h w"]) -> Float[Tensor, "b out angles h2 w2"]:
        check_shape(features, channels=self.in_channels, angles=self.angles)
        return self._correlate(features.transpose(1, 2).flatten(1, 2))
