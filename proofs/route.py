"""Ways to decide a claim, and the controls that show that they could have said no.

A route is a pure function and the claim's data; its mutants are other data for the same function, with the opposite
outcome. So a route that says yes (or no) to everything is caught, whatever the claim.
"""

from __future__ import annotations

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from invariance_proofs.evidence import Evidence, StatementError
from invariance_proofs.formula import Formula

__all__ = [
    "Chain",
    "Check",
    "Control",
    "Dropped",
    "Formula",
    "Method",
    "Mutant",
    "Paper",
    "Route",
    "Witness",
    "instead",
    "leaves",
]

Check = Callable[..., Evidence]
Data = Mapping[str, Any]


@dataclass(frozen=True)
class Method:
    """A kind of proof. `Method("my prover")` is one more.

    `exact` is False where a True may be wrong with a small probability; `numbers` is True where the route looks at
    given numbers and decides nothing about others; `tool` says how to get what the route needs, and `on_request` that
    it runs only when asked for. What a method is called decides no grade: who found the evidence does.
    """

    name: str
    exact: bool = True
    numbers: bool = False
    tool: str = ""
    on_request: bool = False

    RING: ClassVar[Method]
    SYMBOLIC: ClassVar[Method]
    EXHAUSTIVE: ClassVar[Method]
    EXACT: ClassVar[Method]
    RANDOM: ClassVar[Method]
    SMT: ClassVar[Method]
    COQ: ClassVar[Method]
    INTERVAL: ClassVar[Method]
    ALGEBRAIC: ClassVar[Method]
    CHARACTERS: ClassVar[Method]

    def __str__(self) -> str:
        return self.name


Method.RING = Method("ring normal form")
Method.SYMBOLIC = Method("symbolic size")
Method.EXHAUSTIVE = Method("exhaustive", numbers=True)
Method.EXACT = Method("exact rationals", numbers=True)
Method.RANDOM = Method("Schwartz–Zippel", exact=False)
Method.SMT = Method("z3", tool="pip install 'invariance-toolkit[smt]'")
Method.COQ = Method("Coq", tool="apt-get install coq libcoq-mathcomp-algebra, then --coq", on_request=True)
Method.INTERVAL = Method("interval", numbers=True)
Method.ALGEBRAIC = Method("algebraic numbers", numbers=True)
Method.CHARACTERS = Method("characters", numbers=True)


@dataclass(frozen=True)
class Paper:
    """Where claims come from: the first half of their ids, its short name, and its BibTeX entry.

    Raises `StatementError` for a key that cannot name a page's file.
    """

    key: str
    name: str
    bibtex: str

    def __post_init__(self) -> None:
        require_types("paper", self, key=str, name=str, bibtex=str)
        if not re.fullmatch(r"\w[\w.-]*", self.key):
            raise StatementError(f"paper: key = {self.key!r}: a word of letters, digits, _, - and . is wanted")


def instead(name: str, *values: Any) -> dict[str, dict[str, Any]]:
    """Mutants that put each of these values for the datum `name`, called by their text.

    >>> instead("exponent", 1, 3)
    {'exponent = 1': {'exponent': 1}, 'exponent = 3': {'exponent': 3}}
    """
    return {f"{name} = {value}": {name: value} for value in values}


@dataclass(frozen=True)
class Route:
    """One way to decide the claim as stated: `check(**data)` holds iff the claim does.

    `data` starts from the default arguments of `check`, so a function whose defaults are the claim's needs none.
    `mutants` name ↦ changes to `data` under which the outcome must be the opposite (for a refuted claim these are its
    true twins). `over` names the sizes that the route ranges over: those in `data` are listed there, the others must
    be unknowns of what was decided, and only then is "all" said. `at` is what else the route fixes that the claim
    leaves open ("C = 3, one window"); `assumed` are the steps that it takes on trust. `cases` is how many cases,
    residuals or questions it must look at where the claim holds, so that a list that loses some is noticed.

    Raises `StatementError` for an argument of another type, a `check` that needs more than `data` gives, and an `at`
    that says "all".
    """

    name: str
    method: Method
    check: Check
    data: Data = field(default_factory=dict)
    mutants: Mapping[str, Data] = field(default_factory=dict)
    over: str = ""
    at: str = ""
    assumed: tuple[str, ...] = ()
    cases: int | None = None

    def __post_init__(self) -> None:
        kinds = {"method": Method, "data": Mapping, "mutants": Mapping, "assumed": tuple, "cases": int | None}
        require_types(f"route {self.name!r}", self, name=str, over=str, at=str, **kinds)
        for name, changes in self.mutants.items():
            if not isinstance(changes, Mapping):
                raise StatementError(f"{self.name}: mutant {name!r}: {changes!r}: wanted are changes to data, by name")
        data = with_defaults(self.name, self.check, self.data)
        object.__setattr__(self, "data", data)
        if {"all", "every", "any"} & set(self.at.replace(",", " ").lower().split()):
            raise StatementError(f"{self.name}: at = {self.at!r}: what is fixed is not “all”; name unknowns in `over`")

    @property
    def leaves(self) -> tuple[Route, ...]:
        """Itself, where a chain has its steps."""
        return (self,)


