"""Words of the free group, and substitution of the summation variable: sound in a real group, and able to fail."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invariance_proofs.gcnn.functions import correlate, move, pool
from invariance_proofs.routes.words import Term, Word, function, letters, reindexed
from invariance_proofs.statement import StatementError

G, U, Y = letters("g u y")
F, PSI = function("f"), function("ψ")

S3 = list(permutations(range(3)))
Permutation = tuple[int, ...]


def times(p: Permutation, q: Permutation) -> Permutation:
    return tuple(p[i] for i in q)


def evaluate(word: Word, values: dict[str, Permutation]) -> Permutation:
    result: Permutation = (0, 1, 2)
    for letter, sign in word.spelling:
        value = values[letter]
        result = times(result, value if sign > 0 else tuple(value.index(i) for i in range(3)))
    return result


words = st.lists(st.sampled_from([G, U, ~G, ~U]), max_size=4).map(lambda some: fold(some))


def fold(some: list[Word]) -> Word:
    result = Word(())
    for word in some:
        result = result(word)
    return result


def total(term: Term, values: dict[str, Permutation], tables: dict[str, dict[Permutation, int]]) -> int:
    result = 0
    for y in S3:
        product = 1
        for name, word in term.factors:
            product *= tables[name][evaluate(word, values | {"y": y})]
        result += product
    return result


def test_words_reduce() -> None:
    assert G(~G) == Word(())
    assert ~(G(U)) == (~U)(~G)
    assert G(U)(~U)(G) == G(G)
    assert str(G(~U)) == "gu⁻¹"
    assert str(Word(())) == "1"


@given(st.lists(words, min_size=5, max_size=5), st.permutations(range(3)), st.permutations(range(3)))
def test_equal_forms_are_equal_sums(some: list[Word], g: list[int], u: list[int]) -> None:
    """Σ_y f(ayb) ψ(cyd) after the substitution y ↦ eye⁻¹ is the same sum in S₃."""
    a, b, c, d, e = some
    left = F(a(Y)(b)) * PSI(c(Y)(d))
    moved = e(Y)(~e)
    right = F(a(moved)(b)) * PSI(c(moved)(d))
    assert reindexed(left, right, "y ↦ eye⁻¹", over=Y, acting=[G, U]).holds
    values = {"g": tuple(g), "u": tuple(u)}
    tables = {"f": {p: 3 * i + 1 for i, p in enumerate(S3)}, "ψ": {p: i * i - 2 for i, p in enumerate(S3)}}
    assert total(left, values, tables) == total(right, values, tables)


@given(words, words)
def test_forms_are_equal_only_after_a_substitution(a: Word, b: Word) -> None:
    left, right = F(Y) * PSI(a(Y)), F(Y) * PSI(b(Y))
    assert reindexed(left, right, "one free factor", over=Y, acting=[G, U]).holds == (a == b)


def test_only_letters_that_act_are_absorbed() -> None:
    k, c = letters("k c")
    pooled = pool(F, [k])
    assert reindexed(pooled(G(c)), pooled(G), "c in the subgroup", over=k, acting=[c]).holds
    assert not reindexed(pooled(G(c)), pooled(G), "c outside", over=k).holds
    assert not reindexed(pooled(G(c)(U)), pooled(G), "c in it, u outside", over=k, acting=[c]).holds


def test_the_definitions_run_on_words() -> None:
    assert str(correlate(F, PSI, [Y])(G)) == "f(y) ψ(g⁻¹y)"
    assert str(move(U, correlate(F, PSI, [Y]))(G)) == "f(y) ψ(g⁻¹uy)"


def test_the_variable_is_wanted_once() -> None:
    for term in (F(Y(Y)), F(G), F(~Y)):
        with pytest.raises(StatementError, match="y is wanted once"):
            reindexed(term, term, "nonsense", over=Y, acting=[G])
