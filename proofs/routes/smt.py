"""Sign and non-vanishing claims over the reals, decided by z3 (non-linear real arithmetic)."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from invariance_proofs.evidence import Evidence, Skipped

__all__ = ["impossible"]

_STEPS = 6_000_000
"""z3's own count of work, the same however busy a machine is: four times what the hardest of our questions takes."""


def impossible(constraints: Callable[..., list[Any]], /, names: str, what: str) -> Evidence:
    """Whether no real numbers called `names` satisfy the constraints (the negation of the claim).

    Raises `Skipped` if z3 is not installed, and `TimeoutError` if it does not decide within its steps.
    """
    if find_spec("z3") is None:
        raise Skipped("z3 is not installed")
    import z3

    solver = z3.Solver()
    solver.set("rlimit", _STEPS)
    variables = z3.Reals(names)
    solver.add(*constraints(*variables))
    answer = solver.check()
    if answer == z3.unknown:
        raise TimeoutError(f"{what}: z3 gave up, {solver.reason_unknown()}")
    if answer == z3.unsat:
        return Evidence(True, f"{what}: no real numbers contradict it", unknowns=frozenset(names.split()))
    model = solver.model()
    numbers = {str(v): str(model.eval(v, model_completion=True)) for v in variables}
    return Evidence(False, f"{what} is false", counterexample=numbers)
