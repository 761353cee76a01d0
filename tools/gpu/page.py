"""`python -m tools.gpu.page`: what a card gave, from the JSON files of `results/gpu`, as results/gpu/CARD.md."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from invariance.files import write

__all__ = ["main", "page", "write_pages"]

ROOT = Path(__file__).resolve().parents[2] / "results" / "gpu"


def write_pages(folder: Path = ROOT) -> list[Path]:
    """A page for each card that has figures there."""
    written = []
    for path in sorted(folder.glob("figures-*.json")):
        written.append(path.with_name(path.name.removeprefix("figures-")).with_suffix(".md"))
        write(written[-1], page(path).encode())
    return written


def page(figures: Path) -> str:
    """The page of the card of these figures, with the tests and trainings beside them."""
    kept = {part: _read(figures.with_name(figures.name.replace("figures", part, 1))) for part in ("tests", "trainings")}
    kept["figures"] = _read(figures)
    machine, found = kept["figures"]["machine"], kept["figures"]["results"]
    lines = [
        f"# On a card: {machine['card']}",
        "",
        "Written by `python -m tools.gpu.page` from what `make gpu` left in this folder. Times are medians of twenty,",
        "by the card's own events, all of a row in turns; ratios are to a peer or to what the card itself did in the",
        "same run.",
        "",
        f"torch {machine['versions']['torch']}, CUDA {machine['cuda']}, Python {machine['versions']['python']}, "
        f"commit {machine['code']['revision'][:9]}{' with changes' if machine['code']['dirty'] else ''}, "
        f"{machine['date']}.",
        "",
        *_tests(kept["tests"]),
    ]
    for name, row in found.items():
        if why := row.get("failed"):
            lines += [f"## {name.capitalize()}", "", f"Failed: {why.splitlines()[0]}", ""]
        else:
            tell = _TOLD.get(name.partition(" of ")[0], _plain)
            lines += [f"## {name.capitalize()}", "", *tell(row), ""]
    return "\n".join([*lines, *_trainings(kept["trainings"])]).rstrip() + "\n"


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"results": {}}


def _tests(kept: dict[str, Any]) -> Iterator[str]:
    found = kept["results"].get("all")
    if found is None:
        return
    told = f"{found['passed']} tests pass, {len(found['failed'])} fail, {found['skipped']} are skipped"
    yield from ("## Tests", "", "Cut off." if found.get("cut") else f"{told}.", "")
    for test, said in found["failed"].items():
        why = next((line.strip() for line in said if "Error" in line), said[0] if said else "")
        yield f"- `{test.rpartition('::')[2]}`: {why}"
    yield ""


def _limits(row: dict[str, Any]) -> Iterator[str]:
    rates = ", ".join(f"{value:.0f} in {name}" for name, value in row["matmul_tflop_per_s"].items())
    yield f"It copies {row['copy_gb_per_s']:.0f} GB/s, bytes read and written, and multiplies {rates} (TFLOP/s)."


def _stage(row: dict[str, Any]) -> Iterator[str]:
    yield from (
        "The DiffCNN stage (convolution, sign, log-determinant) of 256 fields of 16 channels at 64×64 pixels, float32.",
        "*Roofline*: reading and writing once, at the rate of the copy.",
        "",
    )
    roofs = row["of_the_memory_roofline"]
    yield from _table(
        ("forward", "ms", "× planar convolution", "× roofline"),
        (
            (n, f"{ms:.2f}", _number(row["ratio"].get(n)), _number(roofs.get(n)))
            for n, ms in row["milliseconds"].items()
        ),
    )
    learned = row["with backward"]
    yield ""
    yield from _table(
        ("forward and backward", "ms", "× planar convolution"),
        ((n, f"{ms:.2f}", _number(learned["ratio"].get(n))) for n, ms in learned["milliseconds"].items()),
    )


def _convolutions(row: dict[str, Any]) -> Iterator[str]:
    yield "Forward and backward, 16 channels in and out, 128 images of 32×32 pixels."
    yield ""
    peers = list(dict.fromkeys(name for group in row.values() for name in group["ratio"]))
    yield from _table(
        ("group", "ms", *(f"× {peer}" for peer in peers)),
        (
            (name, f"{g['milliseconds']['ours']:.2f}", *(_number(g["ratio"].get(peer)) for peer in peers))
            for name, g in row.items()
        ),
    )


def _resampling(row: dict[str, Any]) -> Iterator[str]:
    yield (
        f"128 images of 3×64×64, each by a warp of its own: torch's bicubic {row['bicubic']:.2f} ms, a cubic spline by "
        f"a homography {row['cubic']:.2f} ms ({row['ratio']:.0f} ×), by a CPAB flow {row['cpab']:.1f} ms. The host's "
        "starts of their many small kernels are in these times."
    )


def _steps(row: dict[str, Any]) -> Iterator[str]:
    yield (
        "A training step of 100 images, and its ratio to that of the CNN; *captured* as `invariance train` does it on "
        "a card, one launch a step. In the last columns: of the images a second that there would be if the card "
        "multiplied all the time, the part that is reached."
    )
    yield ""
    names = list(next(iter(row.values()))["milliseconds"])
    rows = []
    for setting, found in row.items():
        share = {n: found["images_per_s"][n] / found["limit_images_per_s"][n] for n in names}
        times = [f"{found['milliseconds'][n]:.2f}" for n in names]
        over = [_number(found["ratio"].get(n)) for n in names[1:]]
        rows.append((setting, *times, *over, *(f"{share[n]:.1%}" for n in names)))
    heads = (
        *(f"{n}, ms" for n in names),
        *(f"{n} / {names[0]}" for n in names[1:]),
        *(f"{n}, of limit" for n in names),
    )
    yield from _table(("width, precision", *heads), rows)


def _checks(row: dict[str, Any]) -> Iterator[str]:
    yield "All-CNN on p4, width 32, in seconds; a curve of 32 images at two scales."
    yield ""
    yield from _table(
        ("on", "check", "verdict", "curve"),
        ((name, f"{r['check']:.2f}", r["verdict"], f"{r['curve']:.2f}") for name, r in row.items()),
    )


def _compiled(row: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{row['as it is']:.2f} ms as it is, {row['compiled']:.2f} ms by torch.compile ({row['ratio']:.2f} ×), after "
        f"{row['seconds_to_compile']:.0f} s of compiling."
    )


def _plain(row: dict[str, Any]) -> Iterator[str]:
    yield ", ".join(f"{name}: {value}" for name, value in row.items())


_TOLD = {
    "limits": _limits,
    "stage": _stage,
    "group convolutions": _convolutions,
    "resampling": _resampling,
    "training steps": _steps,
    "checks": _checks,
    "compiled step": _compiled,
}


def _trainings(kept: dict[str, Any]) -> Iterator[str]:
    found = kept["results"].get("all")
    if found is None:
        return
    runs = found["runs"]
    done = sum(run["finished"] for run in runs.values())
    yield from ("## Trainings", "", f"{done} done, {len(runs) - done} begun, {found['waiting']} to do.", "")
    yield from _table(
        ("training", "epochs", "", "best validation accuracy", "images/s, beside others"),
        (
            (
                name,
                str(run["epochs"]),
                "done" if run["finished"] else "begun",
                _percent((run.get("best") or {}).get("validation_accuracy")),
                "–" if run.get("images_per_s") is None else f"{run['images_per_s']:,.0f}",
            )
            for name, run in runs.items()
        ),
    )


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def main() -> int:
    """Exit status 0: written; 2: nothing to write of, or a file that is none of the kit's."""
    parser = argparse.ArgumentParser(prog="python -m tools.gpu.page", description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=ROOT, help="what `make gpu` left; results/gpu by default"
    )
    folder = parser.parse_args().folder
    try:
        pages = write_pages(folder)
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        print(f"page: folder = {folder}: results of `make gpu` are wanted ({error})", file=sys.stderr)
        return 2
    print("\n".join(str(path) for path in pages) or f"page: folder = {folder}: no figures yet; make gpu")
    return 0 if pages else 2


if __name__ == "__main__":
    sys.exit(main())
