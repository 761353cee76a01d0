"""The table of rules in the docs is the registry's."""

from pathlib import Path

from invariance.proving.table import rules_table


def test_the_page_is_what_the_command_writes() -> None:
    page = Path(__file__).parents[2] / "docs" / "prove_rules.md"
    assert page.read_text(encoding="utf-8") == rules_table(), "write it: invariance prove --rules docs/prove_rules.md"
