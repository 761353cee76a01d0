r"""The displacement within which no diffeomorphism of the square changes a class, from one forward pass.

With $f_k \ge 0$, the hats $w_\omega$ and ψ = φ⁻¹, only positions move (R.window):
$\Delta V_{k\omega} = \int f_k\,(w_\omega\circ\psi - w_\omega)\,|n|\,dx$. The invariants of a `LipschitzHead` stay, its
units are $h = a + \sigma B V$ with σ fixed by them, and $z_c - z_j = \sum_i d_i\,\mathrm{ReLU}(h_i)$. For
$|\psi - \mathrm{id}| \le \delta$:

- unit i moves by at most $\delta\tau_i$, $\tau_i = \sigma \sum_k m_k\,\mathrm{Lip}(\sum_\omega B_{ik\omega} w_\omega)$;
- the units that stay positive add up to the integral of one bilinear function at each piece of the surface,
  $\sum_k f_k \sum_\omega q_{k\omega} w_\omega$, of which the largest slope within δ of the piece is known exactly;
- units that may cross 0 count with the most that they can, and those that stay negative with nothing.

No bound on dφ is used, and none on how the head was trained.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from ..errors import ArgumentError
from ..layers.surface import Surface, Windows
from ..models.lipschitz_head import LipschitzHead
from ..models.surface import SurfaceClassifier

__all__ = ["Bound", "bound_of", "certified_radius", "worst_logits"]

_HALVINGS = 12
"""Of the search for the radius: to 1/4096 of its range."""

_CLASSES = 64
"""Images whose slopes are held at a time: 64 of 961 pieces, 9 classes and 16 windows are 40 MB in float64."""

_Moved = Callable[[slice, Tensor, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Bound:
    """What a surface tells of how far the logits can move; `lowest_margins` asks it.

    Attributes:
        logits: of the surface as it is.
        shown: f_k at the pieces.
        share: of the area of the surface, that of each piece.
        position: of the pieces.
        masses: m_k, the invariants.
        hidden: h.
        slopes: τ.
        scale: σ.
    """

    head: LipschitzHead
    logits: Float[Tensor, "b classes"]
    shown: Float[Tensor, "b k m"]
    share: Float[Tensor, "b m"]
    position: Float[Tensor, "#b 2 m"]
    masses: Float[Tensor, "b k"]
    hidden: Float[Tensor, "b hidden"]
    slopes: Float[Tensor, "b hidden"]
    scale: Float[Tensor, "b"]

    def lowest_margins(
        self,
        displacement: Float[Tensor, "b"],
        classes: Int64[Tensor, "b"] | None = None,
        *,
        by: Literal["pieces", "functions"] = "pieces",
    ) -> Float[Tensor, "b classes"]:
        """Lower bounds of $z_c - z_j$ over all warps within a displacement per unit of [−1, 1]²; ∞ at j = c.

        c are `classes`, those of the largest logits if none are given. What the functions $f_k$ say at a piece may
        cancel "by pieces"; "by functions" each is bounded for itself: lower, and a hundredth of the work.
        """
        chosen = self.logits.argmax(1) if classes is None else classes
        moved = self._by_pieces if by == "pieces" else self._by_functions
        rows = [slice(start, start + _CLASSES) for start in range(0, len(chosen), _CLASSES)]
        return torch.cat([self._of(row, displacement[row], chosen[row], moved) for row in rows])

    def _of(
        self, row: slice, delta: Float[Tensor, "r"], chosen: Int64[Tensor, "r"], moved: _Moved
    ) -> Float[Tensor, "r classes"]:
        head, logits, hidden = self.head, self.logits[row], self.hidden[row]
        weight = head.logits.weight
        difference = weight[chosen][:, None] - weight[None]  # d, "r classes hidden"
        margin = logits.gather(1, chosen[:, None]) - logits
        reach = delta[:, None] * self.slopes[row]
        stays, crosses = hidden >= reach, hidden.abs() < reach
        fall, rise = hidden.relu() * crosses, ((hidden + reach).relu() - hidden.relu()) * crosses
        lost = (difference.clamp_min(0) * fall[:, None] - difference.clamp_max(0) * rise[:, None]).sum(2)
        nodes = torch.einsum("rch,hn->rcn", difference * stays[:, None], head.shares.weight)
        nodes = nodes.unflatten(2, (head.functions, -1)).transpose(1, 2)
        low = margin - lost - moved(row, nodes, delta) * self.scale[row][:, None] * delta[:, None]
        return low.scatter(1, chosen[:, None], math.inf)

    def _by_functions(
        self, row: slice, nodes: Float[Tensor, "r k classes n"], delta: Float[Tensor, "r"]
    ) -> Float[Tensor, "r classes"]:
        """Σ_k ∫ f_k |n|, times the largest slope of q_k anywhere."""
        windows = self.head.windows
        steps = _lipschitz(nodes.unflatten(3, (windows.count, -1))) * windows.slope
        return (self.masses[row, :, None] * steps).sum(1)

    def _by_pieces(
        self, row: slice, nodes: Float[Tensor, "r k classes n"], delta: Float[Tensor, "r"]
    ) -> Float[Tensor, "r classes"]:
        """∫ of the largest slope, within δ, of Σ_k f_k q_k, "q" the nodal values."""
        field = torch.einsum("rkm,rkcn->rcmn", self.shown[row] * self.share[row, None], nodes)
        position = self.position if len(self.position) == 1 else self.position[row]
        return largest_slopes(self.head.windows, field, position, delta).sum(2)


def largest_slopes(
    windows: Windows, nodes: Float[Tensor, "r c m n"], position: Float[Tensor, "#r 2 m"], delta: Float[Tensor, "r"]
) -> Float[Tensor, "r c m"]:
    r"""Upper bounds, over a square of half side δ, of $|\nabla \sum_\omega q_\omega w_\omega|$ near each position.

    In a cell ∂x is linear in y and constant in x, ∂y the other way round: over a rectangle the largest squares are at
    its sides, each for itself.
    """
    count, slope = windows.count, windows.slope
    nodes = nodes.unflatten(3, (count, count))
    low, high = (
        ((position + sign * delta[:, None, None]).clamp(-1, 1) + 1) * slope for sign in (-1, 1)
    )  # in cells from the first window's centre
    best = nodes.new_zeros(nodes.shape[:3])
    for i in range(count - 1):
        for j in range(count - 1):
            inside = (low[:, 0] <= j + 1) & (high[:, 0] >= j) & (low[:, 1] <= i + 1) & (high[:, 1] >= i)
            square = best.new_zeros(())
            corner = nodes[..., i : i + 2, j : j + 2]
            across = corner[..., 1] - corner[..., 0]  # ∂x at the upper and the lower side of the cell
            along = corner[..., 1, :] - corner[..., 0, :]  # ∂y at the left and the right side
            for side, derivative, cell in ((1, across, i), (0, along, j)):
                ends = [(end[:, side] - cell).clamp(0, 1)[:, None] for end in (low, high)]
                at = [(1 - t) * derivative[..., 0] + t * derivative[..., 1] for t in ends]
                square = square + torch.maximum(at[0].square(), at[1].square())
            best = torch.maximum(best, square * inside[:, None])
    return _root(best) * slope


def require_movable(net: Any, displacement: float) -> None:
    """Raises ArgumentError unless it is known how far the logits move, and they do."""
    require_certifiable(net)
    if net.pool.windows.count == 1:
        raise ArgumentError("displacement", displacement, "left out without windows: there the logits do not move")


def bound_of(net: SurfaceClassifier, surface: Surface) -> Bound:
    """What the surface of standardised images tells.

    Raises:
        ArgumentError: as `certified_radius`.
    """
    head = _controlled(net)
    pool = net.pool
    values = pool.integrand(surface.features)
    area = surface.area.sum(1, keepdim=True)
    share = surface.area / area.masked_fill(area == 0, 1)
    integrals, log_area = pool.pool(surface, values), area.log1p()
    invariant = integrals.unflatten(1, (head.functions, -1)).sum(2)
    scale = head.scale(invariant)
    hidden = head.hidden(integrals, log_area)
    count = head.windows.count
    steps = _lipschitz(head.shares.weight.unflatten(1, (-1, count, count))) * head.windows.slope
    return Bound(
        head=head,
        logits=head.logits(hidden.relu()),
        shown=values,
        share=share,
        position=surface.position,
        masses=invariant,
        hidden=hidden,
        slopes=scale[:, None] * (invariant @ steps.mT),
        scale=scale,
    )


def _lipschitz(nodes: Float[Tensor, "*n g g"]) -> Float[Tensor, "*n"]:
    """The largest slope of the bilinear function with these nodal values, at the corners of its cells; unit cells."""
    across, along = nodes.diff(dim=-1).square(), nodes.diff(dim=-2).square()
    rows = torch.maximum(across[..., :-1, :], across[..., 1:, :])
    columns = torch.maximum(along[..., :-1], along[..., 1:])
    return _root((rows + columns).flatten(-2).amax(-1))


def _root(square: Tensor) -> Tensor:
    """An upper bound of the root that has a derivative at 0, too."""
    return square.clamp_min(torch.finfo(square.dtype).tiny).sqrt()


def worst_logits(
    net: SurfaceClassifier, surface: Surface, labels: Int64[Tensor, "b"], displacement: float
) -> Float[Tensor, "b classes"]:
    """What can be made of the logits, that of the label 0, by any diffeomorphism of the square that moves no point by
    more than `displacement` per unit of [−1, 1]²: the cross-entropy of these is what a training for the margin lowers.

    Raises:
        ArgumentError: as `certified_radius`.
    """
    bound = bound_of(net, surface)
    low = bound.lowest_margins(torch.full_like(bound.scale, displacement), labels, by="functions")
    return -low.scatter(1, labels[:, None], 0)


@torch.no_grad()
def certified_radius(net: SurfaceClassifier, surface: Surface, *, most: float = 0.5) -> Float[Tensor, "b"]:
    """For each surface a displacement, per unit of [−1, 1]² and at most `most`, within which no diffeomorphism of the
    square changes the class that `net` gives it; ∞ without windows. 0 where the logits are NaN or infinite.

    Raises:
        ArgumentError: a network whose pieces do not move with a mesh ("pixels"), or whose head is not Lipschitz.
    """
    require_certifiable(net)
    count = len(surface.colour)
    if net.pool.windows.count == 1:
        known = net.of_surface(surface).isfinite().all(1)
        return surface.colour.new_full((count,), math.inf).masked_fill(~known, 0)
    bound = bound_of(net, surface)
    low, high = torch.zeros_like(bound.scale), torch.full_like(bound.scale, most)
    sure = _holds(bound, high)
    low = torch.where(sure, high, low)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        sure = _holds(bound, middle)
        low, high = torch.where(sure, middle, low), torch.where(sure, high, middle)
    return low


def _holds(bound: Bound, displacement: Tensor) -> Bool[Tensor, "b"]:
    return (bound.lowest_margins(displacement) > 0).all(1)


def require_certifiable(net: Any) -> None:
    """Raises ArgumentError, naming the option to change, unless the theory speaks of the network."""
    if not isinstance(net, SurfaceClassifier):
        wanted = "a surface network, such as surface-4:head=lipschitz: of others no displacement bound is known"
        raise ArgumentError("model", type(net).__name__, wanted)
    if net.pool.discretisation == "pixels":
        wanted = "quads or triangles, whose pieces move with a mesh: train with discretisation=quads"
        raise ArgumentError("discretisation", net.pool.discretisation, wanted)
    if net.pool.windows.count > 1:
        _controlled(net)


def _controlled(net: SurfaceClassifier) -> LipschitzHead:
    head: nn.Module = net.head
    if not isinstance(head, LipschitzHead):
        wanted = "lipschitz, where windows are used: how far the logits of a free head move is not known"
        raise ArgumentError("head", "free", wanted)
    return head
