r"""Where a claim fails: which other action would make it hold?

The commonest mistake of the field is in the test: R for Rᵀ, row vectors for columns, a cell or an edge attribute left
unrotated. What is tried instead of ρ(g) on an output costs no pass of the model; on an input, one for each candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..errors import ArgumentError, ArgumentTypeError
from ..fields import Field, leaves, map_tree
from ..groups import Affine, Element
from ..symmetry import OwnElement, OwnSymmetry
from .report import Row

if TYPE_CHECKING:
    from .symmetric import Bench, Kind

__all__ = ["what_would_hold"]

_CLOSE = 1e-5  # of the output: a mistake in the action makes an error of its own size; tables have seven digits
_BETTER = 0.01  # of the error of the declared action: a fault of the network's is there under any action
_ROUNDED = 1e-12  # of the output
_TRIED = 3
_LAST_BITS = 1e-13  # of float64, some hundreds of them: what turning there and back makes of coordinates
_PART = 0.1
_JUMP = (
    "the output jumps where the last bits of an input change: a cut-off, a list of neighbours or a largest entry is at "
    "a tie, which any motion breaks; show it inputs away from ties, or make the cut-off smooth"
)

Action = Callable[[Element, Tensor], Tensor]


def what_would_hold(bench: Bench, kind: Kind, rows: Sequence[Row], elements: Sequence[Element]) -> list[str]:
    """A sentence for each output, or input, that would be right under another action; none where none is."""
    broken = {row.transformation: row for row in rows if row.verdict == "violated"}
    some = [g for g in elements if str(g) in broken and not bench.symmetry.resamples(g)]
    some = sorted(some, key=lambda g: g.distance(g.inverse()) == 0)[:_TRIED]
    if not some:
        return []
    moved = {id(g): bench.outputs(bench.run(bench.symmetry.act(g, kind.inputs))[1]) for g in some}
    plain, declared = bench.outputs(kind.plain), {id(g): bench.expected(g, kind.plain) for g in some}
    if not all(map(bench.is_exact, some)) and _jumps(bench, kind, max((row.error or 0.0) for row in broken.values())):
        return [_JUMP]
    said = []
    wrong = sorted({row.output for row in broken.values()})
    for path in wrong:
        for name, action in _output_actions(bench, kind, path, plain[path]):
            if all(_close(action, g, plain[path], moved[id(g)][path], declared[id(g)][path]) for g in some):
                said.append(f"output{f' {path}' if path else ''}: consistent if {name}")
                break
    if said:
        return said
    errors = {id(g): max(_far(moved[id(g)][path], declared[id(g)][path]) for path in plain) for g in some}
    return list(_inputs(bench, kind, some, errors))


def _jumps(bench: Bench, kind: Kind, error: float) -> bool:
    """Whether the last bits of the inputs change the output by a part of the error that is found."""
    generator = torch.Generator().manual_seed(0)

    def beside(leaf: Tensor) -> Tensor:
        if not leaf.is_floating_point():
            return leaf
        return leaf * (1 + _LAST_BITS * torch.randn(leaf.shape, generator=generator, dtype=leaf.dtype))

    if bench.question.dtype != torch.float64 or not error:  # without an error it is the shapes that differ
        return False
    plain = bench.outputs(kind.plain)
    for _ in range(_TRIED):
        near = bench.outputs(bench.run(map_tree(beside, kind.inputs))[1])
        for path, values in plain.items():
            spread = float((values - values.roll(1, 0)).square().mean().sqrt())
            if spread > 0 and float((near[path] - values).square().mean().sqrt()) > _PART * error * spread:
                return True
    return False


def _output_actions(bench: Bench, kind: Kind, path: str, plain: Tensor) -> Iterator[tuple[str, Action]]:
    leaf = dict(leaves(bench.symmetry.outputs)).get(path) if not _own(bench) else None
    yield "it stays, which is the claim invariant", lambda g, y: y
    inverse = "it moves by the inverse action: Rᵀ for R, rows for columns, in the test or in the network"
    if _own(bench):
        yield inverse, lambda g, y: bench.expected(_undone(g), kind.plain)[path]
    if isinstance(leaf, Field):
        yield inverse, lambda g, y: leaf.act(g.inverse(), y)
        for name, other in leaf.otherwise():
            yield f"it is {name}", lambda g, y, other=other: other.act(g, y)
        yield (
            "it also changes sign under reflections, as a pseudo-scalar or pseudo-vector does",
            (lambda g, y: leaf.act(g, y) * _sign(g)),
        )
    for axis in range(1, plain.ndim):
        yield f"axis {axis} of it is a vector, which turns with the group", _on_axis(axis, False)
        yield f"axis {axis} of it is a vector, which turns by the inverse", _on_axis(axis, True)


def _inputs(bench: Bench, kind: Kind, some: Sequence[Element], errors: dict[int, float]) -> Iterator[str]:
    """Inputs that the network takes to move otherwise than declared; first those that should turn and were left."""
    if _own(bench):
        if all(_undone_inputs(bench, kind, g, errors[id(g)]) for g in some):
            yield "inputs: consistent if they are moved by the inverse action, Rᵀ for R, rows for columns"
            return
        yield from _left_alone(bench, kind, some, errors)
        return
    fields = dict(leaves(bench.symmetry.inputs))
    tensors = dict(leaves(kind.inputs))
    tried: list[tuple[str, str, Action]] = []
    for path, tensor in tensors.items():
        tried += [(path, f"turned as a vector along its axis {a}", _on_axis(a, False)) for a in range(1, tensor.ndim)]
    for path, leaf in fields.items() if len(fields) > 1 or bench.symmetry.claim == "equivariant" else ():
        tried.append((path, "moved by the inverse action, Rᵀ for R", lambda g, x, leaf=leaf: leaf.act(g.inverse(), x)))
        tried.append((path, "stayed", lambda g, x: x))
    for path, name, action in tried:
        if all(_holds(bench, kind, g, path, action, errors[id(g)]) for g in some):
            yield f"input{f' {path}' if path else ''}: consistent if it {name}"
            return


def _left_alone(bench: Bench, kind: Kind, some: Sequence[Element], errors: dict[int, float]) -> Iterator[str]:
    """Inputs that an action of one's own forgets."""
    before = dict(leaves(kind.inputs))
    still = [
        path for path, x in before.items()
        if all(torch.equal(dict(leaves(bench.symmetry.act(g, kind.inputs)))[path], x) for g in some)
    ]  # fmt: skip
    for path in still:
        axes = range(1, before[path].ndim)
        tried: list[tuple[str, Action]] = [(f"turned along its axis {a}", _own_on_axes(a)) for a in axes]
        tried += [(f"turned along its axes {a} and {b}", _own_on_axes(a, b)) for a in axes for b in axes if a < b]
        for name, action in tried:
            if all(_holds(bench, kind, g, path, action, errors[id(g)]) for g in some):
                yield f"input{f' {path}' if path else ''}: consistent if it is {name}; `act` leaves it where it is"
                return


