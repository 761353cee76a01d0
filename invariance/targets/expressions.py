"""Sizes in a saved program: arithmetic on whole numbers and symbols, read by a grammar before sympy evaluates any."""

from __future__ import annotations

import ast
import math
import re

__all__ = ["canonical", "is_arithmetic"]

_LONGEST = 4000  # characters; those of fifty strided layers have a tenth of it
_MOST_TERMS = 64
"""Of a product of sums, written out, and eight arguments of a maximum: sympy's divisors and comparisons of these take
0.3 s, those of 2²⁰ terms minutes; torch writes a factor or two."""
_MOST_ARGUMENTS = 8
_LARGEST = 2**63
_MOST = 16
"""Powers come from products of a size with itself; sympy would write out 9**9**9."""

_SYMBOL = re.compile(r"[a-z]{1,4}\d{1,5}")
_FLOAT = re.compile(r"-?\d{1,20}(\.\d{1,40})?(e[+-]?\d{1,3})?")
_FACTS = {"integer", "positive", "nonnegative", "nonzero", "real"}
"""What torch says of sizes; of imaginary ones sympy expands products without end."""
_BITS = 64  # of the mantissa of a number; torch writes 53
_CONSTANTS = {"true", "false", "True", "False", "oo", "int_oo", "inf"}
_FUNCTIONS = {
    *(
        "Abs",
        "Add",
        "CeilDiv",
        "CeilToInt",
        "CleanDiv",
        "FloatTrueDiv",
        "FloorDiv",
        "FloorToInt",
        "Identity",
        "Integer",
    ),
    *("IntTrueDiv", "IsNonOverlappingAndDenseIndicator", "Mod", "ModularIndexing", "Mul", "PythonMod"),
    *("RoundToInt", "ToFloat", "TruncToFloat", "TruncToInt", "Where"),
    *("And", "Eq", "Equality", "GreaterThan", "LessThan", "Ne", "Not", "Or", "StrictGreaterThan", "StrictLessThan"),
    "Unequality",
}
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Div, ast.Mod, ast.USub)


def canonical(text: str) -> str:
    """The expression, written anew.

    >>> canonical("Mul(Integer(2),Symbol('s7', positive=True))")
    "Mul(Integer(2), Symbol('s7', positive=True))"

    Raises:
        ValueError: anything but integers, symbols and the functions that torch writes; or too much of it, of which
            sympy would make no end.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"an expression of {len(text)} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        if _is_arithmetic(tree) and max(map(_terms, ast.walk(tree))) <= _MOST_TERMS:
            return ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    raise ValueError(f"{text[:80]!r}, which is no arithmetic on sizes")


def is_arithmetic(text: str) -> bool:
    """Whether `canonical` takes it."""
    try:
        canonical(text)
    except ValueError:
        return False
    return True


def _is_arithmetic(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=bool()):
            return True
        case ast.Constant(value=int(value)):
            return value < _LARGEST
        case ast.Name(id=name):
            return name in _CONSTANTS or bool(_SYMBOL.fullmatch(name))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _is_arithmetic(operand)
        case ast.BinOp(left=left, op=operator, right=right):
            return isinstance(operator, _OPERATORS) and _is_arithmetic(left) and _is_arithmetic(right)
        case ast.Call(func=ast.Name(id="Symbol"), args=[ast.Constant(value=str(name))], keywords=assumptions):
            known = all(fact.arg in _FACTS and _is_truth(fact.value) for fact in assumptions)
            return bool(_SYMBOL.fullmatch(name)) and known
        case ast.Call(func=ast.Name(id="Float"), args=[ast.Constant(value=str(digits))], keywords=[precision]):
            return bool(_FLOAT.fullmatch(digits)) and precision.arg == "precision" and _is_precision(precision.value)
        case ast.Call(func=ast.Name(id="Pow"), args=[base, power], keywords=[]):
            return _is_symbol(base) and _is_arithmetic(base) and _is_small(power)
        case ast.Call(func=ast.Name(id="Max" | "Min"), args=arguments, keywords=[]):
            return len(arguments) <= _MOST_ARGUMENTS and all(map(_is_arithmetic, arguments))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return name in _FUNCTIONS and all(map(_is_arithmetic, arguments))
    return False


def _terms(node: ast.AST) -> int:
    """How many, where products of sums are written out."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return _terms(left) + _terms(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _terms(left) * _terms(right)
        case ast.UnaryOp(operand=operand):
            return _terms(operand)
        case ast.Call(func=ast.Name(id="Add"), args=arguments):
            return sum(map(_terms, arguments))
        case ast.Call(func=ast.Name(id="Mul"), args=arguments):
            return math.prod(map(_terms, arguments))
    return 1


def _is_precision(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and 0 < node.value <= _BITS


def _is_truth(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _is_symbol(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Symbol"


def _is_small(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="Integer"), args=[ast.Constant(value=int(power))], keywords=[]):
            return 0 <= power <= _MOST
        case ast.Call(
            func=ast.Name(id="Integer"), args=[ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1))], keywords=[]
        ):
            return True
    return False
