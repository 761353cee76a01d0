"""Texts that take their numbers and relations from what the routes are given.

    claim="Φ(J) = J for almost every J iff |a| ≤ {threshold}"

`{threshold}` is the datum of that name: what is printed is what the route is run with, and what its mutants change.
Where two routes have data of one name that differ, `{signs.threshold}` is that of the check called `signs`; what no
route is given is looked for among the witnesses. A hypothesis is named as it is listed, `{M invertible}`. What a text
says by way of notation, premise or example, and no route looks at, is said so: `{let:D = J − J̄}`. A brace of the text
is doubled, as in Python's formats.

In brackets stand the indices of a list, and the names that a formula is written about: `{out[conv(J), M]}` is
conv(J)·M for the datum out = JM. After a colon: `{power:^}` is an exponent (² for 2, nothing for 1), `{factor:*}` a
coefficient (nothing for 1), `{rounded:,}` a list without parentheses, and any other is Python's own, `{weights:,}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from string import Formatter
from typing import Any

from invariance_proofs.evidence import StatementError
from invariance_proofs.formula import Formula, Name, raised, spelt
from invariance_proofs.matrix import Matrix
from invariance_proofs.route import Control, Route, with_defaults

__all__ = ["fields", "filled"]


def filled(text: str, routes: Iterable[Route], hypotheses: Mapping[str, Any], witnesses: Iterable[Control] = ()) -> str:
    """The text with its fields filled; raises `StatementError` for one that names nothing, or two different data."""
    try:
        if odd := [
            name for _, name, _, turned in Formatter().parse(text) if name is not None and (turned or "__" in name)
        ]:
            raise StatementError(f"{{{odd[0]}}}: a field is a datum, its parts, and a colon with how it is written")
        return text.format_map(_Named(_sources(routes), hypotheses, _sources(witnesses)))
    except StatementError as error:
        raise StatementError(f"{text!r}: {error}") from error
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise StatementError(f"{text!r}: {error}; a brace of the text is doubled, {{{{ and }}}}") from error


def fields(text: str) -> list[tuple[str, str]]:
    """The fields of a text with what stands after their colon; `let` is none."""
    parsed = ((name, spec or "") for _, name, spec, _ in Formatter().parse(text) if name is not None)
    return [(name, spec) for name, spec in parsed if name != "let"]


Sources = list[tuple[str, Mapping[str, Any]]]
"""Names of checks, and what each is given."""


def _sources(given: Iterable[Route | Control]) -> Sources:
    return [(getattr(one.check, "__name__", ""), one.data if isinstance(one, Route) else _whole(one)) for one in given]


def _whole(control: Control) -> Mapping[str, Any]:
    return with_defaults(control.name, control.check, control.data)


class _Said:
    """A datum as a text has it, and its parts."""

    def __init__(self, name: str, value: Any) -> None:
        self._name, self._value = name, value

    def __getitem__(self, key: Any) -> _Said:
        if isinstance(self._value, Formula):
            return _Said(self._name, spelt(self._value(*map(Name, str(key).split(", ")))))
        return _Said(f"{self._name}[{key}]", self._value[key])

    def __getattr__(self, name: str) -> _Said:
        return _Said(f"{self._name}.{name}", getattr(self._value, name))

    def __format__(self, spec: str) -> str:
        value = self._value
        if spec == "^":
            return raised(spelt(value))
        if spec == "*":
            return {"1": "", "−1": "−"}.get(spelt(value), spelt(value))
        if spec == "," and isinstance(value, tuple | list):
            return ", ".join(map(spelt, value))
        if spec:
            return format(value, spec)
        if isinstance(value, Formula | Matrix | Mapping | str | tuple | list | int | Fraction):
            return spelt(value)
        raise StatementError(f"{{{self._name}}} is {value!r}, which has no text; a Formula has one")


class _Check:
    """What the routes with one check are given."""

    def __init__(self, name: str, given: Sources) -> None:
        self._name, self._given = name, given

    def __format__(self, spec: str) -> str:
        data = ", ".join(
            f"{{{self._name}.{name}}}" for name in dict.fromkeys(n for _, data in self._given for n in data)
        )
        raise StatementError(f"{{{self._name}}}: which of its data? {data}")

    def __getattr__(self, datum: str) -> _Said:
        return _datum(f"{self._name}.{datum}", datum, self._given)


class _Let:
    def __format__(self, spec: str) -> str:
        return spec


class _Named(dict[str, Any]):
    def __init__(self, routes: Sources, hypotheses: Mapping[str, Any], witnesses: Sources) -> None:
        super().__init__(let=_Let(), **{name: _Said(name, str(text)) for name, text in hypotheses.items()})
        self._routes, self._witnesses = routes, witnesses

    def __missing__(self, name: str) -> Any:
        if of_it := [source for source in self._routes if source[0] == name]:
            return _Check(name, of_it)
        seen = any(name in data for _, data in self._witnesses)
        in_routes = any(name in data for _, data in self._routes)
        return _datum(name, name, self._witnesses if seen and not in_routes else self._routes)


def _datum(asked: str, name: str, given: Sources) -> _Said:
    found = [data[name] for _, data in given if name in data]
    if not found:
        have = ", ".join(dict.fromkeys(name for _, data in given for name in data)) or "nothing"
        raise StatementError(f"{{{asked}}}: wanted is what a route is given ({have}), or a brace doubled")
    if any(not _same(value, found[0]) for value in found):
        raise StatementError(f"{{{asked}}}: routes are given different ones; wanted is {{check.{name}}}, of one check")
    return _Said(asked, found[0])


def _same(left: Any, right: Any) -> bool:
    return left is right or (type(left) is type(right) and str(left) == str(right))
