r"""What is not said with "σ = 0.1": every choice between a table's column and the pixels that a network gets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from ...errors import ArgumentError, ArgumentTypeError, one_of
from ...warps import Coordinates, Origin, Padding
from .corruptions import corruption

__all__ = ["FAMILIES", "SCALES", "Cell", "Direction", "Horizon", "Interpolation", "Protocol"]

FAMILIES = ("affine", "affine-shift", "homography")
SCALES = (0.0, 0.01, 0.05, 0.1, 0.5)

Direction = Literal["destination-to-source", "source-to-destination"]
"""Whether the matrix drawn maps output pixels to input points (I∘φ), or input to output (I∘φ⁻¹)."""

Interpolation = Literal["bilinear", "cubic"]
KeptFolding = Literal["keep", "redraw"]
Horizon = Literal["zeros", "divide"]
"""What a pixel gets that a homography brings from behind the horizon: 0, or, as in most libraries, whatever its formula
says, which is the other side of the image turned over."""


@dataclass(frozen=True)
class Cell:
    """A column of a table: a family of warps at a scale, or clean images where the family is None."""

    family: str | None
    scale: float = 0.0


@dataclass(frozen=True)
class Protocol:
    """How test images are warped. Kan et al. (section 3) leave all of it open but the families and scales.

    Attributes:
        families: of "affine", "affine-shift", "homography"; none leaves the clean images.
        scales: σ of each family's matrices, increasing; at 0 an image goes the same way as the others, unmoved.
        coordinates, origin: in which the matrices are drawn; see `random_homography`.
        direction: whether they map output to input or input to output.
        padding, interpolation: see `warp_images`.
        folding: "keep" draws that fold or turn the image over, as printed matrices do, or "redraw" them.
        horizon: what comes from behind it.
        corruption: what happens to all images before the warp, at every scale alike; see `CORRUPTIONS`.
        seed: of the draws. An image has its draw of noise in a family, which σ multiplies, whatever the network.

    Raises:
        ArgumentError: a value that is none of these.
    """

    families: tuple[str, ...] = FAMILIES
    scales: tuple[float, ...] = SCALES
    coordinates: Coordinates = "normalized"
    origin: Origin = "centre"
    direction: Direction = "destination-to-source"
    padding: Padding = "zeros"
    interpolation: Interpolation = "bilinear"
    folding: KeptFolding = "keep"
    horizon: Horizon = "zeros"
    corruption: str = "none"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in get_args(choices):
                raise ArgumentError(name, getattr(self, name), one_of(getattr(self, name), get_args(choices)))
        if len(set(self.families)) < len(self.families) or not set(self.families) <= set(FAMILIES):
            raise ArgumentError("families", self.families, f"different ones of {', '.join(FAMILIES)}")
        if list(self.scales) != sorted(set(self.scales)) or not all(0 <= s < math.inf for s in self.scales):
            raise ArgumentError("scales", self.scales, "increasing finite numbers ≥ 0")
        if bool(self.families) != bool(self.scales):
            raise ArgumentError("scales", self.scales, "at least one with families, none without")
        if not 0 <= self.seed < 2**63:
            raise ArgumentError("seed", self.seed, "a whole number in [0, 2⁶³)")
        corruption(self.corruption)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Clean images first, then every family at every scale."""
        return (Cell(None), *(Cell(family, scale) for family in self.families for scale in self.scales))

    def to_dict(self) -> dict[str, Any]:
        """The options by name, for JSON; `from_dict` is the inverse."""
        return asdict(self) | {"families": list(self.families), "scales": list(self.scales)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Protocol:
        """The protocol that `to_dict` wrote.

        Raises:
            ArgumentTypeError: an option that there is not, or one that is missing.
        """
        if set(data) != (names := {item.name for item in fields(cls)}):
            raise ArgumentTypeError("protocol", sorted(set(data) ^ names), "exactly the options of a protocol")
        lists = {name: tuple(data[name]) for name in ("families", "scales")}
        return cls(**{**data, **lists})


_CHOICES = {
    "coordinates": Coordinates,
    "origin": Origin,
    "direction": Direction,
    "padding": Padding,
    "interpolation": Interpolation,
    "folding": KeptFolding,
    "horizon": Horizon,
}
