r"""What a claim is: its source, what it assumes, the clauses it has, the routes that decide them, the controls.

A statement is data and a few functions; nothing here runs anything (`judge` does). How an entry looks:

    from invariance_proofs.diffcnn import PAPER

    def law(exponent: int = 2) -> Evidence:
        M, G = unknowns(M=(2, 2), G=(2, 2))
        return vanishes((M.T @ G @ M).det() - M.det() ** exponent * G.det(), what="det(MᵀGM)")

    C3_law = Statement(
        id="C3.law", name="…", paper=PAPER, source="Corollary 3", verdict=Verdict.PROVED,
        summary="det(MᵀGM) = det(M){exponent:^} det G", claim="…",
        hypotheses={"M invertible": Hypothesis("det M ≠ 0", lambda M: M.det() != 0)},
        routes=(Route("2×2", Method.RING, law, mutants=instead("exponent", 1, 3)),),
        controls=(Dropped("M invertible", commutes, dict(J=SQUARE, M=SINGULAR)), Witness("a reflection", commutes, …)),
    )

- Numbers and relations of the texts are data of the routes, `{exponent:^}` (see `wording`).
- A route is a pure function of the claim's data, and the data (the function's default arguments, or `data`); its
  mutants are *other data* for the same function
  (changes to `data`, by name; a number, a matrix, a `Formula`), with the opposite outcome. No `if mutant`.
- A claim in several parts has `clauses=(Clause("…", *routes), …)` instead of `routes`; a proof in several steps is a
  `Chain("…", step, step)` whose steps have mutants of their own. One function looks at one sentence.
- Scope is computed. `over="n K"` on a clause says which sizes the claim is about, on a route which it ranges over: a
  name that is in `data` is listed there, any other must be an unknown of what was decided; only that is printed "all".
  `at="C = 3"` is what is fixed. A method that looks at given numbers (`EXACT`, `EXHAUSTIVE`) yields *listed sizes
  only* unless the clause is `finite`: it speaks of finitely many cases, or says that something exists.
- A hypothesis is a formula and a predicate on the numbers of a counterexample, by their names. The counterexample of
  a `Dropped` control must break its hypothesis and meet the others; that of a refuted claim must meet all of them.
- A refuted entry's route returns `holds=False` with a counterexample; its "mutants" are true twins.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from invariance_proofs.evidence import Evidence, Skipped, StatementError, all_of
from invariance_proofs.route import (
    Chain,
    Check,
    Control,
    Dropped,
    Formula,
    Method,
    Mutant,
    Paper,
    Route,
    Witness,
    instead,
    leaves,
    require_type,
    require_types,
)
from invariance_proofs.wording import filled

__all__ = [
    "Chain",
    "Check",
    "Clause",
    "Control",
    "Dropped",
    "Evidence",
    "Formula",
    "Grade",
    "Hypothesis",
    "Method",
    "Mutant",
    "Paper",
    "Route",
    "Skipped",
    "Statement",
    "StatementError",
    "Verdict",
    "Witness",
    "all_of",
    "instead",
]


class Verdict(StrEnum):
    """What the machine says of a claim."""

    PROVED = "PROVED"
    CORRECTED = "PROVED WITH CORRECTION"
    REFUTED = "REFUTED AS STATED"
    SAMPLED = "SAMPLED"
    UNKNOWN = "UNKNOWN"


class Grade(StrEnum):
    """How firmly, the weakest first."""

    UNKNOWN = "unknown"
    REFUTED = "refuted"
    SAMPLED = "sampled"
    LISTED = "listed sizes only"
    MODULO = "decided modulo"
    DECIDED = "decided"
    KERNEL = "kernel-checked"

    @property
    def rank(self) -> int:
        """0 for what says least."""
        return list(Grade).index(self)


@dataclass(frozen=True)
class Hypothesis:
    """A condition of a claim: its formula, and a predicate on numbers that are called by the names of its arguments.

    Raises `StatementError` for a test that is no function, or does not name its arguments.
    """

    text: str
    test: Callable[..., bool]

    def __post_init__(self) -> None:
        require_types(f"hypothesis {self.text!r}", self, text=str)
        if not callable(self.test):
            raise StatementError(f"hypothesis {self.text!r}: test = {self.test!r}: wanted is a predicate on numbers")
        starred = [str(p) for p in inspect.signature(self.test).parameters.values() if str(p).startswith("*")]
        if starred:
            raise StatementError(
                f"hypothesis {self.text!r}: {starred[0]}: the predicate names the numbers it asks about"
            )

    def told_by(self, numbers: Mapping[str, Any]) -> bool:
        """Whether these numbers say what it asks about."""
        return all(name in numbers for name in inspect.signature(self.test).parameters)

    def holds(self, numbers: Mapping[str, Any]) -> bool:
        """Whether these numbers meet it; raises `StatementError` if they do not say what it asks about."""
        wanted = inspect.signature(self.test).parameters
        if missing := [name for name in wanted if name not in numbers]:
            raise StatementError(f"{self.text}: the counterexample does not say {', '.join(missing)}")
        return bool(self.test(**{name: numbers[name] for name in wanted}))

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, init=False)
class Clause:
    """One sentence of a claim and the routes to it.

    `text` may have fields, which are filled from the routes' data (`wording`).
    `over` names the sizes it is about, all of them; `at` the fixed sizes that it speaks of itself; `finite` that it
    speaks of finitely many cases, which its text names, or says that something exists: given numbers decide it.
    `grade` is the recorded one; without it the clause is decided, modulo what it and its routes assume. `why` says why
    no route covers all sizes, where none does.
    """

    text: str
    routes: tuple[Route | Chain, ...]
    over: str
    at: str
    finite: bool
    assumed: tuple[str, ...]
    grade: Grade | None
    why: str

    def __init__(
        self,
        text: str,
        *routes: Route | Chain,
        over: str = "",
        at: str = "",
        finite: bool = False,
        assumed: Iterable[str] = (),
        grade: Grade | None = None,
        why: str = "",
    ) -> None:
        values = {"text": text, "routes": routes, "over": over, "at": at, "finite": finite, "assumed": tuple(assumed)}
        for name, value in (values | {"grade": grade, "why": why}).items():
            object.__setattr__(self, name, value)
        require_types(f"clause {text!r}", self, text=str, over=str, at=str, finite=bool, grade=Grade | None, why=str)
        if grade and grade in {Grade.UNKNOWN, Grade.REFUTED}:
            raise StatementError(f"clause {text!r}: grade = {grade.name}: wanted is what a proof of it reaches")
        for route in routes:
            if not isinstance(route, Route | Chain):
                raise StatementError(f"clause {text!r}: {route!r}: wanted is a Route or a Chain")
        filled(text, leaves(routes), {})

    @property
    def told(self) -> str:
        """Its text, with the data of its routes in it."""
        return filled(self.text, leaves(self.routes), {})


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One entry of the ledger.

    `id` is the label ("T2.d") within its `paper`, `source` the place there; `summary` the claim in one line; `claim`
    the claim in full; both, and `correction`, have fields that `told` fills from what the routes are given (`wording`);
    `clauses` its parts, or `routes`, `over`, `at`, `why`, `finite` and `assumed` of its only one;
    `hypotheses` name ↦ formula and predicate; `correction` what the paper says wrongly and what is true instead;
    `verdict` and `grade` are the recorded ones (a refuted claim is graded so).

    Raises `StatementError` if there is no route or no `Witness`; if a route has no mutant; if the hypotheses and the
    `Dropped` controls are not the same (unless refuted: then the counterexample is held against the hypotheses); if
    the recorded verdict and `correction` disagree; or for an argument of another type.
    """

    id: str
    name: str
    paper: Paper
    source: str
    summary: str
    claim: str
    verdict: Verdict
    grade: Grade = Grade.DECIDED
    clauses: tuple[Clause, ...] = ()
    routes: tuple[Route | Chain, ...] = ()
    over: str = ""
    at: str = ""
    why: str = ""
    finite: bool = False
    assumed: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()
    hypotheses: Mapping[str, Hypothesis] = field(default_factory=dict)
    correction: str = ""

    def __post_init__(self) -> None:
        self._require_types()
        if self.verdict is Verdict.UNKNOWN:
            raise StatementError(f"{self.id}: verdict = UNKNOWN is what a run says; a claim records what it should be")
        if self.grade is Grade.UNKNOWN:
            raise StatementError(f"{self.id}: grade = UNKNOWN is what a run says; a claim records what it should be")
        if self.verdict is Verdict.REFUTED:
            object.__setattr__(self, "grade", Grade.REFUTED)
        if bool(self.routes) == bool(self.clauses) or not all(part.routes for part in self.parts):
            raise StatementError(f"{self.id}: wanted are routes, or clauses with routes")
        whole = {"over": self.over, "at": self.at, "why": self.why, "finite": self.finite, "assumed": self.assumed}
        if self.clauses and (stray := [name for name, value in whole.items() if value]):
            raise StatementError(f"{self.id}: {', '.join(stray)}: belongs to one of its clauses")
        if endless := [part.text for part in self.parts if part.finite and part.over]:
            raise StatementError(f"{self.id}: clauses {endless}: what is finite ranges over no sizes; drop `over`")
        if vague := [part.text for part in self.parts if part.finite and part.at]:
            raise StatementError(f"{self.id}: clauses {vague}: what is finite says its cases in its text, not in `at`")
        if bare := [leaf.name for leaf in self.leaves if not leaf.mutants]:
            raise StatementError(
                f"{self.id}: routes {bare}: each wants a mutant, other data that make it say the opposite"
            )
        if lax := [name for name, formula in self.hypotheses.items() if not isinstance(formula, Hypothesis)]:
            raise StatementError(f"{self.id}: hypotheses {lax}: each is a Hypothesis(formula, predicate)")
        if not any(isinstance(control, Witness) for control in self.controls):
            raise StatementError(f"{self.id}: wanted is a Witness control")
        spared = {control.without for control in self.controls if isinstance(control, Witness)} - {""}
        if stray := sorted(spared - set(self.hypotheses)):
            raise StatementError(f"{self.id}: without = {stray[0]!r}: wanted is one of {list(self.hypotheses)}")
        dropped = [control.name for control in self.controls if isinstance(control, Dropped)]
        if set(dropped) - set(self.hypotheses) or (
            self.verdict is not Verdict.REFUTED and set(dropped) != set(self.hypotheses)
        ):
            raise StatementError(
                f"{self.id}: dropped = {dropped}: each of {list(self.hypotheses)} must be dropped, and nothing else"
            )
        for text in (self.summary, self.claim, self.correction):
            self.told(text)
        if bool(self.correction) != (self.verdict in {Verdict.CORRECTED, Verdict.REFUTED}):
            raise StatementError(
                f"{self.id}: a correction goes with {Verdict.CORRECTED} or {Verdict.REFUTED}, not {self.verdict}"
            )

    def _require_types(self) -> None:
        texts = dict.fromkeys(("id", "name", "source", "summary", "claim", "over", "at", "why", "correction"), str)
        groups = dict.fromkeys(("clauses", "routes", "controls", "assumed"), tuple)
        kinds = {"paper": Paper, "verdict": Verdict, "grade": Grade, "finite": bool, "hypotheses": Mapping}
        require_types(str(self.id), self, **texts, **groups, **kinds)
        for name, kind in {"clauses": Clause, "routes": Route | Chain, "controls": Control, "assumed": str}.items():
            for item in getattr(self, name):
                require_type(self.id, f"one of {name}", item, kind)
        if bare := [name for name in ("id", "name", "source", "summary", "claim") if not getattr(self, name).strip()]:
            raise StatementError(f"{self.id}: {bare[0]} is empty")
        if "\n" in self.summary:
            raise StatementError(f"{self.id}: summary = {self.summary!r}: one line is wanted")
        if not re.fullmatch(r"[^\s:/\\]+", self.id):
            raise StatementError(
                f"{self.id!r}: an id is a word without blanks, colons or slashes, such as pooling.shift"
            )

    def told(self, text: str) -> str:
        """One of its texts, with the data of its routes and its hypotheses in it."""
        witnesses = [control for control in self.controls if isinstance(control, Witness)]
        return filled(text, self.leaves, self.hypotheses, witnesses)

    @property
    def key(self) -> str:
        """The id that no other paper's can equal, "diffcnn:T2.d"."""
        return f"{self.paper.key}:{self.id}"

    @property
    def parts(self) -> tuple[Clause, ...]:
        """The clauses; the whole claim if it has only one."""
        return self.clauses or (
            Clause(
                "", *self.routes, over=self.over, at=self.at, why=self.why, finite=self.finite, assumed=self.assumed
            ),
        )

    @property
    def leaves(self) -> tuple[Route, ...]:
        """Every route and every step of a chain, each once."""
        return leaves(route for part in self.parts for route in part.routes)
