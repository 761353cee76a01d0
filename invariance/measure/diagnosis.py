r"""Size, border or aliasing? Three experiments that tell apart why a network is not equivariant.

*Size*: finite groups at several image sizes; strides whose windows are not centred break them at some sizes only.
*Border*: the same comparison with all pixels and with those alone that no padding reaches.
*Aliasing*: the Lie derivative along a translation against the bandwidth of the image. A layer that keeps every
frequency it makes below its own Nyquist frequency has none; a stride s without a low-pass filter has some from N/2s on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import ArgumentError
from ..groups import SplitGroup
from ..images import AnalyticImage
from .layerwise import LayerwiseReport, layerwise_error
from .local import LocalReport, local_error

__all__ = ["BandwidthProfile", "BorderReport", "SizeSweep", "bandwidth_profile", "border_report", "size_sweep"]


@dataclass(frozen=True, eq=False)
class SizeSweep:
    """Reports by image size; sizes that the module refuses, with its message, are in `refused`."""

    symmetry: str
    reports: dict[int, LayerwiseReport]
    refused: dict[int, str]

    @property
    def exact(self) -> list[int]:
        """The sizes, in pixels along a side, at which no layer breaks the symmetry."""
        return [size for size, report in self.reports.items() if report.first_broken is None]

    @property
    def verdict(self) -> str:
        """Such as "p4: exact at 33, 37; broken at 32 by 3 (P4ConvP4): (n + 2p − k) mod s = …"."""
        parts = [f"exact at {', '.join(map(str, self.exact))}"] if self.exact else []
        for size, report in self.reports.items():
            if (layer := report.first_broken) is not None:
                parts.append("; ".join((f"broken at {size} by {layer.name}", *layer.conditions)))
        if self.refused:
            parts.append(f"refused at {', '.join(map(str, self.refused))}")
        return f"{self.symmetry}: " + "; ".join(parts)


def size_sweep(
    model: nn.Module,
    group: SplitGroup,
    sizes: Iterable[int],
    *,
    generator: torch.Generator,
    channels: int = 3,
    batch: int = 2,
) -> SizeSweep:
    """All elements of the group at every size, on normal noise in the dtype and on the device of the parameters.

    Raises:
        ArgumentError: no sizes. What the module raises is passed on where it refuses every size.
    """
    like = next(model.parameters(), torch.empty(0, dtype=torch.float64))
    reports: dict[int, LayerwiseReport] = {}
    refusals: dict[int, Exception] = {}
    for size in sizes:
        shape = (batch, channels, size, size)
        noise = torch.randn(shape, generator=generator, dtype=torch.float64, device=generator.device).to(like)
        try:
            reports[size] = layerwise_error(model, noise, group)
        except RuntimeError as refusal:
            refusals[size] = refusal
    if refusals and not reports:
        raise next(iter(refusals.values()))
    if not reports:
        raise ArgumentError("sizes", (), "at least one size")
    return SizeSweep(group.name, reports, {size: str(refusal) for size, refusal in refusals.items()})


@dataclass(frozen=True, eq=False)
class BorderReport:
    """One symmetry, with all pixels and with the inner ones alone."""

    full: LayerwiseReport
    inner: LayerwiseReport

    @property
    def verdict(self) -> str:
        """A sentence: nothing is broken, the border alone is, or which layer is on inner pixels too."""
        if (layer := self.inner.first_broken) is not None:
            found = f"not the border alone: {layer.name} is off by E = {layer.error:.1e} on inner pixels"
            return "; ".join((found, *layer.conditions))
        if (layer := self.full.first_broken) is not None:
            return f"the border: {layer.name} is off by E = {layer.error:.1e} there, and by none on inner pixels"
        return f"no border effect: {self.full.verdict}"


def border_report(
    model: nn.Module, images: Float[Tensor, "b c h w"], symmetry: SplitGroup | tuple[int, int], *, border: int
) -> BorderReport:
    """`layerwise_error` without and with `border`: what is left on inner pixels is not the padding's doing.

    Take shifts by a multiple of the product of all strides to see the padding, and by one pixel to see the strides.
    """
    full = layerwise_error(model, images, symmetry)
    return BorderReport(full, layerwise_error(model, images, symmetry, border=border))


@dataclass(frozen=True, eq=False)
class BandwidthProfile:
    """Local errors by the bandwidth of the image, in half-periods per unit of the domain: Nyquist is size / 2."""

    size: int
    bandwidths: tuple[int, ...]
    reports: tuple[LocalReport, ...]

    @property
    def layers(self) -> list[str]:
        """The layers' names in the order of their calls, the same at every bandwidth."""
        return [layer.name for layer in self.reports[0].layers]

    def error(self, layer: str) -> Float[Tensor, "k"]:
        r"""$\mathrm{RMS}\,\mathcal{L}_X f / \mathrm{RMS}\,v\cdot\nabla f$ by bandwidth.

        NaN where nothing should move.
        """
        index = self.layers.index(layer)
        ratios = [report.layers[index].relative for report in self.reports]
        return torch.tensor([math.nan if ratio is None else ratio for ratio in ratios], dtype=torch.float64)

    def clean_up_to(self, layer: str, *, tolerance: float = 1e-2) -> int:
        """The largest bandwidth up to which the layer's relative error is within the tolerance; 0 for none."""
        good = (self.error(layer) <= tolerance).long().cumprod(0).sum()
        return self.bandwidths[int(good) - 1] if good else 0


def bandwidth_profile(
    model: nn.Module,
    *,
    size: int,
    bandwidths: Sequence[int],
    generator: torch.Generator,
    along: str = "translation-x",
    channels: int = 3,
    batch: int = 4,
    waves: int = 6,
) -> BandwidthProfile:
    """Local errors on periodic images whose waves have max(|kx|, |ky|) = k for each bandwidth k.

    Raises:
        ArgumentError: bandwidths that do not increase from 1 or more, or that reach Nyquist's.
    """
    if not bandwidths or list(bandwidths) != sorted(set(bandwidths)) or bandwidths[0] < 1 or bandwidths[-1] >= size / 2:
        raise ArgumentError("bandwidths", tuple(bandwidths), f"increasing whole numbers from 1 to below {size / 2:g}")
    like = next(model.parameters(), torch.empty(0, dtype=torch.float64))
    rings = (_ring(k, batch, channels, waves, generator, like) for k in bandwidths)
    reports = [local_error(model, ring, size=size, along=along) for ring in rings]
    return BandwidthProfile(size, tuple(bandwidths), tuple(reports))


def _ring(
    bandwidth: int, batch: int, channels: int, waves: int, generator: torch.Generator, like: Tensor
) -> AnalyticImage:
    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, dtype=torch.float64, device=generator.device)

    along = (2 * uniform(batch, waves) - 1).mul(bandwidth).round()
    ring = torch.stack((torch.full_like(along, bandwidth), along), -1)
    ring = torch.where(uniform(batch, waves, 1) < 0.5, ring, ring.flip(-1))
    amplitude, phase = 0.5 + uniform(batch, channels, waves), 2 * math.pi * uniform(batch, channels, waves)
    return AnalyticImage(ring.to(like), amplitude.to(like), phase.to(like), math.inf)
