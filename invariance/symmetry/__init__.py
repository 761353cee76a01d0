r"""A question about a network, as data that a file can hold: a group, the fields it acts on, the fields that come out.

$F(\rho_\text{in}(g)\,x) = \rho_\text{out}(g)\,F(x)$ for all g. *Invariant* is the case of a trivial output; there is no
third word.
"""

from .own import OwnElement, OwnSymmetry
from .symmetry import Symmetry

__all__ = ["OwnElement", "OwnSymmetry", "Symmetry"]
