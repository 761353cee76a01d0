"""Groups: one protocol; and the split groups Z² ⋊ H that group convolutions run over.

A group's elements are data (`Element`): affine maps of space, permutations of items, cyclic shifts, maps of channels.
"""

from .channels import channel_permutations, gains, hue, sign_flips
from .direct import direct_product
from .element import Element
from .group import ENUMERATED, FiniteGroup, Group, Tangent
from .laws import check_group_laws
from .linear import SE, SO, E, O, affine_maps, lorentz, parity, scalings, translations
from .moves import permutations, reversal, shifts
from .names import KINDS, about_group, as_group, group_named
from .parts import Affine, Part, Permutation, Shift
from .plane import cube, cyclic, dihedral, flips, of_split, turn
from .split import Matrix, SplitGroup
from .wallpaper import CM, GROUPS, P2, P3, P4, P4M, PM

__all__ = [
    "CM",
    "ENUMERATED",
    "GROUPS",
    "KINDS",
    "P2",
    "P3",
    "P4",
    "P4M",
    "PM",
    "SE",
    "SO",
    "Affine",
    "E",
    "Element",
    "FiniteGroup",
    "Group",
    "Matrix",
    "O",
    "Part",
    "Permutation",
    "Shift",
    "SplitGroup",
    "Tangent",
    "about_group",
    "affine_maps",
    "as_group",
    "channel_permutations",
    "check_group_laws",
    "cube",
    "cyclic",
    "dihedral",
    "direct_product",
    "flips",
    "gains",
    "group_named",
    "hue",
    "lorentz",
    "of_split",
    "parity",
    "permutations",
    "reversal",
    "scalings",
    "shifts",
    "sign_flips",
    "translations",
    "turn",
]
