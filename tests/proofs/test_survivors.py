"""No route can nod: whatever function that yields its evidence is replaced by a constant, the entry notices."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FunctionType
from typing import Any

import pytest

from invariance_proofs.evidence import Evidence
from invariance_proofs.independence import functions
from invariance_proofs.judge import run
from invariance_proofs.ledger import statements
from invariance_proofs.outcome import attempt
from invariance_proofs.statement import Route, Statement

YES = Evidence(True, "yes")
NO = Evidence(False, "no", counterexample={"x": 0})
EVERY = {said.key: said for said in statements()}


def yields_evidence(function: FunctionType) -> bool:
    return function.__annotations__.get("return") in {"Evidence", Evidence} and function.__module__ in sys.modules


@contextmanager
def everywhere(function: FunctionType, constant: Callable[..., Evidence]) -> Iterator[None]:
    """The constant in place of the function, in every module that calls it by a name."""
    places = [
        (module, name)
        for module in list(sys.modules.values())
        if getattr(module, "__name__", "").startswith("invariance_proofs.")
        for name, value in vars(module).items()
        if value is function
    ]
    try:
        for module, name in places:
            setattr(module, name, constant)
        yield
    finally:
        for module, name in places:
            setattr(module, name, function)


def notices(leaf: Route, expected: bool) -> bool:
    """Whether the claim comes out otherwise, or a mutant of the route has not the opposite outcome."""
    claim = attempt(leaf.name, "route", leaf.check, leaf.data)
    if claim.evidence is None or claim.evidence.holds is not expected:
        return True
    for name, changes in leaf.mutants.items():
        mutant = attempt(name, "mutant", leaf.check, {**leaf.data, **changes})
        if mutant.evidence is None or mutant.evidence.holds is claim.evidence.holds:
            return True
    return False


@pytest.mark.parametrize("said", EVERY.values(), ids=EVERY.keys())
def test_every_function_of_every_route_is_needed(said: Statement) -> None:
    for leaf in said.leaves:
        if leaf.method.on_request:
            continue
        claim = attempt(leaf.name, "route", leaf.check, leaf.data).evidence
        assert claim
        inner = [f for f in {*functions(leaf), leaf.check} if isinstance(f, FunctionType) and yields_evidence(f)]
        assert inner, f"{leaf.name}: its check is not annotated as yielding Evidence"
        for function in inner:
            for constant in (YES, NO):

                def stub(*_: Any, _constant: Evidence = constant, **__: Any) -> Evidence:
                    return _constant

                planted = replace(leaf, check=stub, data=leaf.data) if leaf.check is function else leaf
                with everywhere(function, stub):
                    assert notices(planted, claim.holds), f"{leaf.name}: {function.__name__} replaced"


def test_a_constant_is_noticed_by_the_verdict() -> None:
    """What `notices` sees is what the judge calls unknown."""
    said = EVERY["diffcnn:C4.c"]
    leaf = said.leaves[0]

    def stub(right: object) -> Evidence:
        return YES

    clause = said.clauses[0]
    nodding = replace(leaf, check=stub, data={"right": leaf.data["right"]})
    planted = replace(said, clauses=(type(clause)(clause.text, nodding), *said.clauses[1:]))
    assert not run(planted).agreed
    assert "control came out wrong: mutant" in run(planted).reason
