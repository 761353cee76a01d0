"""docs/promise_study.md: tables of what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .features import FUNCTIONS, TRAINING
from .ladders import SIZES
from .subjects import WARPS
from .warped import MOVED

ALL = 45_000
"""Images that most networks are trained on: those of CIFAR-10 that are not held out."""


def named(row: dict[str, Any]) -> str:
    """A classifier, and in brackets the images that it was trained on, if not all; where that was for a margin, the
    displacement in pixels in place of its options."""
    fewer = "" if row["training"] == ALL else f" ({row['training']:,})"
    if row["displacement"]:
        return f"{row['model'].partition(':')[0]}, margin of {row['displacement']:g}{fewer}"
    return row["model"] + ("" if row["augment"] == "none" else f", {row['augment'].partition(':')[0]}") + fewer


def trained_alike(rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of as many images and epochs as most have, and the others."""
    usual = Counter((row["training"], row["epochs"]) for row in rows).most_common(1)[0][0]
    alike = [row for row in rows if (row["training"], row["epochs"]) == usual]
    return alike, [row for row in rows if row not in alike]


def of_the_front(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that are drawn: trained alike, or on fewer images, which their names say."""
    alike, others = trained_alike(found["trained"])
    return [*alike, *(row for row in others if row["training"] < ALL), *found["baselines"]]


def on_the_front(row: dict[str, Any]) -> dict[str, Any]:
    """A row as `plot_front` takes it; the front goes through the surface networks as they are by name."""
    families = [row[family] for family in WARPS]
    return {
        "name": named(row),
        "clean": row["clean"],
        "errors": [family["error"] for family in families],
        "carried": [family["mesh"]["error"] for family in families if "mesh" in family],
        "joined": row["model"].startswith("surface") and ":" not in row["model"],
    }


def page(found: dict[str, Any]) -> str:
    """The page."""
    return "\n".join([*_lines(found), ""])


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield from ("# Measurements of the surface networks", "")
    yield "Written by `python -m tools.surface_study --runs RUNS --digits RUNS --certificates FILES`; what they mean is"
    yield "said in [A network that keeps the promise](the_promise_kept.md). E is in units of the spread between images."
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
        yield from ("", "## With windows: change, bound, bound and grid term", "")
        yield "Images of up to 6 cycles a side. Of one function's windows together; the last columns count images and"
        yield "functions, and show the largest change in units of its bound, and of bound and grid term."
        yield "Smooth warps and fine waves, of 24 half waves a side, are drawn; 4×4 windows, f a random perceptron."
        yield "Waves found are, of up to as many half waves, those that change the integrals on this grid most, found"
        yield "along the gradient; 2×2 windows, f random Fourier features. They break the bound on coarse grids: there"
        yield "the grid term is needed, and holds."
        yield ""
        yield from _table(
            (
                *("warps", "pixels", "scale", "moved", "change", "bound", "bound + grid"),
                *("above bound", "above both", "largest, of bound", "of both"),
            ),
            (
                (
                    *(r["family"], r["size"], r["scale"], f"{r['moved']:.4f}"),
                    *(f"{r[name]:.2e}" for name in ("change", "bound", "bound and grid")),
                    *(f"{r[name]} of {r['of']}" for name in ("above", "above both")),
                    *(f"{most:.2f}" for most in r["largest"]),
                )
                for r in found["bounded"]
            ),
        )
    if "trained" in found:
        yield from _trained(found["trained"], found["baselines"])
    if "features" in found:
        yield from ("", "## What else moves with an image", "")
        yield f"{FUNCTIONS} random functions, integrated over the surface, and ridge regression on {TRAINING:,} images:"
        yield "accuracy on 2,000 test images; E under smooth warps, images of up to 3 cycles a side."
        yield ""
        yield from _table(
            ("functions of", "accuracy", "E at 64", "E at 128"),
            (
                (r["features"], f"{r['accuracy']:.1%}", *(f"{error:.1e}" for error in r["errors"]))
                for r in found["features"]
            ),
        )
    if found.get("digits"):
        digits = found["digits"]
        note = f" ({digits[0]['note']})" if digits[0]["note"] else ""
        yield from ("", f"## Rotated MNIST{note}", "")
        yield f"{digits[0]['images']} test digits; E of the logits where the digit is turned once more, by degrees."
        yield ""
        yield from _table(
            ("network", "parameters", "trained on", "epochs", "accuracy", *map(str, digits[0]["angles"])),
            (
                (
                    *(r["model"], f"{r['parameters']:,}", f"{r['training']:,}", r["epochs"], f"{r['accuracy']:.1%}"),
                    *(f"{error:.1e}" for error in r["errors"]),
                )
                for r in digits
            ),
        )
    for kept in found.get("certificates", ()):
        yield from _certificate(kept)
    if found.get("nearness"):
        yield from _nearness(found["nearness"])


def _trained(rows: Sequence[dict[str, Any]], baselines: Sequence[dict[str, Any]]) -> Iterator[str]:
    alike, others = trained_alike(rows)
    first = rows[0]
    reached = ", ".join(f"{first[family]['pixels']:.1f} ({family})" for family in WARPS)
    yield from ("", f"## Trained on CIFAR-10 ({first['note'] or 'canonical files'}), {ALL:,} images", "")
    yield f"{first['images']} test images; the same warps for all, of up to {MOVED:g} pixels, root mean square"
    yield f"over an image; over all images {reached}."
    yield "Accuracy and E of the logits, the image resampled on its pixels; in brackets E where the pixels are a"
    yield "mesh that is moved: nothing is resampled there. After a name in brackets: trained on so many images only."
    for title, here in (("Trained alike, and linear baselines", [*alike, *baselines]), ("Trained otherwise", others)):
        if not here:
            continue
        yield from ("", f"### {title}", "")
        yield from _table(
            ("classifier", "parameters", "epochs", "clean", *WARPS),
            (
                (
                    *(named(r), f"{r['parameters']:,}", r["epochs"] or "", f"{r['clean']:.1%}"),
                    *(_under(r[f]) for f in WARPS),
                )
                for r in here
            ),
        )
        yield from ("", "E by the size of smooth warps, root mean square in pixels:", "")
        yield from _table(
            ("classifier", *(f"{point['pixels']:.2g}" for point in first["sizes"])),
            ((named(r), *(f"{point['error']:.3f}" for point in r["sizes"])) for r in here),
        )


def _nearness(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield from ("", "## How near a search comes", "")
    yield "Every vertex of the mesh is moved for itself, up to so many times the radius of its own image, along the"
    yield "gradient of the margin; no triangle turns over. The part of the images that lose the class that the network"
    yield "gives them, and what part of the allowance of the certificate the search used up within the radius."
    yield ""
    factors = rows[0]["factors"]
    yield from _table(
        ("network", "epochs", "images", "median radius", *(f"{f:g} ×" for f in factors), "used, median", "used, most"),
        (
            (
                *(named(r), r["epochs"], r["images"], f"{r['radius']:.2f} pixels"),
                *(f"{share:.1%}" for share in r["changed"]),
                *(f"{share:.0%}" for share in r["used"]),
            )
            for r in rows
        ),
    )


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
        rows.append((f"worst {name} found", kept["attacked"][name]))
        if name in kept["resampled"]:
            rows.append(("the same, resampled", kept["resampled"][name]))
    yield from _table(
        ("displacement, pixels", *map(str, kept["displacements"])), ((n, *(f"{v:.1%}" for v in row)) for n, row in rows)
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
