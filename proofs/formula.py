"""Formulas that write themselves: one function for what is checked and for what is printed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

__all__ = ["Formula", "Name", "raised", "spelt"]

_LETTER = re.compile(r"\w[ᵀ′⁻¹²³₁₂₃]*(\(.*\))?")
_RAISED = str.maketrans("0123456789-−+n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻⁺ⁿ")


@dataclass(frozen=True)
class Formula:
    """A formula with its text, so that what is printed and what is checked are one object.

    >>> square = Formula("the square", lambda x: x * x)
    >>> f"{square} of 3 is {square(3)}"
    'the square of 3 is 9'

    `Formula.of` takes the text from the function, which is run on names.

    >>> print(Formula.of(lambda n, k, s, p: (n + 2 * p - k) % s == 0))
    (n + 2p − k) mod s = 0
    """

    text: str
    function: Callable[..., Any] = field(compare=False)

    @classmethod
    def of(cls, function: Callable[..., Any], **called: str) -> Formula:
        """The formula that the function writes when its arguments are their own names, or are `called` something else.

        >>> print(Formula.of(lambda d: abs(d) ** 2, d="det A"))
        |det A|²

        Raises `TypeError` for one that asks which of two names is the greater, as `max`, `if` and `and` do: of these
        the text is given by hand.
        """
        names = (Name(called.get(name, name)) for name in inspect.signature(function).parameters)
        return cls(spelt(function(*names)), function)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.function(*arguments, **named)

    def __str__(self) -> str:
        return self.text


def raised(power: object) -> str:
    """As an exponent: nothing for 1.

    >>> raised(2), raised(-1), raised(1)
    ('²', '⁻¹', '')
    """
    text = spelt(power)
    return "" if text == "1" else text.translate(_RAISED)


def spelt(value: object) -> str:
    """A number, a formula, or a list of them, as a text has it; a table of numbers as a list of its lines.

    >>> spelt((1, -2)), spelt({"one": 1, "many": 12345})
    ('(1, −2)', 'one 1, many 12,345')
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {number:,}" for name, number in value.items())
    if isinstance(value, tuple | list):
        return f"({', '.join(map(spelt, value))})"
    return str(value).replace("-", "−") if isinstance(value, int | Fraction) else str(value)


class Name:
    """Something with a name, and the arithmetic that writes down what is done to it.

    `g(h)` and `g @ h` are products, `~g` is the inverse, `layer.p` is called p; `&` and `|` join relations.

    >>> n, m = Name("n"), Name("m")
    >>> print(n * (m + 1) ** 2, abs(n) <= 1, ~n(m))
    n(m + 1)² |n| ≤ 1 (nm)⁻¹
    """

    OR: ClassVar[int] = 0
    AND: ClassVar[int] = 1
    RELATION: ClassVar[int] = 2
    SUM: ClassVar[int] = 3
    MOD: ClassVar[int] = 4
    PRODUCT: ClassVar[int] = 5
    POWER: ClassVar[int] = 6
    ATOM: ClassVar[int] = 7

    def __init__(self, text: str, binds: int = 7, close: bool | None = None) -> None:
        """`close`: whether it may stand beside another without a dot, as one letter does; a name tells by itself."""
        self._text, self._binds = text, binds
        self._close = bool(_LETTER.fullmatch(text)) if close is None else close

    def __str__(self) -> str:
        return self._text

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError(f"{self}: of a name nobody knows whether it is so; join relations by & and |")

    def __getattr__(self, name: str) -> Name:
        if name.startswith("_"):
            raise AttributeError(name)
        return Name(name)

    def __add__(self, other: object) -> Name:
        return _joined(self, " + ", other, Name.SUM)

    def __radd__(self, other: object) -> Name:
        return _joined(other, " + ", self, Name.SUM)

    def __sub__(self, other: object) -> Name:
        return _joined(self, " − ", other, Name.SUM, Name.MOD)

    def __rsub__(self, other: object) -> Name:
        return _joined(other, " − ", self, Name.SUM, Name.MOD)

    def __mod__(self, other: object) -> Name:
        return _joined(self, " mod ", other, Name.MOD, Name.PRODUCT)

    def __mul__(self, other: object) -> Name:
        return _product(self, other)

    def __rmul__(self, other: object) -> Name:
        return _product(other, self)

    def __call__(self, other: object) -> Name:
        return _product(self, other)

    __matmul__ = __mul__

    def __truediv__(self, other: object) -> Name:
        return _joined(self, "/", other, Name.PRODUCT, Name.POWER)

    def __rtruediv__(self, other: object) -> Name:
        return _joined(other, "/", self, Name.PRODUCT, Name.POWER)

    def __pow__(self, power: object) -> Name:
        return Name(f"{_within(self, Name.ATOM)}{raised(power)}", Name.POWER, self._close or self._binds < Name.ATOM)

    def __rpow__(self, base: object) -> Name:
        return Name(f"{_within(base, Name.ATOM)}{raised(self)}", Name.POWER, True)

    def __invert__(self) -> Name:
        return self**-1

    def __neg__(self) -> Name:
        return Name(f"−{_within(self, Name.PRODUCT)}", Name.SUM)

    @property
    def T(self) -> Name:
        return Name(f"{_within(self, Name.ATOM)}ᵀ", Name.POWER, self._close or self._binds < Name.ATOM)

    def det(self) -> Name:
        return Name(f"det({self})")

    def trace(self) -> Name:
        return Name(f"tr({self})")

    def cofactors(self) -> Name:
        return Name(f"cof({self})")

    def __abs__(self) -> Name:
        return Name(f"|{self}|")

    def __eq__(self, other: object) -> Any:
        return _joined(self, " = ", other, Name.RELATION, Name.SUM)

    def __ne__(self, other: object) -> Any:
        return _joined(self, " ≠ ", other, Name.RELATION, Name.SUM)

    def __le__(self, other: object) -> Name:
        return _joined(self, " ≤ ", other, Name.RELATION, Name.SUM)

    def __ge__(self, other: object) -> Name:
        return _joined(self, " ≥ ", other, Name.RELATION, Name.SUM)

    def __lt__(self, other: object) -> Name:
        return _joined(self, " < ", other, Name.RELATION, Name.SUM)

    def __gt__(self, other: object) -> Name:
        return _joined(self, " > ", other, Name.RELATION, Name.SUM)

    def __and__(self, other: object) -> Name:
        return _joined(self, " and ", other, Name.AND)

    def __or__(self, other: object) -> Name:
        return _joined(self, " or ", other, Name.OR)


def _within(part: object, binds: int) -> str:
    """In parentheses if it binds less than what surrounds it."""
    loose = part._binds < binds if isinstance(part, Name) else isinstance(part, int | Fraction) and part < 0
    return f"({spelt(part)})" if loose else spelt(part)


def _joined(left: object, sign: str, right: object, binds: int, tighter: int | None = None) -> Name:
    return Name(f"{_within(left, binds)}{sign}{_within(right, binds if tighter is None else tighter)}", binds)


def _product(left: object, right: object) -> Name:
    """Side by side, with a dot where names of several letters or a number on the right would run together."""
    beside = _close(left) and _close(right) and not isinstance(right, int | Fraction)
    text = f"{_within(left, Name.PRODUCT)}{'' if beside else '·'}{_within(right, Name.PRODUCT)}"
    return Name(text, Name.PRODUCT, beside)


def _close(part: object) -> bool:
    return part._close or part._binds < Name.PRODUCT if isinstance(part, Name) else isinstance(part, int)
