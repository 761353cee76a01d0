"""The laws of a field, as its user can break them: ρ is a homomorphism, undone by the inverse, linear if it says so."""

from __future__ import annotations

from itertools import islice

import torch
from torch import Tensor

from ..errors import ArgumentError
from ..groups import Element, Group
from .field import Field

__all__ = ["check_field_laws"]

_CLOSE = 1e-8


def check_field_laws(name: str, field: Field, group: Group, generator: torch.Generator, *, count: int = 3) -> None:
    r"""ρ(1) = 1, ρ(g)ρ(h) = ρ(gh), ρ(g⁻¹)ρ(g) = 1, linear, sample by sample; where nothing is resampled.

    Raises:
        ArgumentError: the law that fails and the elements at which it does; what `act` raises, with the element.
    """
    chosen = list(islice(group.tried(generator, count), 4 * count))
    some = [*chosen[: count + 1], group.sample(generator)]
    tensor, other = (_sampled(name, field, generator) for _ in range(2))

    def acted(g: Element, values: Tensor) -> Tensor:
        return _acted(name, field, group, g, values)

    _require(name, field, acted(group.identity, tensor), tensor, "ρ(1)x", "x", g=group.identity)
    for g in some:
        moved = acted(g, tensor)
        if field.resamples(g):
            continue
        alone = acted(g, tensor[1:])
        _require(name, field, moved[1:], alone, "ρ(g)x of a batch", "ρ(g) of each sample", g=g)
        back = acted(group.inverse(g), moved)
        _require(name, field, back, tensor, "ρ(g⁻¹)ρ(g)x", "x", g=g)
        if field.linear:
            both = acted(g, tensor + 2 * other)
            parts = moved + 2 * acted(g, other)
            _require(name, field, both, parts, "ρ(g)(x + 2y)", "ρ(g)x + 2ρ(g)y", g=g)
        for h in some[:count]:
            if not field.resamples(h):
                twice = acted(g, acted(h, tensor))
                once = acted(group.product(g, h), tensor)
                _require(name, field, twice, once, "ρ(g)ρ(h)x", "ρ(gh)x", g=g, h=h)


def _sampled(name: str, field: Field, generator: torch.Generator) -> Tensor:
    tensor = field.sample(2, generator)
    if not isinstance(tensor, Tensor) or len(tensor) != 2:
        found = tuple(tensor.shape) if isinstance(tensor, Tensor) else type(tensor).__name__
        raise ArgumentError(f"sample of {name}", found, f"a tensor of two samples, for {field}")
    first, again = (field.sample(2, torch.Generator().manual_seed(0)) for _ in range(2))
    if not torch.equal(first, again):
        raise ArgumentError(f"sample of {name}", "other samples each time", f"drawn by the generator, for {field}")
    return field.check(f"sample of {name}", tensor)


def _acted(name: str, field: Field, group: Group, g: Element, tensor: Tensor) -> Tensor:
    try:
        moved = field.act(g, tensor)
    except ArgumentError as error:
        if error.args[0] != "tensor.shape":
            raise
        raise ArgumentError(name, f"{field} under {group}", error.args[2]) from error
    except Exception as error:  # code of others
        raise ArgumentError(
            f"action on {name}", f"{type(error).__name__}: {error}", f"a tensor, for g = {g}"
        ) from error
    if not isinstance(moved, Tensor):
        raise ArgumentError(f"action on {name}", type(moved).__name__, f"a tensor, for g = {g}")
    return moved


def _require(name: str, field: Field, left: Tensor, right: Tensor, law: str, other: str, **where: Element) -> None:
    if left.shape != right.shape:
        said = f"{law} has shape {tuple(left.shape)}, {other} {tuple(right.shape)} for {_told(where)}"
        raise ArgumentError(f"action on {name}", said, f"one shape, for {field}")
    difference = float((left.double() - right.double()).abs().max())
    if not difference <= _CLOSE * (1 + float(right.double().abs().max())):
        said = f"{law} and {other} differ by {difference:.1e} for {_told(where)}"
        raise ArgumentError(f"action on {name}", said, f"equal: an action of the group, by {field}")


def _told(elements: dict[str, Element]) -> str:
    return ", ".join(f"{letter} = {element}" for letter, element in elements.items())
