"""Sign and non-vanishing claims over the reals, decided by z3 (non-linear real arithmetic)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from importlib.util import find_spec
from typing import Any

from invariance_proofs.evidence import Evidence, Skipped, StatementError, procedure

__all__ = ["impossible"]

_STEPS = 6_000_000
"""z3's own count of work, the same however busy a machine is: four times what the hardest of our questions takes."""
_FAR = 10**3, 10**6
"""What an unknown exceeds somewhere: a number that is fixed or bounded by what is assumed does not exceed both."""


@procedure
def impossible(
    constraints: Callable[..., list[Any]], /, names: str, what: str, met: Sequence[Sequence[int | Fraction]] = ()
) -> Evidence:
    """Whether no real numbers called `names` satisfy the constraints: what is assumed, and last the claim's negation.

    The unknowns are those of the numbers that what is assumed leaves free: nothing is said "for all" of one that it
    fixes (s = 1) or bounds (|p| ≤ 1), nor of one that no constraint links to the claim.

    At each point of `met` (numbers in the order of the names) all that is assumed holds, and between them every name
    takes two values.

    Raises `StatementError` if what is assumed cannot be met, if nothing can deny the claim whatever is assumed, if a
    point does not meet what is assumed, or a name has one value only; `Skipped` if z3 is not installed, and
    `TimeoutError` if it does not decide within its steps.
    """
    _require_met(constraints, names.split(), met, what)
    if find_spec("z3") is None:
        raise Skipped("z3 is not installed")
    import z3

    context = z3.Context()  # so that no answer depends on what was asked before
    solver = z3.Solver(ctx=context)
    solver.set("rlimit", _STEPS)
    variables = z3.Reals(names, context)
    *assumed, denied = constraints(*variables)
    solver.add(*assumed, denied)
    answer = solver.check()
    if answer == z3.unknown:
        raise TimeoutError(f"{what}: z3 gave up, {solver.reason_unknown()}")
    if answer == z3.unsat:
        if assumed and z3.Solver(ctx=context).check(denied) == z3.unsat:
            raise StatementError(f"{what}: nothing can deny this, whatever is assumed; so it says nothing of that")
        return Evidence(
            True, f"{what}: no real numbers contradict it", unknowns=_free(assumed, denied, variables, what)
        )
    model = solver.model()
    numbers = {str(v): str(model.eval(v, model_completion=True)) for v in variables}
    return Evidence(False, f"{what} is false", counterexample=numbers)


def _free(assumed: Sequence[Any], denied: Any, variables: Sequence[Any], what: str) -> frozenset[str]:
    """The variables linked to the claim that exceed each of `_FAR` somewhere where all that is assumed holds."""
    import z3

    solver = z3.Solver(ctx=variables[0].ctx)
    solver.set("rlimit", _STEPS)
    solver.add(*assumed)
    if solver.check() == z3.unsat:
        raise StatementError(f"{what}: what is assumed contradicts itself, and from that anything follows")
    linked = _linked(assumed, denied)
    return frozenset(
        str(v)
        for v in variables
        if str(v) in linked and all(solver.check(z3.Or(v > far, v < -far)) == z3.sat for far in _FAR)
    )


def _linked(assumed: Sequence[Any], denied: Any) -> set[str]:
    """The names in the claim, in what is assumed of these, in what is assumed of those, and so on."""
    groups, found = [_names(part) for part in assumed], _names(denied)
    while grown := [group for group in groups if group & found and not group <= found]:
        found = found.union(*grown)
    return found


def _names(formula: Any) -> set[str]:
    """The variables of a formula of z3; none of what Python itself has decided."""
    import z3

    if not isinstance(formula, z3.ExprRef):
        return set()
    if z3.is_const(formula) and formula.decl().kind() == z3.Z3_OP_UNINTERPRETED:
        return {str(formula)}
    return set().union(*(_names(part) for part in formula.children()))


def _require_met(
    constraints: Callable[..., list[Any]], names: list[str], met: Sequence[Sequence[int | Fraction]], what: str
) -> None:
    for point in met:
        *assumed, _ = constraints(*point)
        if not all(assumed):
            raise StatementError(f"{what}: {dict(zip(names, point, strict=True))} does not meet what is assumed")
    if met and (fixed := [name for name, *values in zip(names, *met, strict=True) if len(set(values)) == 1]):
        raise StatementError(f"{what}: {', '.join(fixed)} has one value in all of `met`")
