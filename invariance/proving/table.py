"""The registry as a table for people: operations, what their rule asks, the theorems that it cites."""

from __future__ import annotations

from .registry import RULES

__all__ = ["rules_table"]


def rules_table() -> str:
    """Markdown, a section for each family, written by `invariance prove --rules`."""
    families: dict[str, dict[tuple[str, tuple[str, ...]], list[str]]] = {}
    for op, rule in sorted(RULES.items()):
        families.setdefault(rule.family, {}).setdefault((rule.says, rule.cites), []).append(op.removeprefix("aten."))
    lines = [
        "# Operations and rules of `prove`",
        "",
        "Written by `invariance prove --rules docs/prove_rules.md`. An operation that is not here is refused by name.",
    ]
    for family, rules in sorted(families.items()):
        lines += ["", f"## {family}", "", "| operations | what is asked, and what follows | ledger |", "|---|---|---|"]
        for (says, cites), ops in rules.items():
            named = ", ".join(f"`{op.removesuffix('.default')}`" for op in ops)
            lines.append(f"| {named} | {says.replace('|', chr(92) + '|')} | {', '.join(cites)} |")
    return "\n".join(lines) + "\n"