def _own_on_axes(*axes: int) -> Action:
    """A matrix or a permutation, as `act` may use it, on axes of its length."""

    def action(g: Element, values: Tensor) -> Tensor:
        value = getattr(g, "value", None)
        if not isinstance(value, Tensor) or any(values.shape[axis] != len(value) for axis in axes):
            raise ArgumentError("g", str(g), "a matrix or a permutation of the length of the axes")
        for axis in axes:
            moved = values.movedim(axis, -1)
            moved = moved[..., value] if value.ndim == 1 else moved @ value.to(values.dtype).mT
            values = moved.movedim(-1, axis)
        return values

    return action


def _holds(bench: Bench, kind: Kind, g: Element, path: str, action: Action, error: float) -> bool:
    """Whether the claim is right with this action on the input of this path; not if then nothing moves at all."""
    declared = dict(leaves(bench.symmetry.act(g, kind.inputs)))
    before = dict(leaves(kind.inputs))
    try:
        used = declared | {path: action(g, before[path])}
        if _same(used, declared) or _same(used, before):
            return False
        names = iter(before)
        outputs = bench.outputs(bench.run(map_tree(lambda _: used[next(names)], kind.inputs))[1])
    except (ArgumentError, ArgumentTypeError, RuntimeError):
        return False
    expected = bench.expected(g, kind.plain)
    return all(_near(outputs[name], expected[name], error) for name in outputs)


def _same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[path], other[path]) for path in one)


def _close(action: Action, g: Element, plain: Tensor, moved: Tensor, declared: Tensor) -> bool:
    try:
        return _near(moved, action(g, plain), _far(moved, declared))
    except (ArgumentError, ArgumentTypeError, RuntimeError, IndexError):
        return False


def _far(moved: Tensor, expected: Tensor) -> float:
    return float((moved - expected).abs().max()) if moved.shape == expected.shape else float("inf")


def _near(moved: Tensor, expected: Tensor, error: float) -> bool:
    """Close to what is expected, and much closer than the declared action is, whose `error` is given."""
    size = float(expected.abs().max())
    return _far(moved, expected) <= max(_ROUNDED * size, min(_CLOSE * size, _BETTER * error))


def _on_axis(axis: int, inverse: bool) -> Action:
    def action(g: Element, values: Tensor) -> Tensor:
        part = g.affine()
        if part is None or part.dimension != values.shape[axis]:
            raise ArgumentError("axis", axis, "as long as space has dimensions")
        return (part.inverse() if inverse else part).on_axis(values, axis)

    return action


def _sign(g: Element) -> float:
    part = g.parts.get("space")
    return -1.0 if isinstance(part, Affine) and torch.linalg.det(part.matrix) < 0 else 1.0


def _own(bench: Any) -> bool:
    return isinstance(bench.symmetry, OwnSymmetry)


def _undone(g: Element) -> Element:
    """The inverse, also of an element of a group of one's own whose value is a matrix or a permutation."""
    found = g.undone() if isinstance(g, OwnElement) else g.inverse()
    if found is None:
        raise ArgumentError("g", str(g), "a matrix or a permutation")
    return found


def _undone_inputs(bench: Bench, kind: Kind, g: Element, error: float) -> bool:
    try:
        outputs = bench.outputs(bench.run(bench.symmetry.act(_undone(g), kind.inputs))[1])
    except (ArgumentError, ArgumentTypeError, RuntimeError):
        return False
    expected = bench.expected(g, kind.plain)
    return all(_near(values, expected[path], error) for path, values in outputs.items())
