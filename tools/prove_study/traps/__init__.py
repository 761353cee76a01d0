"""Ways to prove what is false: each as a network that must not be proved, beside sound twins that resemble it.

A file for each kind; the numbers in the names are those of the 27 ways that a first sketch of the prover found.
"""

from . import (  # noqa: F401  (they enter themselves in the list)
    batch,
    circular,
    constants,
    duplicates,
    grouped,
    hidden,
    interpolation,
    masks,
    norms,
    numbers,
    places,
    products,
    signs,
    tables,
    windows,
)
from .asked import Plain

__all__ = ["Plain"]
