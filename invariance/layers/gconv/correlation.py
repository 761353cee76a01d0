r"""Lifting correlation Z² → G and group correlation G → G of a split group, each one gather and one planar convolution.

$$[f \star \psi](x, g) = \sum_{i,\,h}\sum_y f_i(y, h)\,(L_g\psi_i)(y - x, h), \qquad
(L_g\psi)(y, h) = \psi(A(g)^{-1}y,\, g^{-1}h)$$

(Cohen & Welling 2016, eqs. 10, 11 and section 7). Features are "b c group h w"; the flattened channel is c·|H| + h.

**Where equivariance is exact.** The filters turn about their own centre and the image about its centre, so
$L_g[f \star \psi] = [L_g f] \star \psi$ holds for every g in H, every kernel size, zero padding, and one bias a feature
map. Even kernels are no exception: their outputs lie on the grid shifted by half a pixel both ways, which every signed
permutation maps to itself; the length of the output changes parity, and it turns about its own centre. A stride s keeps
H exactly if and only if $(n + 2p - k) \bmod s = 0$ for both lengths n of the image, else the samples are not centred
(`invariance.sizes` finds such sizes); translations are kept in multiples of s.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from ...errors import ArgumentError
from ...groups import SplitGroup
from .checks import check_shape, check_whole, check_window
from .planar import flatten_group, is_channels_last, unflatten_group

__all__ = ["Correlation", "GroupConv2d", "LiftingConv2d", "filter_taps"]


def filter_taps(group: SplitGroup, kernel_size: int, subgroup: Iterable[int] = (0,)) -> Int[Tensor, "group cosets k k"]:
    r"""Where each tap of the |H| transformed filters comes from: entry g is $L_g$ of the positions 0, 1, … of a filter.

    Raises:
        ArgumentError: H does not permute the pixels of the square grid (third turns, shears).
    """
    group.check_pixels()
    cosets = len(group.left_cosets(subgroup))
    positions = torch.arange(cosets * kernel_size**2).view(cosets, kernel_size, kernel_size)
    return torch.stack([group.act(g, positions, subgroup=subgroup) for g in group.elements])


class Correlation(nn.Module, ABC):
    """Functions on G/K to functions on G; `LiftingConv2d` (K = H) and `GroupConv2d` (K = 1) say which.

    Args:
        group: the split group; a subgroup of H by `group.restrict`.
        kernel_size, stride, padding: one number for both axes, which the group may exchange.
        generator: source of the initial weights, normal with standard deviation 1/√(C_in·|H_in|·k²); bias starts at 0.

    Raises:
        ArgumentError: a number out of range, a group that does not permute square pixels, or features that do not fit.
        ArgumentTypeError: a number that is no int, such as a pair of strides.
    """

    taps: Tensor

    def __init__(
        self,
        group: SplitGroup,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
        *,
        generator: torch.Generator | None = None,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        check_whole(1, in_channels=in_channels, out_channels=out_channels, kernel_size=kernel_size, stride=stride)
        check_whole(0, padding=padding)
        self.group, self.in_channels, self.out_channels = group, in_channels, out_channels
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        taps = filter_taps(group, kernel_size, self._subgroup(group))
        fan_in = in_channels * taps[0].numel()
        # One index over channels and taps: the gather leaves the bank in the planar convolution's order, with no copy.
        rows = taps.flatten(1)[:, None] + torch.arange(0, fan_in, taps[0].numel())[:, None]
        self.register_buffer("taps", rows.flatten().to(device), persistent=False)
        self.weight_shape = (out_channels, in_channels, *taps.shape[1:])
        source = device if generator is None else generator.device
        weight = torch.randn(self.weight_shape, generator=generator, device=source).div_(math.sqrt(fan_in))
        self.weight = nn.Parameter(weight.to(device=device, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(out_channels, device=device, dtype=dtype)) if bias else None

    @abstractmethod
    def _subgroup(self, group: SplitGroup) -> tuple[int, ...]: ...

    def filter_bank(self) -> Float[Tensor, "out_group in_group k k"]:
        r"""$\Psi_{o,g,i,h} = L_g W_{o,i,g^{-1}h}$, the filters of the one planar convolution (section 7.1)."""
        if self.weight.shape != self.weight_shape:
            raise ArgumentError("weight.shape", tuple(self.weight.shape), f"{self.weight_shape}")
        bank = self.weight.flatten(1).index_select(1, self.taps)
        _, _, cosets, *window = self.weight_shape
        return bank.view(self.out_channels * self.group.order, self.in_channels * cosets, *window)

    def planar_bias(self) -> Float[Tensor, " out_group"] | None:
        """One bias for a G-feature map, repeated over its |H| planar channels."""
        return None if self.bias is None else self.bias.repeat_interleave(self.group.order)

    def _correlate(self, planar: Tensor, channels_last: bool) -> Float[Tensor, "b out group h2 w2"]:
        check_window(planar, self.kernel_size, self.padding)
        if channels_last:
            bank, bias = self._channels_last_bank(), None if self.bias is None else self.bias.repeat(self.group.order)
        else:
            bank, bias = self.filter_bank(), self.planar_bias()
        out = F.conv2d(planar, bank, bias, self.stride, self.padding)
        return unflatten_group(out, self.out_channels, self.group.order, channels_last)

    def _channels_last_bank(self) -> Float[Tensor, "group_out group_in k k"]:
        """The filter bank with the group before the channels on both sides, in torch's channels_last: one copy."""
        cosets = self.weight_shape[2]
        bank = self.filter_bank().unflatten(1, (self.in_channels, cosets))
        bank = bank.unflatten(0, (self.out_channels, self.group.order))  # o g i h k k
        return bank.permute(1, 0, 4, 5, 3, 2).flatten(4).flatten(0, 1).permute(0, 3, 1, 2)

    def to_conv2d(self) -> nn.Conv2d:
        """The same map as a `torch.nn.Conv2d` on flattened channels c·|H| + h, with weights of its own."""
        bank, bias = self.filter_bank(), self.planar_bias()
        out_planar, in_planar, k, _ = bank.shape
        # Built without storage: torch's own initial weights would cost time and move its global generator.
        conv = nn.Conv2d(in_planar, out_planar, k, self.stride, self.padding, bias=bias is not None, device="meta")
        state = {"weight": bank} if bias is None else {"weight": bank, "bias": bias}
        conv.load_state_dict(state, assign=True)
        return conv

    def to_planar(self) -> nn.Conv2d:
        """A `Conv2d` from "b in·|H| h w" to "b out·|H| h w" that gives the same numbers, for other people's tools."""
        return self.to_conv2d()

    def extra_repr(self) -> str:
        return (
            f"{self.group.name}, {self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, padding={self.padding}, bias={self.bias is not None}"
        )


