"""The network that looks at an image and says how to warp it."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import skip_init

from ...errors import ArgumentError

__all__ = ["Localisation"]

_MAPS = (16, 32, 32)
_UNITS = 50


class Localisation(nn.Module):
    r"""Three times convolution 3×3 without padding, tanh and max pooling 2; 50 units with tanh; `outputs` numbers.

    The number of units is that of Detlefsen et al.'s published code. tanh is applied after the pooling, to a quarter
    of the values: it is increasing, so the two commute. The last layer starts at zero and so says 0 for every image.

    Args:
        size: (height, width) of the images, 22 each way or more.
        generator: source of the initial parameters, uniform in ±1/√fan-in as torch's; its global one if none is given.

    Raises:
        ArgumentError: images too small for three poolings; on a call, images of another shape.
    """

    def __init__(
        self,
        in_channels: int,
        outputs: int,
        *,
        size: tuple[int, int] = (32, 32),
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, number in (("in_channels", in_channels), ("outputs", outputs)):
            if number < 1:
                raise ArgumentError(name, number, "at least one")
        if min(size) < 22:
            raise ArgumentError("size", size, "22 pixels each way or more: three convolutions and poolings")
        self.image_shape = (in_channels, *size)
        layers: list[nn.Module] = []
        height, width = size
        for before, after in zip((in_channels, *_MAPS), _MAPS, strict=False):
            layers += [skip_init(nn.Conv2d, before, after, 3), nn.MaxPool2d(2), nn.Tanh()]
            height, width = (height - 2) // 2, (width - 2) // 2
        units = skip_init(nn.Linear, _MAPS[-1] * height * width, _UNITS)
        last = skip_init(nn.Linear, _UNITS, outputs)
        self.features = nn.Sequential(*layers, nn.Flatten())
        self.head = nn.Sequential(units, nn.Tanh(), last)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                bound = 0.0 if layer is last else layer.weight[0].numel() ** -0.5
                for parameter in layer.parameters():
                    nn.init.uniform_(parameter, -bound, bound, generator=generator)

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b outputs"]:
        if images.shape[1:] != self.image_shape:
            raise ArgumentError("images.shape", tuple(images.shape), "(batch, {}, {}, {})".format(*self.image_shape))
        features = self.features(images)
        with torch.autocast(images.device.type, enabled=False):  # coordinates want more than eight bits
            return self.head(features.to(self.head[0].weight.dtype))
