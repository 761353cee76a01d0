r"""The symmorphic wallpaper groups in use, each one line: the matrices of H, in the order that fixes its indices."""

from __future__ import annotations

from .axioms import Matrix, multiply
from .split import SplitGroup

__all__ = ["CM", "GROUPS", "P2", "P3", "P4", "P4M", "PM"]

_ONE: Matrix = ((1, 0), (0, 1))
_HALF_TURN: Matrix = ((-1, 0), (0, -1))
_QUARTER_TURN: Matrix = ((0, -1), (1, 0))
_THIRD_TURN: Matrix = ((0, -1), (1, -1))
_MIRROR: Matrix = ((-1, 0), (0, 1))
_DIAGONAL: Matrix = ((0, 1), (1, 0))


def _powers(matrix: Matrix, order: int, first: Matrix = _ONE) -> tuple[Matrix, ...]:
    powers = [first]
    while len(powers) < order:
        powers.append(multiply(powers[-1], matrix))
    return tuple(powers)


P2 = SplitGroup.from_matrices("p2", (_ONE, _HALF_TURN))
PM = SplitGroup.from_matrices("pm", (_ONE, _MIRROR))
CM = SplitGroup.from_matrices("cm", (_ONE, _DIAGONAL))
P3 = SplitGroup.from_matrices("p3", _powers(_THIRD_TURN, 3))
P4 = SplitGroup.from_matrices("p4", _powers(_QUARTER_TURN, 4))
P4M = SplitGroup.from_matrices("p4m", _powers(_QUARTER_TURN, 4) + _powers(_QUARTER_TURN, 4, first=_MIRROR))

GROUPS = {group.name: group for group in (P2, PM, CM, P3, P4, P4M)}
r"""By name.

p4: index r = quarter turns counter-clockwise, `torch.rot90(k=r, dims=(-2, -1))`. p4m: index 4m + r,
$\text{flip}^m \circ \text{rot90}^r$; the flip is that of the rows, `torch.flip(dims=(-2,))`, as in the matrices of
Cohen & Welling (2016, section 4.3). p2: half turns. pm: the flip of the rows. cm: the transposition. p3: third turns of
the hexagonal lattice, in a basis of two shortest vectors; a group, but none of square pixels.
"""
