r"""Connected Lie groups to first order, for a basis X of the algebra:
$\tfrac{d}{dt}\big|_0 F(\rho(e^{tX})x) = \tfrac{d}{dt}\big|_0 \rho(e^{tX})F(x)$.

Both sides are forward-mode derivatives, so no step is chosen. Where they agree for all x, F is equivariant under the
whole component of the identity; a check sees the x that it draws.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..fields import leaves, map_tree
from ..groups import Tangent
from .pack import Packed, Rows

__all__ = ["Direction", "FirstOrder"]


@dataclass
class Direction:
    """Along which tangent; shared by all copies of a network, so that one copy serves a whole basis."""

    tangent: Tangent

    def __deepcopy__(self, memo: dict[int, Any]) -> Direction:
        return self


class FirstOrder(nn.Module):
    r"""$x \mapsto (F + \dot F_\text{in},\ F + \dot F_\text{out})$: equal where the claim holds; E is per unit of t.

    F is added so that an output whose derivative vanishes is compared in units of its own differences.
    """

    def __init__(self, packed: Packed, direction: Direction) -> None:
        super().__init__()
        self.packed, self.direction = packed, direction
        self.training = packed.training

    def forward(self, rows: Rows) -> Rows:
        packed, symmetry = self.packed, self.packed.symmetry
        inputs, near = packed.layouts.unpack(rows), self.direction.tangent.near
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # torch's own: it scripts its rules for derivatives
            outputs, rate = _derivative(lambda t: packed.outputs(symmetry.act(near(t), inputs)))
            wanted = _derivative(lambda t: symmetry.act_out(near(t), outputs))[1]
        pair = tuple(map_tree(_moved, outputs, other) for other in (rate, wanted))
        return packed.layouts.pack(pair, rows.dtype)


def _derivative(function: Callable[[Tensor], Any]) -> tuple[Any, Any]:
    """The value at t = 0 and the derivative there, of a tree of any type: torch knows those of its own alone."""
    seen: list[Any] = []
    zero, one = (torch.tensor(v, dtype=torch.float64) for v in (0.0, 1.0))

    def flat(t: Tensor) -> tuple[Tensor, ...]:
        seen[:] = [function(t)]
        return tuple(leaf for _, leaf in leaves(seen[0]))

    def tree(values: Iterable[Tensor]) -> Any:
        rest = iter(values)
        return map_tree(lambda _: next(rest), seen[0])

    values, rates = torch.func.jvp(flat, (zero,), (one,))[:2]
    return tree(values), tree(rates)


def _moved(value: Tensor, rate: Tensor) -> Tensor:
    return value + rate.to(value.dtype) if value.is_floating_point() else value
