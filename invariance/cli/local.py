"""`invariance check --local`: small motions of images, layer by layer and by bandwidth; the border; stability."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from ..errors import ArgumentError, ArgumentTypeError

__all__ = ["told_locally"]

_BORDER = 4  # pixels beyond the shift, which leave what padding reflects out
_GENTLE = 0.1  # root mean square of the gradient of the displacement: lengths change by about a tenth


def told_locally(model: Any, shape: tuple[int, ...] | None, seed: int) -> Iterator[str]:
    """Tables and sentences, each as it is measured.

    Raises:
        ArgumentError: no module, or an image that is not square.
    """
    from torch import nn

    if shape is None or len(shape) != 3 or shape[1] != shape[2] or not isinstance(model, nn.Module):
        raise ArgumentError("--local", shape, "a module and a square image, --input C,N,N")
    return _told(copy.deepcopy(model).double(), shape[0], shape[1], seed)


def _told(model: Any, channels: int, size: int, seed: int) -> Iterator[str]:
    import torch

    from ..images import AnalyticImage
    from ..measure import local_error
    from ..measure.local import VELOCITIES

    generator = torch.Generator().manual_seed(seed)
    images = AnalyticImage.random(4, generator=generator, cutoff=3, window=0.2, channels=channels)
    for along in VELOCITIES:
        yield str(local_error(model, images, along=along, size=size))
    for name, part in (("bandwidth", _bandwidth), ("border", _border), ("stability", _stability)):
        try:
            yield f"{name}: {part(model, images, channels, size, generator)}"
        except (ArgumentError, ArgumentTypeError) as error:
            yield f"{name}: not to be had: {error}"


def _bandwidth(model: Any, images: Any, channels: int, size: int, generator: Any) -> str:
    from ..measure import bandwidth_profile

    rungs = [2**k for k in range(12) if 2**k < size / 2]
    profile = bandwidth_profile(model, size=size, bandwidths=rungs, generator=generator, channels=channels)
    last = profile.layers[-1]
    told = ", ".join(f"{k}: {e:.1e}" for k, e in zip(rungs, profile.error(last).tolist(), strict=True) if e == e)
    if not told:
        return "the output has no plane of pixels that a shift would move"
    return f"relative error of shifts at the output, by half-waves across the image: {told}"


def _border(model: Any, images: Any, channels: int, size: int, generator: Any) -> str:
    from ..images import sample
    from ..measure import border_report

    return border_report(model, sample(images, size), (1, 1), border=_BORDER + 1).verdict


def _stability(model: Any, images: Any, channels: int, size: int, generator: Any) -> str:
    from ..measure import relative_stability
    from ..warps import WARP_FAMILIES

    warp = WARP_FAMILIES["smooth"](len(images), _GENTLE, generator=generator)
    found = relative_stability(model, images, warp, size=size, generator=generator)
    low, high = found.interval(generator=generator)
    return (
        f"a gentle deformation changes the output {found.relative:.2g} times as much, in mean squares, as noise of the "
        f"same size does [{low:.2g}, {high:.2g}]"
    )
