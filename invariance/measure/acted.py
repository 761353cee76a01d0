"""An element of any group as hidden tensors may see it: on grids, items, pairs of items, coordinates, channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, combinations

from torch import Tensor

from .. import groups
from ..errors import ArgumentError
from ..fields import Grid, TensorField, leaves, map_tree
from ..groups import Affine, Permutation
from ..symmetry import Symmetry
from .matching import keeps_norms, match_orthogonal
from .symmetry import Element, layouts, mixed

__all__ = ["acted_element"]


def acted_element(symmetry: Symmetry, g: groups.Element, inputs: object, single: int | None = None) -> Element:
    """g on the inputs; on the one of number `single` for a model that takes no batches. A hidden tensor may move as a
    grid of the inputs does, with channels first or last; by the permutation on one of its axes or on all of that
    length; by the matrix on an axis of its size, with the translation or without; and by any orthogonal matrix of an
    axis, where it is found from the data.
    """
    domains = [leaf.domain for _, leaf in leaves(symmetry.inputs) if isinstance(leaf, TensorField)]
    grids = list({len(domain.shape): domain for domain in domains if isinstance(domain, Grid)}.values())

    def candidates(plain: Tensor, actual: Tensor, tolerance: float, thorough: bool) -> Iterator[tuple[str, Tensor]]:
        for grid in grids:
            yield from _on_grid(grid, g, plain, actual, tolerance, thorough)
        moved = list(_on_items(g, plain))
        yield from moved
        if not grids:
            yield from (both for on, values in moved for both in _with(on, _on_coordinates(g, values)))
            yield from (both for on, values in moved for both in _with(on, _on_axes(values, actual, tolerance)))

    def of_one(plain: Tensor, actual: Tensor, tolerance: float, thorough: bool) -> Iterator[tuple[str, Tensor]]:
        for name, moved in candidates(plain[None], actual[None], tolerance, thorough):
            yield name, moved[0]

    exact = not symmetry.resamples(g)
    moved = map_tree(lambda tensor: tensor.contiguous(), symmetry.act(g, inputs))  # as a model's own inputs are
    if single is None:
        return Element(str(g), moved, candidates, exact)
    return Element(str(g), symmetry.sample_of(moved, single), of_one, exact, single=True)


def _with(first: str, actions: Iterable[tuple[str, Tensor]]) -> Iterator[tuple[str, Tensor]]:
    return ((name if first == "stays" else f"{first}, {name}", moved) for name, moved in actions)


def _on_grid(
    grid: Grid, g: groups.Element, plain: Tensor, actual: Tensor, tolerance: float, thorough: bool
) -> Iterator[tuple[str, Tensor]]:
    count = len(grid.shape)
    if plain.ndim > count + 1 and (moved := _acted(grid, g, plain)) is not None:
        yield "moves with the grid", moved
        yield from mixed(moved, actual, tolerance, thorough, plane=count)
    for layout, values, back in layouts(plain, count):
        if (moved := _acted(grid, g, values)) is not None:
            yield f"moves with the grid ({layout})", back(moved)


def _acted(grid: Grid, g: groups.Element, values: Tensor) -> Tensor | None:
    try:
        return grid.act(g, values)
    except ArgumentError:  # a length that does not fit
        return None


def _on_items(g: groups.Element, values: Tensor) -> Iterator[tuple[str, Tensor]]:
    """By each permutation, on every choice of the axes that are as long as it."""
    yield "stays", values
    for part in g.parts.values():
        if isinstance(part, Permutation):
            axes = [axis for axis in range(1, values.ndim) if values.shape[axis] == len(part.images)]
            for chosen in chain.from_iterable(combinations(axes, count) for count in range(1, len(axes) + 1)):
                moved = values
                for axis in chosen:
                    moved = part.on_axis(moved, axis)
                yield f"permuted on {'axis' if len(chosen) == 1 else 'axes'} {', '.join(map(str, chosen))}", moved


def _on_coordinates(g: groups.Element, values: Tensor) -> Iterator[tuple[str, Tensor]]:
    for slot, part in g.parts.items():
        if not isinstance(part, Affine) or slot == "channels":
            continue
        for axis in range(1, values.ndim):
            if values.shape[axis] == part.dimension:
                yield f"vectors on axis {axis}", part.on_axis(values, axis)
                if part.translation is not None:
                    yield f"positions on axis {axis}", part.on_axis(values, axis, linear=False)


def _on_axes(moved: Tensor, actual: Tensor, tolerance: float) -> Iterator[tuple[str, Tensor]]:
    if moved.shape != actual.shape or not moved.is_floating_point():
        return
    for axis in range(1, moved.ndim):
        a, f = actual.movedim(axis, 1), moved.movedim(axis, 1)
        if f.shape[1] > 1 and keeps_norms(a, f, tolerance) and (best := match_orthogonal(a, f, tolerance)) is not None:
            yield f"mixed by an orthogonal matrix on axis {axis}", best.movedim(1, axis)
