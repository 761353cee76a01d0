"""Groups by name, as the command line and files spell them: `p4`, `C(8)`, `O(3) x S(16)`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ArgumentError, ArgumentTypeError, meant
from .channels import channel_permutations, gains, hue, sign_flips
from .direct import direct_product
from .group import Group
from .linear import SE, SO, E, O, affine_maps, lorentz, parity, scalings, translations
from .moves import permutations, reversal, shifts
from .plane import cube, cyclic, dihedral, flips, of_split
from .split import SplitGroup
from .wallpaper import GROUPS

__all__ = ["KINDS", "GroupKind", "about_group", "as_group", "group_named"]


@dataclass(frozen=True)
class GroupKind:
    """A line of the list: how it is made from whole numbers, an example of its name, what it does, and on what."""

    make: Callable[..., Group]
    example: str
    about: str
    on: str

    @property
    def line(self) -> str:
        """Options of `invariance check` that ask about it."""
        return f'--group "{self.example}" --in {self.on}'


KINDS: dict[str, GroupKind] = {
    **{
        name: GroupKind(lambda name=name: of_split(GROUPS[name]), name, about, on)
        for name, (about, on) in {
            "p2": ("half turns of the plane", "image:1x8x8"),
            "pm": ("the flip of rows", "image:1x8x8"),
            "cm": ("the exchange of rows and columns", "image:1x8x8"),
            "p3": ("third turns of the plane", "image:1x15x15"),
            "p4": ("quarter turns of the plane", "image:1x8x8"),
            "p4m": ("quarter turns and flips", "image:1x8x8"),
        }.items()
    },
    "flip-lr": GroupKind(lambda: flips("flip-lr"), "flip-lr", "left and right exchanged", "image:1x8x8"),
    "flip-ud": GroupKind(lambda: flips("flip-ud"), "flip-ud", "up and down exchanged", "image:1x8x8"),
    "flips": GroupKind(lambda: flips("flips"), "flips", "both flips, and so the half turn", "image:1x8x8"),
    "flip-depth": GroupKind(
        lambda: flips("flip-depth"), "flip-depth", "front and back of a volume exchanged", "volume:1x6x6x6"
    ),
    "C": GroupKind(cyclic, "C(8)", "rotations of the plane by multiples of 360°/N", "image:1x15x15"),
    "D": GroupKind(dihedral, "D(6)", "rotations by multiples of 360°/N, and reflections", "image:1x15x15"),
    "cube": GroupKind(lambda: cube(), "cube", "the 24 rotations of a volume's axes", "volume:1x4x4x4"),
    "octahedral": GroupKind(
        lambda: cube(reflections=True), "octahedral", "the cube's 48 symmetries, with reflections", "volume:1x4x4x4"
    ),
    "SO": GroupKind(SO, "SO(3)", "rotations of n-dimensional space", "points:16"),
    "O": GroupKind(O, "O(3)", "rotations and reflections", "vectors:16"),
    "SE": GroupKind(SE, "SE(3)", "rotations and translations", "points:16"),
    "E": GroupKind(E, "E(3)", "rotations, reflections and translations", "points:16"),
    "translations": GroupKind(translations, "translations(3)", "all points moved alike", "points:16"),
    "parity": GroupKind(parity, "parity(3)", "all coordinates reversed: x to −x", "vectors:16"),
    "scalings": GroupKind(scalings, "scalings(3)", "one factor for all coordinates", "points:16"),
    "affine": GroupKind(
        affine_maps, "affine(2)", "linear maps of positive determinant, and translations", "points:16x2"
    ),
    "lorentz": GroupKind(lorentz, "lorentz", "boosts and rotations of (t, x, y, z)", "points:16x4"),
    "S": GroupKind(
        permutations, "S(12)", "all orders of n items; S(12, users) for items of a kind of their own", "nodes:12x5"
    ),
    "shifts": GroupKind(
        shifts, "shifts(32, 32)", "cyclic shifts of a sequence, plane or volume of these lengths", "image:3x32x32"
    ),
    "time-reversal": GroupKind(reversal, "time-reversal", "a sequence backwards", "sequence:2x64"),
    "channels": GroupKind(channel_permutations, "channels(3)", "all orders of the channels", "image:3x8x8:colour"),
    "signs": GroupKind(sign_flips, "signs(3)", "every channel times ±1", "image:3x8x8:colour"),
    "gains": GroupKind(gains, "gains(3)", "every channel times a positive factor", "image:3x8x8:colour"),
    "hue": GroupKind(hue, "hue", "rotations of the colours about grey", "image:3x8x8:colour"),
}

_NAME = re.compile(r"([A-Za-z][A-Za-z0-9-]*?)(?:\(([^()]*)\)|_?(\d+))?")


def group_named(name: str) -> Group:
    """The group of this name; factors of a direct product are joined by " x ".

    Raises:
        ArgumentError: a name that is none, or numbers that do not suit it.

    >>> group_named("O(3) x S(16)").name, group_named("p4m").order
    ('O(3) x S(16)', 8)
    """
    factors = [_single(part.strip(), name) for part in re.split(r"\s+x\s+|×|(?<=\))x(?=[A-Za-z])", name.strip())]
    return factors[0] if len(factors) == 1 else direct_product(*factors)


def as_group(group: Group | SplitGroup | str) -> Group:
    """A group, or one by its name, or a split group's H.

    Raises:
        ArgumentError, ArgumentTypeError: what is none.
    """
    if isinstance(group, str):
        return group_named(group)
    if isinstance(group, SplitGroup):
        return of_split(group)
    if not isinstance(group, Group):
        raise ArgumentTypeError("group", type(group).__name__, "a group of invariance.groups, or its name")
    return group


def about_group(name: str) -> str:
    """What the group of this name does, in a few words; empty for a product, or a group of one's own."""
    matched = _NAME.fullmatch(name)
    if matched and matched[1] == "S" and "channels" in (matched[2] or ""):
        return KINDS["channels"].about
    kind = KINDS.get(name) or (KINDS.get(matched[1]) if matched else None)
    return kind.about.partition(";")[0] if kind else ""


def _kind(name: str) -> GroupKind | None:
    """By its name, in capitals or not."""
    return KINDS.get(name) or next((kind for known, kind in KINDS.items() if known.lower() == name.lower()), None)


def _single(name: str, whole: str) -> Group:
    matched = _NAME.fullmatch(name)
    kind = _kind(name) or (_kind(matched[1]) if matched else None)
    if matched is None or kind is None:
        listed = f"one of {', '.join(k.example for k in KINDS.values())}, or some of them joined by ' x '"
        wanted = f"{meant(name, (*KINDS, *(k.example for k in KINDS.values())))}{listed}"
        raise ArgumentError("group", whole, wanted)
    text = "" if _kind(name) else matched[2] or matched[3] or ""
    arguments = [int(part) if part.strip().isdigit() else part.strip() for part in text.split(",")] if text else []
    try:
        return kind.make(*arguments)
    except (TypeError, ArgumentError) as error:
        said = f": {error.args[2]}" if isinstance(error, ArgumentError) else ""
        raise ArgumentError("group", whole, f"numbers as in {kind.example}{said}") from error
