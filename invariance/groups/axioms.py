"""The axioms of a finite group and of an integer representation, each with an error that names what fails where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product as pairs
from operator import index

from ..errors import ArgumentError, ArgumentTypeError, SingularError

__all__ = ["Matrix", "Table", "check_group", "check_representation", "integers", "multiply"]

Table = tuple[tuple[int, ...], ...]
Matrix = tuple[tuple[int, int], tuple[int, int]]


def integers(argument: str, rows: Iterable[Iterable[int]]) -> Table:
    """Rows of integers, from lists and arrays too; ArgumentTypeError where an entry is no integer."""
    try:
        return tuple(tuple(index(entry) for entry in row) for row in rows)
    except TypeError:
        raise ArgumentTypeError(argument, rows, "rows of integers") from None


def multiply(left: Matrix, right: Matrix) -> Matrix:
    (a, b), (c, d) = left
    (e, f), (g, h) = right
    return (a * e + b * g, a * f + b * h), (c * e + d * g, c * f + d * h)


def check_group(table: Table) -> None:
    """`table[g][h]` = gh is a group whose identity is element 0.

    Raises:
        ArgumentError: the table is empty, not square or not closed, or fails the axiom named at the elements named.
    """
    order = len(table)
    if order == 0 or any(len(row) != order for row in table):
        raise ArgumentError("product", [len(row) for row in table], "a square table: one row and one column an element")
    everyone = range(order)
    for g, h in pairs(everyone, repeat=2):
        if table[g][h] not in everyone:
            raise ArgumentError(f"product[{g}][{h}]", table[g][h], f"closed: one of the elements 0 to {order - 1}")
    for g in everyone:
        if table[0][g] != g or table[g][0] != g:
            raise ArgumentError("product", f"0·{g} = {table[0][g]}, {g}·0 = {table[g][0]}", "element 0 is the identity")
    for g in everyone:
        if 0 not in table[g]:
            raise ArgumentError("product", f"row {g} = {table[g]}", f"element {g} has an inverse")
    for g, h, k in pairs(everyone, repeat=3):
        left, right = table[table[g][h]][k], table[g][table[h][k]]
        if left != right:
            raise ArgumentError(
                "product", f"({g}·{h})·{k} = {left}, {g}·({h}·{k}) = {right}", "associative: (gh)k = g(hk)"
            )


def check_representation(matrices: Sequence[Matrix], table: Table) -> None:
    """`matrices[g]` is a homomorphism from the group of `table` to GL(2, Z).

    Raises:
        SingularError: a matrix has no inverse over the integers.
        ArgumentError: the number or the shape of the matrices is wrong, or A(g)A(h) ≠ A(gh) at the elements named.
    """
    if len(matrices) != len(table):
        raise ArgumentError("matrices", f"{len(matrices)} of them", f"one for each of the {len(table)} elements")
    for g, matrix in enumerate(matrices):
        if [len(row) for row in matrix] != [2, 2]:
            raise ArgumentError(f"matrices[{g}]", matrix, "two rows of two integers")
        (a, b), (c, d) = matrix
        if a * d - b * c not in (1, -1):
            raise SingularError(f"matrices[{g}]", matrix, f"determinant ±1, so that Z² is kept; it is {a * d - b * c}")
    for g, h in pairs(range(len(table)), repeat=2):
        if multiply(matrices[g], matrices[h]) != matrices[table[g][h]]:
            raise ArgumentError("matrices", f"A({g})A({h}) ≠ A({table[g][h]})", "a homomorphism: A(g)A(h) = A(gh)")
