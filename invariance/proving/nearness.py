r"""Nearly equal weights: which entries would have to be equal, and the nearest weights in which they are.

Along a generator each rule asks for equations $w_i = \pm w_j$ between entries of the weights. Where they hold only to
rounding they are written down; together they part the entries into orbits, and the nearest symmetric weights are the
means over the orbits (orthogonal projection). What is then proved is proved exactly, of the changed weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .actions import Ints, Reals
from .matching import Match

__all__ = ["TOLERANCE", "Equations", "near_match"]

TOLERANCE = 1e-5
"""Over the largest weight of a tensor: a hundred roundings of float32, far below differences that training makes."""


@dataclass
class Equations:
    """Entries of all weights, numbered from 0, and pairs of them that should be equal up to sign."""

    count: int = 0
    starts: dict[str, int] = field(default_factory=dict)
    pairs: list[tuple[Ints, Ints, NDArray[np.int8]]] = field(default_factory=list)

    def number(self, name: str, shape: tuple[int, ...]) -> Ints:
        """The numbers of a weight's entries."""
        if name not in self.starts:
            self.starts[name] = self.count
            self.count += int(np.prod(shape))
        start = self.starts[name]
        return np.arange(start, start + int(np.prod(shape)), dtype=np.int64).reshape(shape)

    def require(self, left: Ints, right: Ints, sign: Reals | float = 1.0) -> None:
        signs = np.broadcast_to(np.asarray(sign), left.shape).ravel()
        known = (left.ravel() >= 0) & (right.ravel() >= 0)
        differ = known & ((left.ravel() != right.ravel()) | (signs < 0))
        self.pairs.append((left.ravel()[differ], right.ravel()[differ], np.sign(signs[differ]).astype(np.int8)))

    def projected(self, weights: Mapping[str, Reals]) -> dict[str, Reals]:
        """The nearest weights, in the sum of squares, that satisfy every equation, to the last bit."""
        flat = np.zeros(self.count)
        for name, start in self.starts.items():
            flat[start : start + weights[name].size] = weights[name].ravel()
        left, right, sign = (np.concatenate(parts) for parts in zip(*self.pairs, strict=True))
        n = self.count
        # Every entry is there twice, as itself and as its negative: w_i = −w_j joins i with −j.
        other = np.where(sign > 0, right, right + n)
        back = np.where(sign > 0, right + n, right)
        rows, columns = np.concatenate([left, left + n]), np.concatenate([other, back])
        graph = coo_matrix((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(2 * n, 2 * n))
        _, orbit = connected_components(graph, directed=False)
        both = np.concatenate([flat, -flat])
        size = np.bincount(orbit)
        mean = np.bincount(orbit, weights=both) / size
        chosen = mean[orbit[:n]]
        zero = orbit[:n] == orbit[n:]
        alone = size[orbit[:n]] == 1
        # The orbits of w and −w are summed in different orders: one of the two decides.
        first = orbit[:n] < orbit[n:]
        chosen = np.where(first, chosen, -mean[orbit[n:]])
        flat = np.where(zero, 0.0, np.where(alone, flat, chosen))
        return {
            name: flat[start : start + weights[name].size].reshape(weights[name].shape)
            for name, start in self.starts.items()
        }


def near_match(moved: Reals, rows: Reals, *, signs: bool, limit: float | None = None) -> Match | None:
    """Rows matched to their nearest rows, one to one, none farther than TOLERANCE times the largest entry (`limit`)."""
    if not rows.size:
        return None
    size = float(np.abs(rows).max()) or 1.0
    limit = TOLERANCE * (1.0 if limit is None else limit / size)
    moved, rows = moved / size, rows / size  # squares of very large and very small weights are no numbers
    squares = (moved**2).sum(1)[:, None] + (rows**2).sum(1)[None]
    product = moved @ rows.T
    cost = squares - 2 * product
    negative = squares + 2 * product
    flipped = negative < cost - limit**2 if signs else np.zeros(cost.shape, dtype=bool)
    cost = np.where(flipped, negative, cost)
    index = cost.argmin(1)
    if len(np.unique(index)) < len(index):
        index = linear_sum_assignment(cost)[1]
    sign = np.where(flipped[np.arange(len(index)), index], -1.0, 1.0)
    if np.abs(moved - sign[:, None] * rows[index]).max() > limit:
        return None
    return Match(index.astype(np.int64), None if (sign > 0).all() else sign)
