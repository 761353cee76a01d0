"""A statement that has been run: what each clause and the whole came out as, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from invariance_proofs.outcome import Outcome, pasteable
from invariance_proofs.routes.coq import KERNEL
from invariance_proofs.statement import Chain, Clause, Evidence, Grade, Route, Statement, Verdict

__all__ = ["ClauseRun", "Entry", "RouteRun"]


@dataclass(frozen=True)
class RouteRun:
    """A route or chain that has been run, with its steps' outcomes."""

    route: Route | Chain
    steps: tuple[Outcome, ...]
    grade: Grade
    sizes: str = ""

    @property
    def holds(self) -> bool | None:
        """None if a step was skipped or raised."""
        if any(step.evidence is None for step in self.steps):
            return None
        return all(step.evidence and step.evidence.holds for step in self.steps)

    @property
    def found(self) -> tuple[Evidence, ...]:
        """The evidence of the steps that ran."""
        return tuple(step.evidence for step in self.steps if step.evidence)

    @property
    def assumed(self) -> tuple[str, ...]:
        """What its steps take on trust; also those whose evidence no procedure of the ledger has found."""
        written = [
            f"“{leaf.name}” ({leaf.method}) is right: no procedure of the ledger has found it"
            for leaf, step in zip(self.route.leaves, self.steps, strict=True)
            if step.evidence and not step.evidence.by and leaf.method.exact and not leaf.method.numbers
        ]
        return (*(step for leaf in self.route.leaves for step in leaf.assumed), *written)


@dataclass(frozen=True)
class ClauseRun:
    """A clause that has been run: its grade, why, and for which sizes."""

    clause: Clause
    routes: tuple[RouteRun, ...]
    grade: Grade
    reason: str
    sizes: str

    @property
    def everywhere(self) -> bool:
        """Whether a route covers every size: none is fixed by the clause, none is listed, or there are none."""
        return self.clause.finite or (self.grade.rank >= Grade.MODULO.rank and not self.clause.at)

    @property
    def settled(self) -> bool:
        """Whether it speaks of fixed sizes itself, and a route decides it there."""
        return bool(self.clause.at) and self.grade.rank >= Grade.MODULO.rank

    @property
    def fallen(self) -> bool:
        """Whether it is less firm than recorded; what is refuted is no less."""
        assumed = self.clause.assumed or any(leaf.assumed for route in self.clause.routes for leaf in route.leaves)
        recorded = self.clause.grade or (Grade.MODULO if assumed else Grade.DECIDED)
        return self.grade is not Grade.REFUTED and self.grade.rank < recorded.rank


@dataclass(frozen=True)
class Entry:
    """A statement that has been run.

    `missing` says how to get the tool without which it stays unknown, `wrong` what raised or came out wrong.
    """

    statement: Statement
    verdict: Verdict
    grade: Grade
    reason: str
    clauses: tuple[ClauseRun, ...]
    routes: tuple[Outcome, ...]
    controls: tuple[Outcome, ...]
    missing: str = ""
    wrong: str = ""

    @property
    def id(self) -> str:
        """Of the statement, without its paper."""
        return self.statement.id

    @property
    def recorded(self) -> Verdict:
        """The verdict that the statement says it has."""
        return self.statement.verdict

    @property
    def agreed(self) -> bool:
        """Whether verdict, grade and clauses are as recorded; where a kernel has spoken a grade may be better."""
        better = self.checked_by_kernel and self.grade.rank > self.statement.grade.rank
        as_firm = self.grade is self.statement.grade or better
        return not self.wrong and self.verdict is self.recorded and as_firm and not self.fallen

    @property
    def fallen(self) -> tuple[ClauseRun, ...]:
        """The clauses that came out less firm than recorded."""
        return tuple(part for part in self.clauses if part.fallen) if self.statement.clauses else ()

    @property
    def checked_by_kernel(self) -> bool:
        """Whether a small trusted kernel has checked a route, which happens on request only."""
        return any(outcome.evidence and outcome.evidence.by == {KERNEL} for outcome in self.routes)

    @property
    def seconds(self) -> float:
        """CPU seconds of all checks."""
        return sum(outcome.seconds for outcome in (*self.routes, *self.controls))

    @property
    def methods(self) -> tuple[str, ...]:
        """How the routes that were not skipped decide, without repeats."""
        pairs = zip(self.statement.leaves, self.routes, strict=True)
        return tuple(dict.fromkeys(str(leaf.method) for leaf, outcome in pairs if not outcome.skipped))

    @property
    def sizes(self) -> str:
        """The sizes for which the entry's clauses were decided, computed from the routes that ran."""
        if self.grade is Grade.UNKNOWN:
            return ""
        return "; ".join(dict.fromkeys(part.sizes for part in self.clauses if part.sizes))

    @property
    def fixed(self) -> tuple[ClauseRun, ...]:
        """The clauses that no route decides for all sizes; a counterexample needs none."""
        return tuple(part for part in self.clauses if part.grade is not Grade.REFUTED and not part.everywhere)

    @property
    def assumed(self) -> tuple[str, ...]:
        """The steps that are taken on trust."""
        routes = (ran.assumed for part in self.clauses for ran in part.routes)
        parts = [*(part.assumed for part in self.statement.parts), *routes]
        return tuple(dict.fromkeys(step for part in parts for step in part))

    @property
    def counterexample(self) -> dict[str, Any] | None:
        """The numbers that refute the claim as stated, ready to paste; None unless refuted."""
        found = (o.evidence.counterexample for o in self.routes if o.evidence and not o.evidence.holds)
        return next((pasteable(numbers) for numbers in found if numbers), None)

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, strings, numbers."""
        said = self.statement
        return {
            "id": said.id,
            "key": said.key,
            "name": said.name,
            "source": said.source,
            "bibtex": said.paper.bibtex,
            "summary": said.told(said.summary),
            "claim": said.told(said.claim),
            "sizes": self.sizes,
            "hypotheses": {name: str(formula) for name, formula in said.hypotheses.items()},
            "assumed": list(self.assumed),
            "correction": said.told(said.correction),
            "verdict": str(self.verdict),
            "grade": str(self.grade),
            "recorded": str(self.recorded),
            "agreed": self.agreed,
            "reason": self.reason,
            "missing": self.missing,
            "counterexample": self.counterexample,
            "seconds": self.seconds,
            "clauses": [
                {
                    "text": part.clause.told,
                    "grade": str(part.grade),
                    "sizes": part.sizes,
                    "all_sizes": part.everywhere,
                    "reason": part.reason,
                }
                for part in self.clauses
            ],
            "routes": [
                outcome.to_json() | {"method": str(leaf.method)}
                for leaf, outcome in zip(said.leaves, self.routes, strict=True)
            ],
            "controls": [outcome.to_json() for outcome in self.controls],
        }
