"""The ledger, run once in a process of the tests, however many of them look at it."""

from functools import cache

from invariance_proofs.entry import Entry
from invariance_proofs.ledger import verify

__all__ = ["ledger_entries"]


@cache
def ledger_entries() -> dict[str, Entry]:
    """Every entry by its id."""
    return {entry.id: entry for entry in verify()}