@dataclass(frozen=True)
class Chain:
    """A route in several steps, each a route with mutants of its own; it holds when every step does."""

    name: str
    leaves: tuple[Route, ...]

    def __init__(self, name: str, *steps: Route | Chain) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "leaves", tuple(leaf for step in steps for leaf in step.leaves))

    @property
    def method(self) -> Method:
        """The weakest of its steps'."""
        return max((leaf.method for leaf in self.leaves), key=lambda m: (not m.exact, m.numbers, bool(m.tool)))


@dataclass(frozen=True)
class Control(ABC):
    """A check whose outcome is known beforehand: the test of the prover, not of the claim."""

    name: str
    check: Check
    data: Data = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_types(f"control {self.name!r}", self, name=str, data=Mapping)
        with_defaults(self.name, self.check, self.data)

    @abstractmethod
    def passed(self, evidence: Evidence) -> bool:
        """Whether the evidence is what it must be."""


@dataclass(frozen=True)
class Mutant(Control):
    """A false sentence near the claim (another reading, exponent, side): must not prove."""

    def passed(self, evidence: Evidence) -> bool:
        return not evidence.holds


@dataclass(frozen=True)
class Dropped(Control):
    """The claim without the hypothesis `name`: must be false, and shown so by an exact counterexample.

    The counterexample is held against the hypotheses: it must break this one and meet all the others.
    """

    def passed(self, evidence: Evidence) -> bool:
        return not evidence.holds and bool(evidence.counterexample)


@dataclass(frozen=True)
class Witness(Control):
    """Something that must be true: the hypotheses can be met, the claim is not vacuous, the repaired claim holds.

    The numbers it looks at meet every hypothesis whose numbers they give, but for the one called `without`: that one
    they break, and the claim holds nonetheless.
    """

    without: str = ""

    def passed(self, evidence: Evidence) -> bool:
        return evidence.holds


def require_types(what: str, item: object, **wanted: Any) -> None:
    """Raises `StatementError` for an attribute of another type, with its name and value as they were typed."""
    for name, kind in wanted.items():
        require_type(what, name, getattr(item, name), kind)


def require_type(what: str, name: str, value: object, kind: Any) -> None:
    """Raises `StatementError` for a value of another type."""
    if not isinstance(value, kind):
        said = " or ".join(part.__name__ for part in getattr(kind, "__args__", (kind,)))
        raise StatementError(f"{what}: {name} = {shortly(value)} is {type(value).__name__}, and {said} is wanted")


def shortly(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def with_defaults(name: str, check: Any, data: Data) -> dict[str, Any]:
    """The data that `check` is called with: its defaults, and these; raises `StatementError` if that does not fit."""
    if not callable(check):
        raise StatementError(f"{name}: check = {shortly(check)}: wanted is a function that returns Evidence")
    try:
        signature = inspect.signature(check)
    except ValueError as error:
        raise StatementError(f"{name}: {check} does not tell its arguments; give a function that calls it") from error
    every = {**{p.name: p.default for p in signature.parameters.values() if p.default is not p.empty}, **data}
    try:
        signature.bind(**every)
    except TypeError as error:
        raise StatementError(
            f"{name}: {getattr(check, '__name__', check)} cannot be called with its data: {error}"
        ) from error
    return every


def leaves(routes: Iterable[Route | Chain]) -> tuple[Route, ...]:
    """The routes and the steps of chains, each once."""
    return tuple({id(leaf): leaf for route in routes for leaf in route.leaves}.values())
