"""docs/ledger.md and the pages beside it are what the ledger says now."""

from pathlib import Path

from ledger_once import ledger_entries

from invariance_proofs.explain import index, pages

DOCS = Path(__file__).parents[2] / "docs"


def test_the_kept_pages_are_not_stale():
    """Renew them by `invariance verify --markdown docs/ledger.md`."""
    entries = list(ledger_entries().values())
    kept = {path.stem: path.read_text(encoding="utf-8") for path in (DOCS / "ledger").glob("*.md")}
    assert (DOCS / "ledger.md").read_text(encoding="utf-8") == index(entries, "ledger")
    assert kept == pages(entries)
