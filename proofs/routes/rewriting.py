"""Equations between maps of any kind, linear or not: terms, and rules that rewrite them.

Terms are written as in Python: `F(a(x))`, `x + y`, `x * y`. The letters x, y, z, u, v, w stand for anything, all others
are fixed symbols. If both sides of an equation come to one normal form, it holds in every set with maps that obey the
rules, whatever its size. Different normal forms prove nothing: then numbers have to refute.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cache

from invariance_proofs.evidence import Evidence, StatementError, procedure

__all__ = ["follows"]

Term = str | tuple["Term", ...]
_VARIABLES = frozenset("xyzuvw")
_STEPS = 200


@procedure
def follows(equation: str, rules: Sequence[str], /, what: str = "") -> Evidence:
    """Whether the sides of `equation` have one normal form under `rules`, equations read from left to right.

    >>> follows("G(F(a(x))) = c(G(F(x)))", ["F(a(x)) = b(F(x))", "G(b(x)) = c(G(x))"]).holds
    True
    """
    left, right = (_Rewriter(rules).normal(side) for side in _sides(equation))
    came = f"both sides become {_written(left)}" if left == right else f"{_written(left)} ≠ {_written(right)}"
    return Evidence(left == right, f"{what or equation}: {came}", unknowns=frozenset({"maps"}))


class _Rewriter:
    def __init__(self, rules: Sequence[str]) -> None:
        self.rules = [_sides(rule) for rule in rules]
        self.left = _STEPS

    def normal(self, term: Term) -> Term:
        """Innermost first; raises `StatementError` if the rules go on for ever."""
        if isinstance(term, str):
            return term
        term = (term[0], *map(self.normal, term[1:]))
        for pattern, replacement in self.rules:
            found: dict[str, Term] = {}
            if _match(pattern, term, found):
                self.left -= 1
                if not self.left:
                    raise StatementError("the rules rewrite without end, " + _written(term)[:60] + " …")
                return self.normal(_put(replacement, found))
        return term


def _match(pattern: Term, term: Term, found: dict[str, Term]) -> bool:
    if isinstance(pattern, str):
        return found.setdefault(pattern, term) == term if pattern in _VARIABLES else pattern == term
    return (
        isinstance(term, tuple)
        and len(pattern) == len(term)
        and pattern[0] == term[0]
        and all(_match(p, t, found) for p, t in zip(pattern[1:], term[1:], strict=True))
    )


def _put(term: Term, found: dict[str, Term]) -> Term:
    if isinstance(term, str):
        return found.get(term, term)
    return (term[0], *(_put(part, found) for part in term[1:]))


@cache
def _sides(equation: str) -> tuple[Term, Term]:
    left, right = equation.split("=")
    return _term(left), _term(right)


def _term(text: str) -> Term:
    return _read(ast.parse(text.strip(), mode="eval").body)


def _read(node: ast.expr) -> Term:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Constant(value=int(number)):
            return str(number)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return ("+", _read(left), _read(right))
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return ("*", _read(left), _read(right))
        case ast.Call(func=ast.Name(id=name), args=parts):
            return (name, *map(_read, parts))
    raise StatementError(f"{ast.unparse(node)}: names, calls, + and * are what terms are made of")


def _written(term: Term) -> str:
    if isinstance(term, str):
        return term
    if term[0] in ("+", "*"):
        return f"({_written(term[1])} {term[0]} {_written(term[2])})"
    return f"{term[0]}({', '.join(map(_written, term[1:]))})"
