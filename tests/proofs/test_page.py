"""docs/ledger.md is what the ledger says now."""

from pathlib import Path

from invariance_proofs.explain import page
from invariance_proofs.ledger import verify

PAGE = Path(__file__).parents[2] / "docs" / "ledger.md"


def test_the_kept_page_is_not_stale():
    """Renew it by `invariance verify --markdown docs/ledger.md`."""
    assert PAGE.read_text(encoding="utf-8") == page(verify())
