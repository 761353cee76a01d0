"""What the ledger's texts say in numbers and relations is what its routes are run with."""

import re
from dataclasses import replace
from string import Formatter
from typing import Any

import pytest
from a_statement import statement

from invariance_proofs.formula import Formula
from invariance_proofs.judge import run
from invariance_proofs.ledger import statements
from invariance_proofs.matrix import Matrix
from invariance_proofs.statement import Evidence, Method, Route, Statement, StatementError, Verdict, Witness
from invariance_proofs.wording import fields, filled

EVERY = {said.key: said for said in statements()}
RELATION = r"[=≠≤≥<>≡≅∥½¼]|\bmod\b"
NAMES = r"\w*\d[^\W\d]\w*|[^\W\d_]+[₀-₉⁰-⁹\d-]\w*|(?:GL|SO|O|Sym)\(\d(?:, ?[\dZ])?\)|\d×\d|(?:Table|[Ff]igure) \d"
"""Digits that are no numbers: p4, J1, w₁, C³, CIFAR-10; groups and shapes of matrices; places in a paper."""
BREAKS = (
    r"(?<=[.,;:]) | [⇔⇒] | (?:and|so|iff|if|for|with|where|exactly|or|by|as|is|are|that|than|but|when|since|on|in|of|to"
    r"|from|at|has|holds) "
)
"""Where one formula ends and another begins, roughly: more pieces than formulas find more."""


def unbound(template: str) -> list[str]:
    """The pieces of a text that hold a relation or a number and no field."""
    text = "".join(
        literal + {None: "", "let": "¤"}.get(name, "§")  # a definition may stand beside others
        for literal, name, _, _ in Formatter().parse(template)
    )
    pieces = (piece for piece in re.split(BREAKS, re.sub(NAMES, "", text)) if "§" not in piece)
    return [piece for piece in pieces if re.search(rf"{RELATION}|\d", piece)]


def test_what_counts_as_unbound():
    assert unbound("Φ(J) = J iff |a| ≤ 1, for p4 and 3×3 taps (Table 1)") == ["Φ(J) = J", "|a| ≤ 1,"]
    assert unbound("iff |a| ≤ {threshold}, {let:θ = 2 arctan|a|}, two of them") == []
    assert unbound("96 maps") == ["96 maps"]
    assert unbound("n mod s") == ["n mod s"]


@pytest.mark.parametrize("said", EVERY.values(), ids=EVERY.keys())
def test_numbers_and_relations_come_from_the_routes(said: Statement):
    """Write {datum} for what a route is given, and {let:…} for notation, premises and examples."""
    assert unbound(said.summary) == unbound(said.claim) == []


def given(said: Statement, field: str) -> list[tuple[Route, str]]:
    """The routes that are given what the field names, and the name of the datum."""
    first, *rest = re.split(r"[.\[\]]+", field)
    of_it = [leaf for leaf in said.leaves if getattr(leaf.check, "__name__", "") == first]
    datum = rest[0] if of_it else first
    return [(leaf, datum) for leaf in of_it or said.leaves if datum in leaf.data]


@pytest.mark.parametrize("said", EVERY.values(), ids=EVERY.keys())
def test_what_a_text_names_is_what_a_mutant_changes(said: Statement):
    """So that another value makes the claim false; of a refuted claim its own numbers may stand there too."""
    for name, _ in (field for text in (said.summary, said.claim) for field in fields(text)):
        if name in said.hypotheses or not (routes := given(said, name)):
            continue  # a hypothesis is held against counterexamples, a witness must hold
        changed = any(datum in changes for leaf, datum in routes for changes in leaf.mutants.values())
        assert changed or said.verdict is Verdict.REFUTED, f"{said.id}: no mutant changes {{{name}}}"


def mutated(said: Statement, datum: str) -> tuple[Statement, str]:
    """The statement with the first mutant of this datum for the claim, in every route that has it."""
    (changes, *_) = (c for leaf in said.leaves for c in leaf.mutants.values() if set(c) == {datum})

    def other(leaf: Route) -> Route:
        return replace(leaf, data={**leaf.data, **changes}) if datum in leaf.data else leaf

    routes = tuple(other(route) for route in said.routes if isinstance(route, Route))
    return replace(said, routes=routes), str(changes[datum])


