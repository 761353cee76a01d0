"""The operations of group CNNs by their definitions, for functions on any set that a group acts on.

Nothing here knows which group it is: `g(x)` acts or multiplies and `~g` inverts. With `motions` the values are numbers
or polynomials on Z² or Z² ⋊ H; with `routes.words` the same lines run on words of the free group, where a range
is one formal element, and what comes out holds for every group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from invariance_proofs.formula import Formula

__all__ = ["Function", "apply", "conjugate", "correlate", "given", "move", "pool", "pull_back"]

Function = Callable[[Any], Any]


def given(values: Mapping[Any, Any]) -> Function:
    """The function with these values, 0 elsewhere."""
    return lambda x: values.get(x, 0)


def move(g: Any, f: Function) -> Function:
    """(L_g f)(x) = f(g⁻¹x)."""
    back = ~g
    return lambda x: f(back(x))


def conjugate(g: Any, f: Function) -> Function:
    """(L_g f)(t) = f(g⁻¹tg): the action on functions of a translation t, since g⁻¹tg translates by A(g)⁻¹t."""
    back = ~g
    return lambda t: f(back(t)(g))


pull_back = Formula.of(lambda g, y: (~g)(y))
"""Where a filter is read."""


def correlate(
    f: Function, psi: Function, over: Iterable[Any], argument: Callable[[Any, Any], Any] = pull_back
) -> Function:
    """[f ⋆ ψ](g) = Σ_y f(y) ψ(g⁻¹y).

    G acts on y: translations on Z² (planar correlation), Z² ⋊ H on Z² (lifting), Z² ⋊ H on itself (group correlation).
    `over` holds every y with f(y) ≠ 0 or every y with ψ(g⁻¹y) ≠ 0. Controls put another `argument` for g⁻¹y.
    """
    domain = list(over)
    return lambda g: sum(f(y) * psi(argument(g, y)) for y in domain)


def apply(nu: Callable[[Any], Any], f: Function) -> Function:
    """C_ν f = ν ∘ f."""
    return lambda x: nu(f(x))


def pool(f: Function, over: Iterable[Any], reduce: Callable[[list[Any]], Any] = max) -> Function:
    """(Pf)(g) = max over k ∈ U of f(gk), or another reduction."""
    domain = list(over)
    return lambda g: reduce([f(g(k)) for k in domain])
