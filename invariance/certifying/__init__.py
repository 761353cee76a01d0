"""How far points may be moved, by whatever diffeomorphism of the square, before a surface network changes its mind.

`certified_radius` bounds from the weights and one forward pass, and `worst_logits` is the same bound to train on;
`worst_warp` and `worst_vertices` look for moves that do change a class; `certify` puts both beside each other.
"""

from .attack import ATTACKS, VERTICES, Attacked, Searched, worst_warp
from .certify import Certificates, certify
from .radius import Bound, bound_of, certified_radius, worst_logits
from .vertices import MovedVertices, worst_vertices

__all__ = [
    "ATTACKS",
    "VERTICES",
    "Attacked",
    "Bound",
    "Certificates",
    "MovedVertices",
    "Searched",
    "bound_of",
    "certified_radius",
    "certify",
    "worst_logits",
    "worst_vertices",
    "worst_warp",
]
