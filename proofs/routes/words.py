"""Sums over a group, for every group at once: equality up to a substitution of the summation variable.

Elements of an unknown group are reduced words of the free group, values of an unknown function are symbols F(w), and
⊕_y F(w) G(w′) … is kept as the product under the sum. Since y ↦ a y b permutes the range of y for letters a, b of the
group that acts on it, both sides may be brought to the form in which the first factor's argument is as short as
substitution makes it. Equal forms are equal sums in every group, over every set it acts on, for every ⊕ that does not
look at the order of its arguments. For sums over the whole group of products of different functions this decides:
unequal forms are unequal sums in the free group itself, with the first function 1 at one element and 0 elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import takewhile

from invariance_proofs.evidence import Evidence, StatementError, procedure

__all__ = ["Term", "Word", "function", "letters", "reindexed"]


@dataclass(frozen=True, order=True)
class Word:
    """A reduced word: pairs (letter, ±1). `g(h)` is the product gh, or g applied to the point h; `~g` is g⁻¹.

    >>> g, h = letters("g h")
    >>> print(g(~h)(h)(h), ~g(h))
    gh h⁻¹g⁻¹
    """

    spelling: tuple[tuple[str, int], ...]

    def __call__(self, other: Word) -> Word:
        left, right = list(self.spelling), list(other.spelling)
        while left and right and left[-1] == (right[0][0], -right[0][1]):
            left.pop()
            right.pop(0)
        return Word((*left, *right))

    def __invert__(self) -> Word:
        return Word(tuple((letter, -sign) for letter, sign in reversed(self.spelling)))

    def split(self, variable: Word) -> tuple[Word, Word]:
        """What stands left and right of the variable; raises `StatementError` unless it occurs once, not inverted."""
        places = [i for i, (letter, _) in enumerate(self.spelling) if letter == variable.spelling[0][0]]
        if len(places) != 1 or self.spelling[places[0]] != variable.spelling[0]:
            raise StatementError(f"{self}: {variable} is wanted once")
        return Word(self.spelling[: places[0]]), Word(self.spelling[places[0] + 1 :])

    def __str__(self) -> str:
        return "".join(letter + ("" if sign > 0 else "⁻¹") for letter, sign in self.spelling) or "1"


@dataclass(frozen=True)
class Term:
    """A product of values F(w), the factors in the order of their names."""

    factors: tuple[tuple[str, Word], ...]

    def __mul__(self, other: Term) -> Term:
        return Term(tuple(sorted(self.factors + other.factors)))

    def __radd__(self, zero: int) -> Term:
        """So that `sum` over the one formal element of a range is the term itself."""
        return self

    def under(self, name: str) -> Term:
        """ν(F(w)) for an unknown ν; of a product, ν of its only factor is meant."""
        ((inner, word),) = self.factors
        return Term(((f"{name}∘{inner}", word),))

    def settled(self, variable: Word, acting: frozenset[str]) -> Term:
        """The term after the substitution that strips the letters of `acting` around the variable in factor one."""
        before, after = self.factors[0][1].split(variable)
        left = ~Word(tuple(takewhile(lambda pair: pair[0] in acting, reversed(before.spelling)))[::-1])
        right = ~Word(tuple(takewhile(lambda pair: pair[0] in acting, after.spelling)))
        replaced = ((name, word.split(variable)) for name, word in self.factors)
        return Term(tuple((name, a(left)(variable)(right)(b)) for name, (a, b) in replaced))

    def __str__(self) -> str:
        return " ".join(f"{name}({word})" for name, word in self.factors)


def letters(names: str) -> tuple[Word, ...]:
    """Free generators of a group, by their names with spaces between: no relation holds but $a a^{-1} = 1$."""
    return tuple(Word(((name, 1),)) for name in names.split())


def function(name: str) -> Callable[[Word], Term]:
    """$F$ on a group, of which nothing is known: $F(w)$ is a symbol for each word w; `a(b)` is the word ab.

    >>> a, b = letters("a b")
    >>> function("F")(a(b)) == function("F")(b(a))
    False
    """
    return lambda word: Term(((name, word),))


@procedure
def reindexed(left: Term, right: Term, /, what: str, over: Word | None = None, acting: Iterable[Word] = ()) -> Evidence:
    """Whether ⊕ left = ⊕ right, `over` the variable, `acting` the letters whose elements permute its range.

    Without `over` nothing is summed and the terms themselves are compared.
    """
    if over is not None:
        moving = frozenset(word.spelling[0][0] for word in acting)
        left, right = left.settled(over, moving), right.settled(over, moving)
    detail = f"{what}: {left}{f' ≠ {right}' if left != right else ' on both sides'}"
    return Evidence(left == right, detail, unknowns=frozenset({"groups"}))
