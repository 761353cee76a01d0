"""Batch norm with one mean, variance, scale and shift for each G-feature map."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from ...groups import SplitGroup
from .checks import check_shape
from .planar import is_channels_last

__all__ = ["GroupBatchNorm2d"]


class GroupBatchNorm2d(nn.BatchNorm3d):
    """Batch norm of "b c |H| h w" over batch, group and plane: `torch.nn.BatchNorm3d`, its options and its state.

    Statistics over a set that H only permutes are invariant, so the layer is equivariant (Cohen & Welling 2016, section
    6), each sample turned its own way too. With a scale, a shift or a running statistic for each planar channel it is
    not. Statistics of the batch for each planar channel travel with the channels if one element turns the whole batch,
    so a test that turns all of it alike does not see that fault in training; samples turned each their own way show it.

    Raises:
        ArgumentError: the features are not "b num_features |H| h w".
    """

    def __init__(
        self,
        group: SplitGroup,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        **options,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, **options)
        self.group = group

    def forward(self, input: Float[Tensor, "b c group h w"]) -> Float[Tensor, "b c group h w"]:
        check_shape(input, channels=self.num_features, group=self.group.order)
        if is_channels_last(input):  # torch's channels_last_3d, once the group is the last axis
            return super().forward(input.movedim(2, -1)).movedim(-1, 2)
        return super().forward(input)

    def to_planar(self) -> nn.BatchNorm2d:
        """`torch.nn.BatchNorm2d` on the flattened channels with every entry repeated |H| times."""
        planar = nn.BatchNorm2d(
            self.num_features * self.group.order, self.eps, self.momentum, self.affine, self.track_running_stats
        )
        state = {
            name: value.repeat_interleave(self.group.order) if value.ndim else value.clone()
            for name, value in self.state_dict().items()
        }
        planar.load_state_dict(state, assign=True)
        return planar.train(self.training)

    def extra_repr(self) -> str:
        return f"{self.group.name}, {super().extra_repr()}"
