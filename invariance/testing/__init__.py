"""What other projects import to test their own layers: assertions, and hypothesis strategies in `strategies`."""

from .assertions import TOLERANCES, assert_consistent, assert_equivariant, assert_invariant

__all__ = ["TOLERANCES", "assert_consistent", "assert_equivariant", "assert_invariant"]
