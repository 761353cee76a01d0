"""Subsampling: the restriction of a feature map to a subgroup of G (Cohen & Welling 2016, section 6.3)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...groups import SplitGroup
from .checks import check_shape, check_whole
from .planar import from_planar

__all__ = ["Subsample"]


class Subsample(nn.Module):
    r"""The restriction of f to the subgroup $s\mathbb{Z}^2 \rtimes K$: "b c |H| h w" to "b c |K| ⌈h/s⌉ ⌈w/s⌉".

    Equivariant to that subgroup and not to G, with $(n - 1) \bmod s = 0$ for both lengths n. What follows are layers of
    `group.restrict(K)`, whose action is that of the output.

    Raises:
        ArgumentError: K is no subgroup of H.
    """

    kept: Tensor

    def __init__(self, group: SplitGroup, subgroup: Iterable[int] | None = None, stride: int = 1) -> None:
        super().__init__()
        check_whole(1, stride=stride)
        self.group, self.stride = group, stride
        self.kernel_size, self.padding = 1, 0
        self.subgroup = group.check_subgroup(group.elements if subgroup is None else subgroup)
        self.register_buffer("kept", torch.tensor(self.subgroup), persistent=False)

    def forward(self, features: Float[Tensor, "b c group h w"]) -> Float[Tensor, "b c subgroup h2 w2"]:
        check_shape(features, channels=None, group=self.group.order)
        return features[..., :: self.stride, :: self.stride].index_select(2, self.kept)

    def to_planar(self) -> nn.Module:
        """The same numbers from and to the folded layout "b c·|H| h w"."""
        return from_planar(self.group, self).append(nn.Flatten(1, 2))

    def extra_repr(self) -> str:
        return f"{self.group.name}, {self.subgroup}, stride={self.stride}"
