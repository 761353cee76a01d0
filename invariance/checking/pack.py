"""Trees of tensors as rows of numbers, one a sample, so that what runs and judges tensors runs and judges trees.

A row starts with the number of its layout; whole numbers are written in digits of base 128, which every dtype down to
bfloat16 holds exactly and which survive changes far below one half.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import ArgumentError, ArgumentTypeError
from ..fields import leaves, map_tree, outline
from ..symmetry import Symmetry

__all__ = ["Layouts", "Packed"]

_BASE, _DIGITS = 128, 3

Rows = Float[Tensor, "batch _"]


@dataclass(frozen=True, eq=False)
class _Layout:
    """What a row holds: a tree of (shape, dtype), None for the floating-point dtype of the row."""

    tree: Any

    def unpack(self, rows: Rows) -> Any:
        place = 1

        def taken(leaf: _Kept) -> Tensor:
            nonlocal place
            width = leaf.width
            piece = rows[:, place : place + width]
            place += width
            return leaf.restored(piece)

        return map_tree(taken, self.tree)


class _Kept:
    """The shape of one leaf's sample, and its dtype where that is not the row's."""

    def __init__(self, tensor: Tensor) -> None:
        self.shape = tuple(tensor.shape[1:])
        self.dtype = None if tensor.is_floating_point() else tensor.dtype

    @property
    def key(self) -> tuple[Any, ...]:
        return self.shape, self.dtype

    @property
    def width(self) -> int:
        entries = 1
        for length in self.shape:
            entries *= length
        return entries * (1 if self.dtype in (None, torch.bool) else 1 + _DIGITS)

    def restored(self, piece: Tensor) -> Tensor:
        if self.dtype is None:
            return piece.reshape(len(piece), *self.shape)
        if self.dtype == torch.bool:
            return (piece > 0.5).reshape(len(piece), *self.shape)
        parts = piece.reshape(len(piece), *self.shape, 1 + _DIGITS).round().long()
        value = sum(parts[..., 1 + k] * _BASE**k for k in range(_DIGITS))
        return torch.where(parts[..., 0] > 0, -value, value).to(self.dtype)


class Layouts:
    """The layouts that were seen, shared by all copies of a packed model."""

    def __init__(self) -> None:
        self._seen: list[_Layout] = []
        self._numbers: dict[Any, int] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Layouts:
        return self

    def pack(self, tree: Any, dtype: torch.dtype = torch.float64) -> Rows:
        """Raises ArgumentTypeError where a leaf is no tensor."""
        for path, leaf in leaves(tree):
            if not isinstance(leaf, Tensor):
                raise ArgumentTypeError(path or "tree", type(leaf).__name__, "a tensor, or a tree of tensors")
        found = [leaf for _, leaf in leaves(tree)]
        number = self._number(tree)
        head = torch.full((len(found[0]), 1), float(number), dtype=dtype, device=found[0].device)
        return torch.cat([head, *(_row(leaf, dtype) for leaf in found)], 1)

    def unpack(self, rows: Rows) -> Any:
        return self._seen[int(rows[0, 0].round())].unpack(rows)

    def _number(self, tree: Any) -> int:
        kept = map_tree(_Kept, tree)
        name = outline(kept, lambda leaf: leaf.key)
        if name not in self._numbers:
            self._numbers[name] = len(self._seen)
            self._seen.append(_Layout(kept))
            if len(self._seen) > 200:
                raise ArgumentError("model(inputs)", "more than 200 shapes", "outputs of a fixed shape")
        return self._numbers[name]


class Packed(nn.Module):
    """A model of trees as one of rows; the outputs are what the symmetry compares, by path."""

    def __init__(self, model: Callable[..., Any], symmetry: Symmetry, layouts: Layouts) -> None:
        super().__init__()
        self.net = model if isinstance(model, nn.Module) else None
        self.function = None if isinstance(model, nn.Module) else model
        self.symmetry, self.layouts = symmetry, layouts
        self.training = model.training if isinstance(model, nn.Module) else False

    def __deepcopy__(self, memo: dict[int, Any]) -> Packed:
        import copy

        model = self.function if self.net is None else copy.deepcopy(self.net, memo)
        assert model is not None
        return type(self)(model, self.symmetry, self.layouts)

    def outputs(self, inputs: Any) -> Any:
        """What the model makes of a tree."""
        model = self.function if self.net is None else self.net
        assert model is not None
        return self.symmetry.run(model, inputs)

    def forward(self, rows: Rows) -> Rows:
        outputs = self.outputs(self.layouts.unpack(rows))
        for path, leaf in leaves(outputs):
            _require_real(f"model(inputs){path}", leaf)
        return self.layouts.pack(outputs, rows.dtype)


def _row(leaf: Tensor, dtype: torch.dtype) -> Tensor:
    if leaf.is_floating_point() or leaf.dtype == torch.bool:
        return leaf.to(dtype).reshape(len(leaf), -1)
    size = leaf.abs()
    digits = [(leaf < 0).to(dtype), *((size // _BASE**k % _BASE).to(dtype) for k in range(_DIGITS))]
    return torch.stack(digits, -1).reshape(len(leaf), -1)


def _require_real(name: str, leaf: Any) -> None:
    if not isinstance(leaf, Tensor):
        raise ArgumentTypeError(name, type(leaf).__name__, "a tensor, or a tree of tensors")
    if leaf.is_complex():
        raise ArgumentTypeError(name, leaf.dtype, "real numbers; torch.view_as_real makes pairs of complex ones")
    if not leaf.ndim:
        raise ArgumentTypeError(name, "a single number", "one output for each sample, on the first axis")
