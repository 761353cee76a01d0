"""What other projects import to test their own layers.

`check` measures and judges a module; the assertions do so in tests, with what the plugin `pytest_invariance` adds to
pytest; `strategies` has hypothesis strategies; `search_worst` searches a family for its worst warp.
"""

from ..checking import CHECKED_GROUPS, CheckReport, check, layers_of
from .assertions import TOLERANCES, assert_consistent, assert_equivariant, assert_invariant
from .search import WorstCase, search_worst
from .symmetric import SymmetryError, assert_symmetric, check_symmetry

__all__ = [
    "CHECKED_GROUPS",
    "TOLERANCES",
    "CheckReport",
    "SymmetryError",
    "WorstCase",
    "assert_consistent",
    "assert_equivariant",
    "assert_invariant",
    "assert_symmetric",
    "check",
    "check_symmetry",
    "layers_of",
    "search_worst",
]
