r"""Images known at every point: Gaussian-windowed trigonometric polynomials, and the pixel grid they are sampled on.

The domain is $[-1,1]^2$ whatever the size, $x$ along the width, $y$ along the height (downwards); a pixel's value
belongs to its centre. Since value and gradient are exact anywhere, $I\circ\varphi$ is evaluated, never resampled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from .errors import ArgumentError
from .randomness import require_generator

__all__ = ["AnalyticImage", "ContinuousImage", "Wave", "pixel_grid", "sample"]


def pixel_grid(
    height: int, width: int, *, dtype: torch.dtype = torch.float64, device: torch.device | str | None = None
) -> Float[Tensor, "h w 2"]:
    """Centres (x, y) of the pixels in [−1, 1]², as `align_corners=False` places them; the spacing is 2 / size.

    >>> pixel_grid(1, 2)
    tensor([[[-0.5000,  0.0000],
             [ 0.5000,  0.0000]]], dtype=torch.float64)
    """
    for name, size in (("height", height), ("width", width)):
        if size < 1:
            raise ArgumentError(name, size, "an image has at least one pixel")
    x, y = ((torch.arange(1 - n, n, 2, dtype=torch.float64, device=device) / n).to(dtype) for n in (width, height))
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)


Wave = tuple[float, float, float, float]
"""(kx, ky, amplitude, phase)."""


@runtime_checkable
class ContinuousImage(Protocol):
    """A batch of images with a value and a gradient at every point of the plane."""

    @property
    def dtype(self) -> torch.dtype:
        """Of values and derivatives."""
        ...

    @property
    def device(self) -> torch.device:
        """Where values are computed."""
        ...

    def __len__(self) -> int: ...

    def __call__(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b c *n"]: ...

    def jacobian(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b c 2 *n"]:
        """$dI$ at the points, exactly: ∂I/∂x and ∂I/∂y of each channel, in values for each half-width of the image."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
