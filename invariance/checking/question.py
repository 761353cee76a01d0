"""What is asked: a group, a claim, an input; as data that a file can hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from ..errors import ArgumentError
from ..groups import GROUPS
from ..verdicts import Claim
from ..warps import WARP_FAMILIES

__all__ = ["CHECKED_GROUPS", "FINITE", "LADDER", "POINTWISE", "Action", "Kind", "Question"]

Kind = Literal["scalar", "regular", "jacobian"]
"""What a tensor is a field of: numbers "b c h w", functions on H "b c |H| h w", or Jacobians "b c 3 2 h w"."""

Action = Kind | Callable[[int, Tensor], Tensor]
"""How the output moves: as a field of a kind, or by a function of the index of the element and the output."""

FINITE = tuple(name for name, group in GROUPS.items() if group.permutes_pixels)
POINTWISE = ("colour-gain", "block-fields")
LADDER = ("rotation", "scale", "shear", *WARP_FAMILIES)
CHECKED_GROUPS = ("translation", *FINITE, *POINTWISE, *LADDER)

_AXES: dict[int, Kind] = {3: "scalar", 4: "regular", 5: "jacobian"}
_DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


@dataclass(frozen=True)
class Question:
    """The arguments of `check`, which explains them; the random numbers come from `seed` alone.

    Raises:
        ArgumentError: an unknown group, claim or action; a combination of them or a shape that makes no sense.
    """

    input_shape: tuple[int, ...]
    group: str
    claim: Claim = "invariant"
    action: Action | None = None
    sizes: tuple[int, ...] | None = None
    images: int | None = None
    batch: int = 8
    dtype: torch.dtype = torch.float64
    device: str = "cpu"
    block: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.group not in CHECKED_GROUPS:
            raise ArgumentError("group", self.group, f"one of {', '.join(CHECKED_GROUPS)}")
        if self.claim not in get_args(Claim):
            raise ArgumentError("claim", self.claim, f"one of {', '.join(get_args(Claim))}")
        if len(self.input_shape) not in _AXES or min(self.input_shape) < 1:
            raise ArgumentError(
                "input_shape", self.input_shape, "(channels, height, width), with |H| or 3, 2 after the channels"
            )
        if self.input_kind == "jacobian" and self.input_shape[1:3] != (3, 2):
            raise ArgumentError("input_shape", self.input_shape, "(channels, 3, 2, height, width) of a Jacobian field")
        if self.dtype not in _DTYPES:
            raise ArgumentError("dtype", self.dtype, f"one of {', '.join(map(str, _DTYPES))}")
        if self.batch < 1:
            raise ArgumentError("batch", self.batch, "at least one image in a pass")
        if self.images is not None and self.images < 2:
            raise ArgumentError("images", self.images, "at least 2, for an interval over images")
        if self.sizes is not None and (not self.sizes or min(self.sizes) < 1):
            raise ArgumentError("sizes", self.sizes, "numbers of pixels along a side")
        if self.block is not None and (self.group != "block-fields" or self.block < 1):
            raise ArgumentError("block", self.block, "the pixels along the side of a block, for block-fields only")
        self._check_action()
        self._check_input()

    def _check_action(self) -> None:
        if self.claim == "invariant" and self.action is not None:
            raise ArgumentError("action", self.action, "none for the claim invariant: the output stays")
        if isinstance(self.action, str) and self.action not in get_args(Kind):
            raise ArgumentError("action", self.action, f"one of {', '.join(get_args(Kind))}, or a function")
        if callable(self.action) and self.group not in FINITE:
            raise ArgumentError("action", "a function", f"a function for a finite group only: {', '.join(FINITE)}")
        kinds: dict[str, tuple[Kind, ...]] = {"block-fields": ("jacobian",), "colour-gain": ("scalar",)}
        allowed = kinds.get(self.group, get_args(Kind) if self.group in FINITE else ("scalar", "jacobian"))
        if isinstance(self.moves, str) and self.moves not in allowed:
            raise ArgumentError(
                "claim", f"{self.claim}, {self.moves} output", f"invariant, or the action {' or '.join(allowed)}"
            )

    def _check_input(self) -> None:
        kind = self.input_kind
        if self.group == "block-fields" and kind != "jacobian":
            raise ArgumentError("input_shape", self.input_shape, "(channels, 3, 2, height, width) for block-fields")
        if self.group == "colour-gain" and kind != "scalar":
            raise ArgumentError("input_shape", self.input_shape, "(channels, height, width) for colour-gain")
        if kind == "regular" and self.group not in FINITE:
            raise ArgumentError("input_shape", self.input_shape, f"no group axis for {self.group}")
        if kind == "regular" and self.input_shape[1] != (order := GROUPS[self.group].order):
            raise ArgumentError("input_shape", self.input_shape, f"{order} elements of {self.group} on the second axis")
        if self.group in LADDER and self.input_shape[-1] != self.input_shape[-2]:
            raise ArgumentError("input_shape", self.input_shape, f"a square for {self.group}")

    @property
    def input_kind(self) -> Kind:
        return _AXES[len(self.input_shape)]

    @property
    def moves(self) -> Action | None:
        """How the output moves under the claim; None where it stays."""
        return None if self.claim == "invariant" else self.action or "scalar"

    def shape(self, size: int | None = None) -> tuple[int, ...]:
        """The input's shape, with another side length if given."""
        return self.input_shape if size is None else (*self.input_shape[:-2], size, size)

    def to_dict(self) -> dict[str, Any]:
        action = self.action if isinstance(self.action, str | None) else "function"
        return asdict(self) | {"action": action, "dtype": str(self.dtype).removeprefix("torch.")}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Question:
        """Raises ArgumentError where a field is missing, unknown or of the wrong type."""
        try:
            sizes = data["sizes"] and tuple(data["sizes"])
            dtype = getattr(torch, data["dtype"])
            return cls(**data | {"input_shape": tuple(data["input_shape"]), "sizes": sizes, "dtype": dtype})
        except (KeyError, TypeError, AttributeError) as error:
            raise ArgumentError("question", data, f"the fields of a check ({error})") from error
