"""The study beyond images as a page."""

from __future__ import annotations

from collections import Counter
from typing import Any

__all__ = ["alarms", "missed", "page"]


def alarms(study: dict[str, Any]) -> list[str]:
    """Symmetric networks that are called violated."""
    return [f"{name}, seed {seed}: {found[2]}" for name, seed, found in _alarms(study) if found[0] == "violated"]


def missed(study: dict[str, Any]) -> list[str]:
    """Faults of 1 % that are not."""
    return [f"{name}, seed {seed}, {fault}: {found[2]} is {found[0]}" for name, seed, fault, found in _faults(study)
            if found[0] != "violated"]  # fmt: skip


def page(study: dict[str, Any]) -> str:
    """Markdown: the totals, and a line for each group."""
    verdicts = Counter(found[0] for _, _, found in _alarms(study))
    total, faults = sum(verdicts.values()), list(_faults(study))
    kinds = Counter(fault for _, _, fault, _ in faults)
    symmetries = {found[2] for _, _, found in _alarms(study)}
    lines = [
        "# How often `check` is wrong beyond images",
        "",
        "Written by `python -m tools.check_study.beyond`, from `beyond_images_study.json`: groups, fields and claims",
        "on networks that are symmetric by construction, and on the same networks with a fault. For a finite group",
        "that is any network averaged over the group; for the others coefficients, which are any function of",
        "invariants, times what is equivariant, and convolutions, sets and graphs. A fault is one element of the",
        "group that counts twice, or entries of an input or an output that are weighted, moved, or in error one by",
        "one. Its size is the root mean square of F(gx) − ρ(g)F(x) over that of F(x), on inputs and elements that",
        "`check` does not see; each is weakened until that is 1 %. Every fifth check without a fault is in float32.",
        "",
        "| | checks | violated | consistent | undecided | undefined |",
        "|---|---|---|---|---|---|",
        f"| symmetric networks | {total} | {verdicts['violated']} | {verdicts['consistent']} | "
        f"{verdicts['undecided']} | {verdicts['undefined']} |",
        "",
        f"{len(symmetries)} different questions. With no event in n checks the rate of false alarms is below 3/n at "
        f"95 %: {3 / max(1, total):.2%}.",
        "",
        "| fault | planted | missed |",
        "|---|---|---|",
    ]
    lost = Counter(fault for _, _, fault, found in faults if found[0] != "violated")
    lines += [f"| {kind} | {count} | {lost[kind]} |" for kind, count in sorted(kinds.items())]
    lines += [f"| all | {len(faults)} | {sum(lost.values())} |", ""]
    lines += ["| group | symmetric networks | false alarms | faults of 1 % | missed |", "|---|---|---|---|---|"]
    for name in study["alarms"]:
        own = [found for family, _, found in _alarms(study) if family == name]
        planted = [found for family, _, _, found in faults if family == name]
        wrong = sum(found[0] == "violated" for found in own)
        lines.append(f"| {name} | {len(own)} | {wrong} | {len(planted)} | "
                     f"{sum(found[0] != 'violated' for found in planted)} |")  # fmt: skip
    for title, rows in (("False alarms", alarms(study)), ("Misses", missed(study))):
        if rows:
            lines += ["", f"## {title}", "", *(f"- {row}" for row in rows)]
    return "\n".join(lines) + "\n"


def _alarms(study: dict[str, Any]) -> list[tuple[str, str, Any]]:
    return [(name, seed, found) for name, seeds in study["alarms"].items() for seed, found in seeds.items()]


def _faults(study: dict[str, Any]) -> list[tuple[str, str, str, Any]]:
    return [
        (name, seed, fault, found)
        for name, seeds in study["faults"].items()
        for seed, by_fault in seeds.items()
        for fault, found in by_fault.items()
    ]
