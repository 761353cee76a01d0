"""docs/promise_study.md: tables of what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .ladders import SIZES


def page(found: dict[str, Any]) -> str:
    """The page."""
    return "\n".join([*_lines(found), ""])


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield from ("# Measurements of the surface networks", "")
    yield "Written by `python -m tools.surface_study --runs RUNS --certificates FILES`; what is said of it is in"
    yield "[A network that keeps the promise](the_promise_kept.md). E is in units of the spread between images."
    if "ladders" in found:
        yield from ("", "## One random f, integrated over the surface: E by grid", "")
        yield from _table(
            ("cycles a side", "warps", "moved, of half the side", "integral", *map(str, SIZES), "orders"),
            (
                (
                    *(r["cutoff"], r["family"], f"{r['moved']:.2f}", r["model"]),
                    *(f"{e:.1e}" for e in r["errors"]),
                    ", ".join(f"{o:.1f}" for o in r["orders"]),
                )
                for r in found["ladders"]
            ),
        )
    if "at_64" in found:
        yield from ("", "## Networks with random weights at 64×64, smooth warps", "")
        cutoffs = sorted({r["cutoff"] for r in found["at_64"]})
        by = {(r["model"], r["cutoff"]): r["error"] for r in found["at_64"]}
        yield from _table(
            ("network", *(f"up to {c} cycles" for c in cutoffs)),
            ((m, *(f"{by[m, c]:.1e}" for c in cutoffs)) for m in dict.fromkeys(r["model"] for r in found["at_64"])),
        )
    if "bounded" in found:
        yield from ("", "## 4×4 windows: change, bound, bound and grid term", "")
        yield "Images of up to 6 cycles a side. Of one function's 16 windows together; the last columns count images"
        yield "and functions. Fine waves have 24 half waves a side, of which a coarse grid sees little."
        yield ""
        yield from _table(
            ("warps", "pixels", "scale", "moved", "change", "bound", "bound + grid", "above bound", "above both"),
            (
                (
                    *(
                        r["cutoff"],
                        r["size"],
                        r["scale"],
                        f"{r['moved']:.4f}",
                        f"{r['change']:.2e}",
                        f"{r['bound']:.2e}",
                    ),
                    *(f"{r['bound and grid']:.2e}", f"{r['above']} of {r['of']}", f"{r['above both']} of {r['of']}"),
                )
                for r in found["bounded"]
            ),
        )
    if found.get("trained"):
        first = found["trained"][0]
        families = [k for k, v in first.items() if isinstance(v, dict)]
        yield from ("", f"## Trained on CIFAR-10 ({first['note'] or 'canonical files'})", "")
        yield f"{first['images']} test images; the same warps for all, of 2 pixels on the root mean square. Accuracy"
        yield "and E of the logits, the image resampled on its pixels; in brackets E where the pixels are a mesh that"
        yield "is moved: nothing is resampled there."
        yield ""
        yield from _table(
            ("network", "parameters", "epochs", "clean", *families),
            (
                (
                    *(r["model"], f"{r['parameters']:,}", r["epochs"], f"{r['clean']:.1%}"),
                    *(_under(r[f]) for f in families),
                )
                for r in found["trained"]
            ),
        )
    for kept in found.get("certificates", ()):
        yield from _certificate(kept)


def _under(found: dict[str, Any]) -> str:
    mesh = f" ({found['mesh']['error']:.1e})" if "mesh" in found else ""
    return f"{found['accuracy']:.1%}, {found['error']:.2f}{mesh}"


def _certificate(kept: dict[str, Any]) -> Iterator[str]:
    radius = kept["median_radius"]
    yield from ("", f"## Certified: {kept['model']}", "")
    reach = "without end" if radius is None else f"{radius:.2f} pixels"
    yield f"{kept['images']} test images, {kept['accuracy']:.1%} right; median radius of those: {reach}."
    yield f"{kept['cases']:,} warps of images were held against what was proved of them; {kept['violations']} broke it."
    yield ""
    rows = [("certified", kept["certified"])]
    for name in kept["attacked"]:
        rows += [(f"worst {name} found", kept["attacked"][name]), ("the same, resampled", kept["resampled"][name])]
    yield from _table(
        ("displacement, pixels", *map(str, kept["displacements"])), ((n, *(f"{v:.1%}" for v in row)) for n, row in rows)
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