class AnalyticImage:
    r"""$I_c(x) = e^{-|x|^2 / 2 w^2} \sum_m a_{cm} \cos(\pi\, k_m \cdot x + p_{cm})$, a batch of them.

    `waves` holds $k$ in half-periods per unit length: a wave of |k| = N/2 is at the Nyquist frequency of an N-pixel
    grid. `window` is $w$ in domain units; at 0.2 the image is below 4e-6 of its peak on the border. An infinite window
    leaves the bare trigonometric polynomial, periodic where the waves are integers.
    """

    waves: Float[Tensor, "b m 2"]
    amplitude: Float[Tensor, "b c m"]
    phase: Float[Tensor, "b c m"]
    window: float = 0.2

    def __post_init__(self) -> None:
        for name, coefficients in (("amplitude", self.amplitude), ("phase", self.phase)):
            if coefficients.ndim != 3 or coefficients.shape[::2] != self.waves.shape[:2]:
                raise ArgumentError(
                    f"{name}.shape",
                    tuple(coefficients.shape),
                    f"(b, c, m) for waves {tuple(self.waves.shape)}",
                )
        if not self.window > 0:
            raise ArgumentError("window", self.window, "the width of a Gaussian is positive")

    @classmethod
    def from_waves(cls, images: Sequence[Sequence[Sequence[Wave]]], *, window: float = 0.2) -> AnalyticImage:
        """From lists of waves (kx, ky, amplitude, phase), for each image and each of its channels; float64.

        >>> AnalyticImage.from_waves([[[(1, 0, 1.0, 0.0)], [(0, 2, 0.5, 0.0)], []]])
        AnalyticImage.from_waves([[[(1, 0, 1.0, 0.0)], [(0, 2, 0.5, 0.0)], []]], window=0.2)
        """
        most = max((sum(map(len, image)) for image in images), default=0)
        if most == 0 or len({len(image) for image in images}) > 1:
            raise ArgumentError("images", images, "at least one wave, and the same number of channels in every image")
        vectors, rows = [], []
        for image in images:
            owned = [(c, wave) for c, channel in enumerate(image) for wave in channel]
            owned += [(0, (0.0, 0.0, 0.0, 0.0))] * (most - len(owned))
            vectors.append([wave[:2] for _, wave in owned])
            rows.append([[wave[2:] if c == own else (0.0, 0.0) for own, wave in owned] for c in range(len(image))])
        amplitude, phase = torch.tensor(rows, dtype=torch.float64).unbind(-1)
        return cls(torch.tensor(vectors, dtype=torch.float64), amplitude, phase, window)

    def __repr__(self) -> str:
        if self.waves.shape[:2].numel() > 24:
            batch, waves = self.waves.shape[:2]
            return f"AnalyticImage({batch} images of {waves} waves, window={self.window})"
        rows = torch.stack((self.amplitude, self.phase), -1).tolist()
        waves = [
            [tuple(int(k) if k.is_integer() else k for k in wave) for wave in image] for image in self.waves.tolist()
        ]
        images = [
            [[(*k, *row) for k, row in zip(ks, channel, strict=True) if row[0]] for channel in image]
            for ks, image in zip(waves, rows, strict=True)
        ]
        return f"AnalyticImage.from_waves({images}, window={self.window})"

    @classmethod
    def random(
        cls,
        batch: int,
        *,
        generator: torch.Generator,
        cutoff: float = 4.0,
        waves: int = 8,
        window: float = 0.2,
        channels: int = 3,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str | None = None,
    ) -> AnalyticImage:
        """Waves uniform in the disc |k| ≤ `cutoff`, normal amplitudes, uniform phases.

        Raises:
            ArgumentTypeError: a generator that is none, such as a seed.
        """
        require_generator(generator)

        def uniform(*shape: int) -> Tensor:
            return torch.rand(shape, generator=generator, dtype=torch.float64, device=generator.device)

        radius, angle = cutoff * uniform(batch, waves).sqrt(), 2 * math.pi * uniform(batch, waves)
        amplitude = torch.randn(
            (batch, channels, waves), generator=generator, dtype=torch.float64, device=generator.device
        )
        return cls(
            torch.stack((radius * angle.cos(), radius * angle.sin()), dim=-1).to(device, dtype),
            amplitude.to(device, dtype),
            (2 * math.pi * uniform(batch, channels, waves)).to(device, dtype),
            window,
        )

    @property
    def dtype(self) -> torch.dtype:
        """Of values and derivatives."""
        return self.waves.dtype

    @property
    def device(self) -> torch.device:
        """Where values are computed."""
        return self.waves.device

    def __len__(self) -> int:
        return self.waves.shape[0]

    def __getitem__(self, index: slice) -> AnalyticImage:
        return AnalyticImage(self.waves[index], self.amplitude[index], self.phase[index], self.window)

    def __call__(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b c *n"]:
        """Values at `points`; a batch of one set of points serves every image."""
        points, shape = self._flat(points)
        cos, sin, envelope = self._waves(points)
        even, odd = self._coefficients()
        return self._restore(envelope * (even @ cos - odd @ sin), shape)

    def jacobian(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b c 2 *n"]:
        """Exact (∂x, ∂y) at `points`, per unit of the domain."""
        points, shape = self._flat(points)
        cos, sin, envelope = self._waves(points)
        even, odd = self._coefficients()
        # d/dx of the polynomial: each wave turns by a quarter period and is multiplied by π k.
        slopes = [-(k * odd) @ cos - (k * even) @ sin for k in (math.pi * self.waves[:, None]).unbind(-1)]
        value = (even @ cos - odd @ sin) / self.window**2
        x, y = points[:, None].unbind(-1)
        return self._restore(
            envelope.unsqueeze(2) * torch.stack((slopes[0] - x * value, slopes[1] - y * value), 2), shape
        )

    def _flat(self, points: Tensor) -> tuple[Tensor, torch.Size]:
        if points.ndim < 2 or points.shape[-1] != 2 or points.shape[0] not in (1, len(self)):
            raise ArgumentError("points.shape", tuple(points.shape), f"(1 or {len(self)}, …, 2)")
        return points.flatten(1, -2), points.shape[1:-1]

    def _waves(self, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        r"""Cosines and sines "b m n" of $\pi k_m \cdot x$, and the window "b 1 n"."""
        argument = math.pi * self.waves @ points.mT
        envelope = torch.exp(points.square().sum(-1) / (-2 * self.window**2))
        return argument.cos(), argument.sin(), envelope.unsqueeze(1)

    def _coefficients(self) -> tuple[Tensor, Tensor]:
        """Of the cosines, and less of the sines: a cos(x + p) = a cos p cos x − a sin p sin x."""
        return self.amplitude * self.phase.cos(), self.amplitude * self.phase.sin()

    @staticmethod
    def _restore(values: Tensor, shape: torch.Size) -> Tensor:
        return values.unflatten(-1, shape) if len(shape) != 1 else values


def sample(image: ContinuousImage, height: int, width: int | None = None) -> Float[Tensor, "b c h w"]:
    """The image's values at the pixel centres; square where no width is given."""
    return image(pixel_grid(height, width or height, dtype=image.dtype, device=image.device)[None])
