"""The study as a page."""

from __future__ import annotations

from typing import Any

from .study import ROUNDED, Tally, summed

__all__ = ["page", "wrong_proofs"]

TRAPPED = ("traps", "faults of the study of check")


def wrong_proofs(study: dict[str, Any]) -> list[str]:
    """Every proof that numbers refute, or that speaks of a network that must not be proved."""
    return [what for part in study["parts"].values() for job in part.values() for what in job["wrong"]]


def page(study: dict[str, Any]) -> str:
    """Markdown: the totals, the families, why symmetric networks were not proved."""
    tallies = {name: summed(part) for name, part in sorted(study["parts"].items())}
    total = Tally()
    for tally in tallies.values():
        total += tally
    families = {name: tally for name, tally in tallies.items() if name not in TRAPPED}
    lines = [
        "# How often `prove` is wrong, and how often it finds the proof",
        "",
        "Written by `python -m tools.prove_study`, from `prove_study.json`. Networks that are symmetric by",
        "construction, a file for each kind in `tools/prove_study/families`; the same with one fault planted, in a",
        "weight (every third is one weight changed in its last bit) or between two layers; traps, each beside sound",
        "networks that resemble it; and every fault of the study of `check` under permutations of entries. A *wrong",
        "proof* is one that numbers refute: T(gx) is compared in float64 with the motion that the proof states, on",
        "eleven kinds of inputs, and each sample by itself. Where only the last bit of a weight is changed, the stated",
        "motion is also held to the network in which the same weight is changed by a half.",
        "",
        f"**{len(total.wrong)} wrong proofs in {total.asked} attempts on {total.graphs} exported graphs**, in "
        f"{total.seconds / 60:.0f} minutes of CPU, {total.exporting / 60:.0f} of them for exports. With no event in n "
        f"attempts the rate is below 3/n at 95 %: {3 / max(1, total.asked):.2%}.",
        "",
        *_sources(study),
        "## Symmetric networks",
        "",
        "| family | architectures | asked | proved | certificates re-checked | |",
        "|---|---|---|---|---|---|",
        *(_family(name, tally, len(study["parts"][name])) for name, tally in families.items()),
        "",
        "Networks of escnn have filters that are symmetric to float32 only: proved after the change of weights that",
        "the report states, the largest of which is in the last column; such proofs have no certificate. One",
        "certificate of each architecture is given to the independent checker, which exports the network itself:",
        f"{total.rechecked} of {total.certified} are verified. Architectures are drawn by seeds from 0, weights by",
        "seeds from 0 for each, faults by the seed of the architecture and the number of the fault.",
        "",
        *_tried(study.get("tried", {})),
        "## Faults",
        "",
        "A fault is *harmless* where the network stays symmetric, as where two equal weights are exchanged or the",
        "fault is in a weight that no symmetry ties: those are proved and no number refutes them.",
        "",
        "| of | asked | proved and harmless | wrong |",
        "|---|---|---|---|",
        *(f"| {name} | {t.faulty} | {t.harmless} | {len(t.wrong)} |" for name, t in tallies.items()),
        "",
        "## Symmetric networks that were not proved",
        "",
        "| family | seed | the first reason |",
        "|---|---|---|",
        *(_missed(name, said) for name, tally in families.items() for said in sorted(set(tally.missed))),
        "",
    ]
    return "\n".join(lines)


def _family(name: str, tally: Tally, architectures: int) -> str:
    last = f"weights changed by at most {tally.nearest:.0e}" if name in ROUNDED else ""
    share = tally.proved / max(1, tally.sound)
    checked = f"{tally.rechecked} of {tally.certified}"
    return f"| {name} | {architectures} | {tally.sound} | {tally.proved} ({share:.0%}) | {checked} | {last} |"


def _tried(tried: dict[str, dict[str, Any]]) -> list[str]:
    if not tried:
        return []
    return [
        "## Published architectures",
        "",
        "Seconds of CPU on one core: of the export, of a generator after it, of the checker for all generators.",
        "",
        "| network | verdict | operations | export | a generator | checker | the first reason |",
        "|---|---|---|---|---|---|---|",
        *(f"| {' | '.join([name, *_columns(found)])} |" for name, found in tried.items()),
        "",
    ]


def _columns(found: dict[str, Any]) -> list[str]:
    seconds = [f"{found[key]:.1f}" if key in found else "" for key in ("export", "generator")]
    checker = f"{found['check']:.1f}" if "check" in found else found.get("checker", "")
    reason = found.get("reason", "").replace("|", "/")[:160]
    return [found["verdict"], str(found.get("operations", "")), *seconds, checker, reason]


def _missed(name: str, said: str) -> str:
    seed, _, reason = said.partition(": ")
    return f"| {name} | {seed} | {reason.replace('|', chr(92) + '|').splitlines()[0][:160]} |"


def _sources(study: dict[str, Any]) -> list[str]:
    """Attempts by the digest of the sources that they ran on."""
    found: dict[str, Tally] = {}
    for part, jobs in study["parts"].items():
        for name, job in jobs.items():
            digest = study.get("sources", {}).get(part, {}).get(name, "earlier ones")
            found.setdefault(digest, Tally()).__iadd__(Tally(**job))
    rows = [f"| {digest} | {t.asked} | {t.graphs} | {len(t.wrong)} |" for digest, t in sorted(found.items())]
    said = "An attempt counts for the sources of the prover that it ran on, by their digest:"
    return [said, "", "| sources | attempts | graphs | wrong |", "|---|---|---|---|", *rows, ""]
