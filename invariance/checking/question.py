"""What is asked: a group, a claim, an input; as data that a file can hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from ..errors import ArgumentError, ArgumentTypeError
from ..groups import GROUPS
from ..symmetry import Symmetry
from ..verdicts import Claim
from ..warps import WARP_FAMILIES

__all__ = [
    "BATCH",
    "CHECKED_GROUPS",
    "FINITE",
    "LADDER",
    "POINTWISE",
    "SEQUENCES",
    "Action",
    "Border",
    "Kind",
    "Question",
    "SymmetryQuestion",
    "question_from_dict",
]

Kind = Literal["scalar", "regular", "jacobian"]
"""What a tensor is a field of: numbers "b c h w", functions on H "b c |H| h w", or Jacobians "b c 3 2 h w"."""

Action = Kind | Callable[[int, Tensor], Tensor]
"""How the output moves: as a field of a kind, or by a function of the index of the element and the output."""

FINITE = tuple(name for name, group in GROUPS.items() if group.permutes_pixels)
POINTWISE = ("colour-gain", "block-fields")
LADDER = ("rotation", "scale", "shear", *WARP_FAMILIES)
BATCH = "batch"
SEQUENCES = ("translation", BATCH)
"""What is asked of sequences in the way it is asked of images; other groups act on them through a `Symmetry`."""

CHECKED_GROUPS = ("translation", BATCH, *FINITE, *POINTWISE, *LADDER)

Border = Literal["ignored", "counted"]
"""Whether what an image's border does is the network's doing."""

_AXES: dict[Kind, int] = {"scalar": 3, "regular": 4, "jacobian": 5}
_DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


@dataclass(frozen=True)
class Question:
    """The arguments of `check`, which explains them; the random numbers come from `seed` alone.

    Attributes:
        sequence: the shape (C, 1, length) stands for sequences (C, length), images of one row.

    Raises:
        ArgumentError: an unknown group, claim or action; a combination of them or a shape that makes no sense.
        ArgumentTypeError: a number that is none.
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
    fibre: Kind | None = None
    tolerance: float | None = None
    border: Border = "ignored"
    budget: float | None = None
    sequence: bool = False
    inputs: Tensor | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.group not in CHECKED_GROUPS:
            raise ArgumentError("group", self.group, f"one of {', '.join(CHECKED_GROUPS)}")
        if self.claim not in get_args(Claim):
            raise ArgumentError("claim", self.claim, f"one of {', '.join(get_args(Claim))}")
        if self.fibre is not None and self.fibre not in get_args(Kind):
            raise ArgumentError("fibre", self.fibre, f"one of {', '.join(get_args(Kind))}")
        if min(self.input_shape, default=0) < 1 or len(self.input_shape) < 3:
            raise ArgumentError("input_shape", self.input_shape, "(channels, height, width), none of them 0")
        if len(self.input_shape) > 3 and self._declared is None:
            batch = f", without the batch axis: {self.input_shape[1:]}" if self.input_shape[0] == 1 else ""
            wanted = (
                f"(channels, height, width){batch}; say of more axes what they are: fibre='regular' for "
                "(C, |H|, H, W), functions on the group, fibre='jacobian' for (C, 3, 2, H, W), or a Symmetry of "
                "fields, such as volume:1x8x33x33"
            )
            raise ArgumentError("input_shape", self.input_shape, wanted)
        if self.sequence and (self.group not in SEQUENCES or self.input_shape[-2] != 1):
            raise ArgumentError("sequence", self.input_shape, f"(C, 1, length), for {' and '.join(SEQUENCES)}")
        if len(self.input_shape) != _AXES[self.input_kind]:
            raise ArgumentError("input_shape", self.input_shape, f"{_AXES[self.input_kind]} axes for {self.input_kind}")
        if self.input_kind == "jacobian" and self.input_shape[1:3] != (3, 2):
            raise ArgumentError("input_shape", self.input_shape, "(channels, 3, 2, height, width) of a Jacobian field")
        if self.dtype not in _DTYPES:
            raise ArgumentError("dtype", self.dtype, f"one of {', '.join(map(str, _DTYPES))}")
        _require_numbers(self, ("batch", "images", "block", "seed"), ("tolerance", "budget"))
        if self.batch < 1:
            raise ArgumentError("batch", self.batch, "at least one image in a pass")
        if self.images is not None and self.images < 2:
            raise ArgumentError("images", self.images, "at least 2, for an interval over images")
        if self.sizes is not None and (not self.sizes or min(self.sizes) < 1):
            raise ArgumentError("sizes", self.sizes, "numbers of pixels along a side")
        if self.block is not None and (self.group != "block-fields" or self.block < 1):
            raise ArgumentError("block", self.block, "the pixels along the side of a block, for block-fields only")
        if self.tolerance is not None and not 0 <= self.tolerance < float("inf"):
            raise ArgumentError("tolerance", self.tolerance, "the largest E that is good enough, such as 0.02")
        if self.border not in get_args(Border):
            raise ArgumentError("border", self.border, f"one of {', '.join(get_args(Border))}")
        if self.budget is not None and not self.budget > 0:
            raise ArgumentError("budget", self.budget, "seconds, more than 0")
        self._check_given()
        self._check_action()
        self._check_input()

    def _check_given(self) -> None:
        if self.inputs is None:
            return
        if self.sizes:
            raise ArgumentError("sizes", self.sizes, "None beside inputs, which have their size")
        if self.group in LADDER:
            raise ArgumentError("inputs", "given", f"None for {self.group}, whose images are known at every point")
        if tuple(self.inputs.shape[1:]) != self.input_shape:
            raise ArgumentError("inputs", tuple(self.inputs.shape), f"(batch, {', '.join(map(str, self.input_shape))})")
        if len(self.inputs) > 1 and bool((self.inputs == self.inputs[:1]).all()):
            wanted = "samples that differ: on equal ones every model looks constant"
            raise ArgumentError("inputs", f"{len(self.inputs)} equal samples", wanted)

    def _check_action(self) -> None:
        if self.group == BATCH and self.claim != "invariant":
            raise ArgumentError("claim", self.claim, "invariant: a sample's output does not depend on its batch")
        if self.claim == "invariant" and self.action is not None:
            raise ArgumentError("action", self.action, "none for the claim invariant: the output stays")
        if isinstance(self.action, str) and self.action not in get_args(Kind):
            raise ArgumentError("action", self.action, f"one of {', '.join(get_args(Kind))}, or a function")
        if not (self.action is None or isinstance(self.action, str) or callable(self.action)):
            raise ArgumentTypeError("action", self.action, f"one of {', '.join(get_args(Kind))}, or a function")
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
        """What the input's axes are: scalar (C, H, W), regular (C, |H|, H, W) or jacobian (C, 3, 2, H, W)."""
        return self._declared or "scalar"

    @property
    def _declared(self) -> Kind | None:
        """Block fields act on Jacobian fields alone."""
        return self.fibre or ("jacobian" if self.group == "block-fields" else None)

    @property
    def moves(self) -> Action | None:
        """How the output moves under the claim; None where it stays."""
        return None if self.claim == "invariant" else self.action or "scalar"

    def shape(self, size: int | None = None) -> tuple[int, ...]:
        """The input's shape, with another side length if given."""
        if size is None:
            return self.input_shape
        return (*self.input_shape[:-2], 1 if self.sequence else size, size)

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Of one sample as the model takes it."""
        return (self.input_shape[0], self.input_shape[-1]) if self.sequence else self.input_shape

    def to_dict(self) -> dict[str, Any]:
        """Plain data, of which `from_dict` makes the question again; functions and given inputs are told in a word."""
        action = self.action if isinstance(self.action, str | None) else "function"
        given = {} if self.inputs is None else {"inputs": "given"}
        plain = asdict(replace(self, inputs=None))
        del plain["inputs"]
        return plain | {"action": action, "dtype": str(self.dtype).removeprefix("torch.")} | given

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Question:
        """Raises ArgumentError where a field is missing, unknown or of the wrong type."""
        if data.get("inputs") == "given":
            raise ArgumentError("question", "inputs that were given", "drawn ones: a file does not hold the inputs")
        try:
            sizes = data["sizes"] and tuple(data["sizes"])
            dtype = getattr(torch, data["dtype"])
            return cls(**data | {"input_shape": tuple(data["input_shape"]), "sizes": sizes, "dtype": dtype})
        except (KeyError, TypeError, AttributeError) as error:
            raise ArgumentError("question", data, f"the fields of a check ({error})") from error


def _require_numbers(question: object, whole: tuple[str, ...], real: tuple[str, ...]) -> None:
    for names, kinds, wanted in ((whole, int, "a whole number"), (real, int | float, "a number")):
        for name in names:
            value = getattr(question, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
                raise ArgumentTypeError("images" if name == "samples" else name, value, wanted)


def question_from_dict(data: dict[str, Any], load: Callable[[str], Symmetry]) -> Question | SymmetryQuestion:
    """Either kind, as `to_dict` wrote it; `load` finds a symmetry by FILE.py:NAME."""
    return SymmetryQuestion.from_dict(data, load) if "symmetry" in data else Question.from_dict(data)


@dataclass(frozen=True, eq=False)
class SymmetryQuestion:
    """The arguments of `check` with a symmetry; random numbers come from `seed` alone.

    Attributes:
        samples: how many of each kind of inputs.
        random: how many random elements of a group that is not listed element by element.
        tolerance: E to judge by instead of rounding.
        inputs: a tree of tensors of one's own, instead of drawn ones.

    Raises:
        ArgumentError: fewer than two samples, no random elements, a tolerance that is none, an unknown dtype.
    """

    symmetry: Symmetry
    samples: int | None = None
    random: int = 4
    batch: int = 8
    dtype: torch.dtype = torch.float64
    device: str = "cpu"
    tolerance: float | None = None
    inputs: Any = None
    seed: int = 0

    action = None

    def __post_init__(self) -> None:
        _require_numbers(self, ("batch", "samples", "random", "seed"), ("tolerance",))
        if self.samples is not None and self.samples < 2:
            raise ArgumentError("images", self.samples, "at least 2 samples, for an interval over them")
        if self.random < 1:
            raise ArgumentError("random", self.random, "at least one random element")
        if self.batch < 1:
            raise ArgumentError("batch", self.batch, "at least one sample in a pass")
        if self.dtype not in _DTYPES:
            raise ArgumentError("dtype", self.dtype, f"one of {', '.join(map(str, _DTYPES))}")
        if self.tolerance is not None and not 0 < self.tolerance < float("inf"):
            raise ArgumentError("tolerance", self.tolerance, "a finite E above 0")

    @property
    def group(self) -> str:
        """The group's name."""
        return self.symmetry.group.name

    @property
    def claim(self) -> Claim:
        r"""*invariant* where every output stays under g, $F(gx) = F(x)$; else *equivariant*, $F(gx) = \rho(g)F(x)$."""
        return self.symmetry.claim

    def to_dict(self) -> dict[str, Any]:
        """For a file; what has no name, and inputs of one's own, are told in words and cannot be asked again."""
        plain = {item: getattr(self, item) for item in ("samples", "random", "batch", "device", "tolerance", "seed")}
        symmetry = self.symmetry.to_dict() if self.symmetry.portable else {"told": str(self.symmetry)}
        given = {} if self.inputs is None else {"inputs": "one's own"}
        return {"symmetry": symmetry, "dtype": str(self.dtype).removeprefix("torch.")} | plain | given

    @classmethod
    def from_dict(cls, data: dict[str, Any], load: Callable[[str], Symmetry]) -> SymmetryQuestion:
        """Raises ArgumentError where a field is missing, unknown or of the wrong type."""
        try:
            told = data["symmetry"]
            if "inputs" in data or "told" in told:
                wanted = "drawn inputs, and a symmetry that has a name or is found at FILE.py:NAME, to be asked again"
                raise ArgumentError("question", data.get("inputs", told), wanted)
            symmetry = load(told["source"]) if "source" in told else Symmetry.from_dict(told)
            return cls(**data | {"symmetry": symmetry, "dtype": getattr(torch, data["dtype"])})
        except (KeyError, TypeError, AttributeError) as error:
            raise ArgumentError("question", data, f"the fields of a check ({error})") from error