class LiftingConv2d(Correlation):
    r"""Images on the plane to functions on G: $[f \star \psi](x, g) = \sum_i\sum_y f_i(y)\,\psi_i(A(g)^{-1}(y - x))$.

    "b in h w" to "b out |H| h2 w2"; weight "out in 1 k k". Cohen & Welling 2016, eq. 10; options as in `Correlation`.
    """

    def _subgroup(self, group: SplitGroup) -> tuple[int, ...]:
        return tuple(group.elements)

    def forward(self, images: Float[Tensor, "b in h w"]) -> Float[Tensor, "b out group h2 w2"]:
        check_shape(images, channels=self.in_channels)
        channels_last = self.in_channels == 1 or images.stride(1) == 1
        if self.in_channels == 1:  # in both layouts at once: its strides have to say which
            images = images.squeeze(1).unsqueeze(-1).movedim(-1, 1)
        return self._correlate(images, channels_last)


class GroupConv2d(Correlation):
    r"""Functions on G to functions on G: $[f \star \psi](x, g) = \sum_{i,h}\sum_y f_i(y, h)\,(L_g\psi_i)(y - x, h)$.

    "b in |H| h w" to "b out |H| h2 w2"; weight "out in |H| k k". Cohen & Welling 2016, eq. 11; options as in
    `Correlation`.
    """

    def _subgroup(self, group: SplitGroup) -> tuple[int, ...]:
        return (0,)

    def forward(self, features: Float[Tensor, "b in group h w"]) -> Float[Tensor, "b out group h2 w2"]:
        check_shape(features, channels=self.in_channels, group=self.group.order)
        channels_last = is_channels_last(features)
        return self._correlate(flatten_group(features, channels_last), channels_last)