@pytest.mark.parametrize(("key", "datum"), [("P1.shared", "each"), ("G3", "psi_by"), ("transposed", "only")])
def test_another_object_another_text_and_another_verdict(key: str, datum: str):
    (said,) = (said for said in EVERY.values() if said.id == key)
    if said.clauses:
        said = replace(said, clauses=(), routes=said.clauses[0].routes, over=said.clauses[0].over)
    changed, value = mutated(said, datum)
    assert value.replace("-", "−") in changed.told(changed.claim) != said.told(said.claim)
    assert not run(changed).agreed


LINE = Formula.of(lambda n, k: 2 * n + k <= 1)
REST = Formula.of(lambda n, p, d, k: (n + 2 * p - abs(d)) % (k - 1) == 0, d="det A")


def told(text: str, data: dict[str, Any]) -> str:
    route = Route("a route", Method.RING, lambda **_: Evidence(True, "yes"), data)
    return filled(text, [route], {"M invertible": "det M ≠ 0"})


@pytest.mark.parametrize(
    ("text", "data", "wanted"),
    [
        ("x{p:^} and x{q:^}", {"p": 2, "q": 1}, "x² and x"),
        ("{a:*}x, {b:*}x, {c:*}x", {"a": 1, "b": -1, "c": 3}, "x, −x, 3x"),
        ("{line}; {line[m, K_1]}", {"line": LINE}, "2n + k ≤ 1; 2m + K_1 ≤ 1"),
        ("{rest}", {"rest": REST}, "(n + 2p − |det A|) mod (k − 1) = 0"),
        ("{several} of {several[1]}, {several:,}", {"several": (1, -2)}, "(1, −2) of −2, 1, −2"),
        ("{many:,} in {{x}} at {let:y = 1}", {"many": 12345}, "12,345 in {x} at y = 1"),
        ("{M invertible}, {M}", {"M": Matrix.diagonal(1, 2)}, "det M ≠ 0, [[1, 0], [0, 2]]"),
    ],
)
def test_how_a_field_is_filled(text: str, data: dict[str, Any], wanted: str):
    assert told(text, data) == wanted


def same(p: int = 1) -> Evidence:
    return Evidence(True, f"{p}")


def calls(p: int = 1, f: object = len) -> Evidence:
    return Evidence(True, f"{p}, {f}")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{q}", "{q}: wanted is what a route is given (p, f)"),
        ("{p", "doubled"),
        ("{p[3]}", "doubled"),
        ("{0}", "doubled"),
        ("{p!r}", "{p}: a field is a datum"),
        ("{p.__class__}", "a field is a datum"),
        ("{same}", "which of its data? {same.p}"),
        ("{f}", "which has no text; a Formula has one"),
    ],
)
def test_a_field_that_names_nothing_is_refused(text: str, what: str):
    with pytest.raises(StatementError, match=re.escape(what)):
        filled(text, [Route("a route", Method.RING, same, {"p": 1}), Route("another", Method.RING, calls)], {})


@pytest.mark.parametrize(
    ("second", "witness", "came"),
    [(Matrix.diagonal(1, 1), 3, "different ones"), (1, 3, "p is 1"), (None, 3, "p is 3")],
)
def test_where_a_field_is_looked_for(second: Any, witness: int, came: str):
    """Two routes that are given different things are told apart by their checks; witnesses come last."""
    routes = [] if second is None else [Route("one", Method.RING, same), Route("two", Method.RING, same, {"p": second})]
    shown = [Witness("another", same, {"p": witness})]
    if came.startswith("p is"):
        assert filled("p is {p}", routes, {}, shown) == came
    else:
        with pytest.raises(StatementError, match=came):
            filled("p is {p}", routes, {}, shown)


def test_a_claim_is_refused_when_it_is_made():
    with pytest.raises(StatementError, match="wanted is what a route is given"):
        statement(Route("a route", Method.RING, lambda x=1: Evidence(True, "yes"), {}, {"2": {"x": 2}}), claim="{y}")
