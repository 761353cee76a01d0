"""All-CNN-C on the plane and on groups (Springenberg et al. 2015; Cohen & Welling, ICML 2016, section 8.2)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import ArgumentError, ArgumentTypeError
from .checks import check_dropout, check_whole
from .seeding import initialised_by
from .symmetry import Symmetry, layers_of

__all__ = ["AllCNN"]

_WIDTHS: dict[Symmetry, int] = {"z2": 96, "p4": 48, "p4m": 32}


class AllCNN(nn.Module):
    r"""c, c, c/2, 2c, 2c, 2c/2, 2c, 2c (1×1), classes (1×1); mean over plane and group. "b in h w" to "b classes".

    Every number is a 3×3 convolution with padding 1, batch norm and ReLU; "/2" is a stride. Dropout of 0.2 on the
    images and of 0.5 behind the strides. On a group the logits are invariant under it where both strides meet an odd
    length: at 33×33 pixels, not at 32×32 (`invariance.sizes`).

    The paper's 1.37M, 1.37M, 1.22M parameters, and its errors on CIFAR-10 of 9.44, 8.84, 7.59 % (8.86, 7.67, 7.04 %
    with small translations and flips), are those of

    >>> [sum(p.numel() for p in AllCNN(symmetry).parameters()) for symmetry in ("z2", "p4", "p4m")]
    [1372254, 1371006, 1219678]

    Args:
        symmetry: "z2" (planar), "p4" or "p4m".
        width: c; 96, 48 or 32 by default.
        dropout: of images and features.
        initial_std: σ of the filters' initial values N(0, σ²), 0.035 in the paper's code; torch's own where not given.
        generator: source of all initial parameters.

    Raises:
        ArgumentError: an option out of range.
    """

    def __init__(
        self,
        symmetry: Symmetry = "z2",
        *,
        width: int | None = None,
        in_channels: int = 3,
        classes: int = 10,
        dropout: tuple[float, float] = (0.2, 0.5),
        initial_std: float | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        kit = layers_of(symmetry)
        c = _WIDTHS[symmetry] if width is None else width
        check_whole(width=c, in_channels=in_channels, classes=classes)
        if not isinstance(dropout, tuple) or len(dropout) != 2:
            raise ArgumentTypeError("dropout", dropout, "two probabilities, of images and features")
        check_dropout(*dropout)
        if initial_std is not None and not 0 < initial_std < 1:
            raise ArgumentError("initial_std", initial_std, "a number between 0 and 1")
        plan = [(c, 3, 1), (c, 3, 1), (c, 3, 2), *[(2 * c, 3, s) for s in (1, 1, 2, 1)], (2 * c, 1, 1), (classes, 1, 1)]
        layers: list[nn.Module] = [nn.Dropout(dropout[0])]
        before = in_channels
        with initialised_by(generator):
            for i, (after, kernel_size, stride) in enumerate(plan):
                convolution = kit.conv if i else kit.lift
                layers.append(convolution(before, after, kernel_size, stride=stride, padding=kernel_size // 2))
                layers += [kit.norm(after), nn.ReLU()]
                if stride > 1:
                    layers.append(nn.Dropout(dropout[1]))
                before = after
            self.features = nn.Sequential(*layers)
            if initial_std is not None:
                for module in layers:
                    if isinstance(weight := getattr(module, "weight", None), Tensor) and weight.ndim > 1:
                        nn.init.normal_(weight, std=initial_std)
        self.pool = kit.mean()

    def forward(self, images: Float[Tensor, "b in h w"]) -> Float[Tensor, "b classes"]:
        return self.pool(self.features(images)).mean((-2, -1))
