"""How far points may be moved, by whatever diffeomorphism of the square, before a surface network changes its mind.

`certified_radius` bounds from the weights and one forward pass, and `worst_logits` is the same bound to train on;
`worst_warp` looks for warps that do change a class; `certify` puts both beside each other.
"""

from .attack import ATTACKS, Attacked, worst_warp
from .certify import Certificates, certify
from .radius import Bound, bound_of, certified_radius, worst_logits

__all__ = [
    "ATTACKS",
    "Attacked",
    "Bound",
    "Certificates",
    "bound_of",
    "certified_radius",
    "certify",
    "worst_logits",
    "worst_warp",
]
