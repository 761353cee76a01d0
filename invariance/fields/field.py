r"""What a tensor is and how it moves: a fibre at every place of a domain, laid out in a stated way.

A tensor is `(batch, *shape)`. `act(g, tensor)` is ρ(g), on a batch; `moves_only(g)` says whether it moves entries and
changes signs only, so that nothing is rounded, `resamples(g)` whether values between places are made up.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, TypeVar, get_args

import torch
from jaxtyping import Bool, Shaped
from torch import Tensor

from ..errors import ArgumentError, ArgumentTypeError, one_of
from ..groups import Element
from .domains import Domain, Grid
from .fibres import SCALAR, Fibre, Position

__all__ = ["ANY_SHAPE", "Field", "Invariant", "Layout", "TensorField"]

Layout = Literal["separate", "folded", "fibre-first", "folded-fibre-first"]
"""Channels and fibre: two axes (c, f), one axis c·|f| + f, or the fibre first: (f, c), and f·|c| + c."""

ANY_SHAPE = (-1,)

_CUTOFF = 3  # waves a side of what is drawn where a group resamples: 33 pixels a side then have five a half-wave
_WINDOW = 0.25


F = TypeVar("F", bound="Field")


class Field(ABC):
    """The protocol.

    Attributes:
        spec: as it is spelled on the command line and in files; empty where it cannot be.
        shape: of one sample; `ANY_SHAPE` where it does not matter.
        linear: whether ρ(g) is linear.
        dtype: None for the floating-point type of the model; integers and masks keep theirs.
    """

    spec: str
    shape: tuple[int, ...]
    linear: ClassVar[bool] = True
    dtype: torch.dtype | None = None

    def __new__(cls: type[F], *_: Any, **__: Any) -> F:
        if missing := sorted(cls.__abstractmethods__):
            raise ArgumentTypeError(
                "field", cls.__name__, f"a field with {' and '.join(missing)}, as `fields.Field` says"
            )
        return object.__new__(cls)

    @abstractmethod
    def act(self, g: Element, tensor: Shaped[Tensor, "b ..."]) -> Shaped[Tensor, "b ..."]:
        """ρ(g) on a batch."""

    @abstractmethod
    def moves_only(self, g: Element) -> bool:
        """Whether ρ(g) moves entries and changes signs only."""

    def resamples(self, g: Element) -> bool:
        """Whether ρ(g) interpolates between entries, so that its error is judged beside a floor; False unless said."""
        return False

    def region(self, g: Element) -> Bool[Tensor, "..."] | None:
        """Which entries of a sample come from inside, where some do not."""
        return None

    @abstractmethod
    def sample(self, batch: int, generator: torch.Generator, *, smooth: bool = False) -> Shaped[Tensor, "b ..."]:
        """Random tensors; `smooth` ones where they will be resampled."""

    def varied(self, kind: str, tensor: Shaped[Tensor, "b ..."], generator: torch.Generator) -> Shaped[Tensor, "b ..."]:
        """The tensor as it may be too: "small and large values", "mostly zero", or "special values"; itself where that
        says nothing.
        """
        return tensor

    def encode(self, tensor: Shaped[Tensor, "b ..."]) -> Shaped[Tensor, "b ..."]:
        """The numbers that are compared: the tensor itself, or one-hot codes of labels."""
        return tensor

    def check(self, name: str, tensor: object) -> Tensor:
        """Raises ArgumentError, or ArgumentTypeError, where it is no batch of this field."""
        if not isinstance(tensor, Tensor):
            raise ArgumentTypeError(name, type(tensor).__name__, f"a tensor: {self}")
        if self.shape != ANY_SHAPE and tuple(tensor.shape[1:]) != self.shape:
            raise ArgumentError(
                f"{name}.shape", tuple(tensor.shape), f"(batch, {', '.join(map(str, self.shape))}), {self}"
            )
        if self.shape != ANY_SHAPE and _kind(tensor.dtype) != (wanted := _kind(self.dtype or torch.float64)):
            raise ArgumentError(f"{name}.dtype", tensor.dtype, f"{wanted}, {self}")
        return tensor

    def otherwise(self) -> Iterable[tuple[str, Field]]:
        """Other fields that are taken for this one, in words: what a diagnosis tries."""
        return ()

    def check_output(self, name: str, tensor: object) -> Tensor:
        """As `check`, of what a model returns, which may have been moved."""
        return self.check(name, tensor)

    def __str__(self) -> str:
        return getattr(self, "spec", "") or type(self).__name__


@dataclass(frozen=True)
class Invariant(Field):
    """The trivial action, on a tensor of any shape: what the claim *invariant* says of an output."""

    spec: str = "invariant"
    shape: tuple[int, ...] = ANY_SHAPE

    def act(self, g: Element, tensor: Shaped[Tensor, "b ..."]) -> Shaped[Tensor, "b ..."]:
        return tensor

    def moves_only(self, g: Element) -> bool:
        return True

    def sample(self, batch: int, generator: torch.Generator, *, smooth: bool = False) -> Shaped[Tensor, "b ..."]:
        raise ArgumentError("in", "invariant", "a field with a shape, as what a model is given has")


@dataclass(frozen=True)
class TensorField(Field):
    """Real numbers: `channels` copies of a fibre at every place of a domain.

    Attributes:
        channels: None for a single copy without an axis of its own.
        layout: how channels and fibre lie; a grid comes after them, items come before.
        scale: standard deviation of random values.
    """

    spec: str
    domain: Domain = field(default_factory=Domain)
    fibre: Fibre = SCALAR
    channels: int | None = None
    layout: Layout = "separate"
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.layout not in get_args(Layout):
            raise ArgumentError("layout", self.layout, one_of(self.layout, get_args(Layout)))
        if min((*self.domain.shape, self.channels or 1, *self.fibre.shape), default=1) < 1:
            raise ArgumentError("field", self.spec, "lengths of at least 1")

    @property
    def linear(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return not isinstance(self.fibre, Position)

    @property
    def shape(self) -> tuple[int, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Of one sample: fibre, channels and places, in the order of the layout."""
        own, copies = self.fibre.shape, () if self.channels is None else (self.channels,)
        pair = (own, copies) if "fibre-first" in self.layout else (copies, own)
        held = (*pair[0], *pair[1])
        if "folded" in self.layout and held:
            held = (_product(held),)
        return (*held, *self.domain.shape) if self._grid else (*self.domain.shape, *held)

    @property
    def _grid(self) -> bool:
        return isinstance(self.domain, Grid)

    def act(self, g: Element, tensor: Shaped[Tensor, "b ..."]) -> Shaped[Tensor, "b ..."]:
        values = self._opened(tensor)
        return self._closed(self.domain.act(g, self.fibre.act(g, values, 2)))

    def moves_only(self, g: Element) -> bool:
        return self.domain.moves_only(g) and self.fibre.moves_only(g)

    def resamples(self, g: Element) -> bool:
        """Whether g takes places of the domain between places, as a turn by 45° does to a grid."""
        return not self.domain.moves_only(g)

    def otherwise(self) -> Iterable[tuple[str, Field]]:
        """The same places with another fibre."""
        for fibre in self.fibre.otherwise():
            yield fibre.spec, replace(self, spec="", fibre=fibre)

    def check_output(self, name: str, tensor: object) -> Tensor:
        """As `check`; a turn by 90° exchanges the sides of a grid."""
        grid, sizes = self.domain, getattr(tensor, "shape", ())[-len(self.domain.shape) :]
        if isinstance(grid, Grid) and sorted(sizes) == sorted(grid.sizes):
            return replace(self, domain=replace(grid, sizes=tuple(sizes))).check(name, tensor)
        return self.check(name, tensor)

    def region(self, g: Element) -> Bool[Tensor, "..."] | None:
        inside = self.domain.region(g)
        return None if inside is None else inside.expand(self.shape)

    def sample(self, batch: int, generator: torch.Generator, *, smooth: bool = False) -> Shaped[Tensor, "b ..."]:
        held = (self.channels or 1, *self.fibre.shape)
        if smooth and isinstance(self.domain, Grid):
            values = _smooth((batch, *held), self.domain.sizes, generator)
        else:
            values = torch.randn((batch, *held, *self.domain.shape), generator=generator, dtype=torch.float64)
        return self._closed(self.scale * self.fibre.project(values, 2))

    def varied(self, kind: str, tensor: Shaped[Tensor, "b ..."], generator: torch.Generator) -> Shaped[Tensor, "b ..."]:
        if kind == "small and large values":
            sizes = torch.tensor([0.1, 10.0], dtype=tensor.dtype).repeat((len(tensor) + 1) // 2)[: len(tensor)]
            return tensor * sizes.view(-1, *[1] * (tensor.ndim - 1))
        places = self.domain.shape
        if kind == "special values" and self.fibre == SCALAR and places:
            return self._positive(tensor) if self._grid else self._coded(tensor)
        if kind != "mostly zero" or not places or isinstance(self.fibre, Position):
            return tensor
        kept = torch.rand((len(tensor), *places), generator=generator) < 0.25
        held = [1] * (tensor.ndim - 1 - len(places))
        return tensor * (kept.view(-1, *held, *places) if self._grid else kept.view(-1, *places, *held))

    def _positive(self, tensor: Tensor) -> Tensor:
        """From 0 to 1000, as a tomograph or a sensor gives them."""
        low, high = tensor.amin(), tensor.amax()
        return 1000 * (tensor - low) / (high - low).clamp_min(torch.finfo(tensor.dtype).tiny)

    def _coded(self, tensor: Tensor) -> Tensor:
        """Codes of classes, one channel 1 and the others 0, in half of the samples; negative values in the others."""
        codes = tensor.argmax(-1, keepdim=True) == torch.arange(tensor.shape[-1])
        half = (torch.arange(len(tensor)) % 2 == 0).view(-1, *[1] * (tensor.ndim - 1))
        return torch.where(half, codes.to(tensor.dtype), -tensor.abs())

    def _opened(self, tensor: Tensor) -> Tensor:
        """(batch, channels, *fibre, *places)."""
        places = len(self.domain.shape)
        if not self._grid:  # places come first
            tensor = tensor.movedim(list(range(1, 1 + places)), list(range(tensor.ndim - places, tensor.ndim)))
        copies = self.channels or 1
        first, second = ((copies,), self.fibre.shape)
        if "fibre-first" in self.layout:
            first, second = second, first
        opened = tensor.reshape(len(tensor), *first, *second, *tensor.shape[tensor.ndim - places :])
        return opened.movedim(1 + len(first), 1) if "fibre-first" in self.layout else opened

    def _closed(self, values: Tensor) -> Tensor:
        places, depth = len(self.domain.shape), len(self.fibre.shape)
        if "fibre-first" in self.layout:
            values = values.movedim(1, 1 + depth)
        ends = values.shape[values.ndim - places :]
        held = self.shape[: len(self.shape) - places] if self._grid else self.shape[places:]
        closed = values.reshape(len(values), *held, *ends)
        if not self._grid:
            closed = closed.movedim(list(range(closed.ndim - places, closed.ndim)), list(range(1, 1 + places)))
        return closed


def _smooth(lead: tuple[int, ...], sizes: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """A few random waves in a Gaussian window, so that the rim is black and the grid far finer than the content."""
    lines = [(torch.arange(n, dtype=torch.float64) + 0.5) / n * 2 - 1 for n in sizes]
    points = torch.stack(torch.meshgrid(*lines, indexing="ij"), -1).reshape(-1, len(sizes))
    waves = torch.randn((*lead, 6, len(sizes)), generator=generator, dtype=torch.float64)
    waves = waves / waves.norm(dim=-1, keepdim=True).clamp(min=1) * torch.pi * _CUTOFF
    phases = 2 * torch.pi * torch.rand((*lead, 6, 1), generator=generator, dtype=torch.float64)
    weights = torch.randn((*lead, 6, 1), generator=generator, dtype=torch.float64)
    window = (-points.square().sum(1) / (2 * _WINDOW**2)).exp()
    return ((weights * (waves @ points.mT + phases).cos()).sum(-2) * window).reshape(*lead, *sizes)


def _product(lengths: tuple[int, ...]) -> int:
    result = 1
    for length in lengths:
        result *= length
    return result


def _kind(dtype: torch.dtype) -> str:
    return "truth values" if dtype == torch.bool else "real numbers" if dtype.is_floating_point else "whole numbers"
