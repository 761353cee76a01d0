"""The study as a page."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .study import SLIGHT

__all__ = ["alarms", "missed", "page"]


def alarms(study: dict[str, Any]) -> list[str]:
    """The symmetric modules, by family and seed, that are called violated; and sound halves of faults."""
    found = [
        f"{name}, seed {seed}"
        for name, seeds in study["alarms"].items()
        for seed, a in seeds.items()
        if a[0] == "violated"
    ]
    return found + [f"sound: {name}" for name, fault in study["faults"].items() if fault["sound"][0] == "violated"]


def missed(study: dict[str, Any]) -> list[str]:
    """The faults of at least 1 % that are not called violated, at their own size or at 1 %."""
    return [
        f"{name} ({which})"
        for name, fault in study["faults"].items()
        for which in ("faulty", "slight")
        if fault["size"] >= SLIGHT and fault.get(which, ["violated"])[0] != "violated"
    ]


def page(study: dict[str, Any]) -> str:
    """Markdown: the totals, the families, every fault, the limits."""
    checked = Counter(a[0] for seeds in study["alarms"].values() for a in seeds.values())
    sound = Counter(fault["sound"][0] for fault in study["faults"].values())
    large = {name: fault for name, fault in study["faults"].items() if fault["size"] >= SLIGHT}
    slight = [fault for fault in large.values() if "slight" in fault]
    lines = [
        "# How often `check` is wrong",
        "",
        "Written by `python -m tools.check_study`, from `check_study.json`. A *false alarm* is the verdict *violated*",
        "on a module that is symmetric by construction; a *miss* is any other verdict on a module with a planted",
        "fault. The relative size of a fault is ‖f′ − f‖/‖f‖ on images of its own, f the module without the fault.",
        "Where the group is exact on pixels, a fault is planted twice: as it is, and weakened to f + t(f′ − f) of size",
        f"{SLIGHT:.0%}. Asked of the sources with the digest `{study['sources']}`: with others it is asked anew.",
        "",
        "| | checks | violated | undecided | undefined |",
        "|---|---|---|---|---|",
        _totals("symmetric modules", checked),
        _totals("faulty modules before the fault", sound),
        "",
        "| | faults | found | missed | smallest size |",
        "|---|---|---|---|---|",
        _found("as planted", [fault["faulty"][0] for fault in large.values()], [f["size"] for f in large.values()]),
        _found(f"weakened to {SLIGHT:.0%}", [f["slight"][0] for f in slight], [f["slight size"] for f in slight]),
        "",
        "With no event in n checks its rate is below 3/n at 95 %: "
        f"{3 / max(1, sum(checked.values()) + sum(sound.values())):.2%} for false alarms.",
        "",
        "## Symmetric modules",
        "",
        "| family | checks | consistent | other verdicts |",
        "|---|---|---|---|",
        *(_family(name, seeds) for name, seeds in sorted(study["alarms"].items())),
        "",
        "## How small a fault is seen",
        "",
        "One tap of one orientation of a p4 layer, and the whole layer in a lower precision. Filters that are stored",
        "in float32 are allowed what float32 rounds; a layer that computes in it is not. bfloat16 is so coarse that",
        "turned outputs are rounded to the same numbers: that is symmetric, bit for bit, though far from the layer.",
        "",
        "| fault | size | verdict | E |",
        "|---|---|---|---|",
        *(f"| {name} | {f['size']:.1e} | {_verdict(f['faulty'])} |" for name, f in sorted(study["limits"].items())),
        "",
        "## Faults",
        "",
        f"| fault | group | claim | size | verdict | E | at {SLIGHT:.0%} | E |",
        "|---|---|---|---|---|---|---|---|",
        *(_fault(name, fault) for name, fault in sorted(study["faults"].items())),
        "",
    ]
    return "\n".join(lines)


def _totals(what: str, verdicts: Counter[str]) -> str:
    counts = [sum(verdicts.values()), *(verdicts[kind] for kind in ("violated", "undecided", "undefined"))]
    return f"| {what} | {' | '.join(map(str, counts))} |"


def _found(what: str, verdicts: list[str], sizes: list[float]) -> str:
    seen = verdicts.count("violated")
    return f"| {what} | {len(verdicts)} | {seen} | {len(verdicts) - seen} | {min(sizes, default=0):.1%} |"


def _family(name: str, seeds: dict[str, list[Any]]) -> str:
    verdicts = Counter(answer[0] for answer in seeds.values())
    others = ", ".join(f"{count} {kind}" for kind, count in sorted(verdicts.items()) if kind != "consistent")
    return f"| {name} | {len(seeds)} | {verdicts['consistent']} | {others or '–'} |"


def _verdict(answer: list[Any]) -> str:
    return f"{answer[0]} | {'–' if answer[1] is None else f'{answer[1]:.1e}'}"


def _fault(name: str, fault: dict[str, Any]) -> str:
    slight = _verdict(fault["slight"]) if "slight" in fault else "– | –"
    name = name.replace("|", "\\|")
    asked = f"{fault['group']} | {fault['claim']} | {fault['size']:.1%}"
    return f"| {name} | {asked} | {_verdict(fault['faulty'])} | {slight} |"
