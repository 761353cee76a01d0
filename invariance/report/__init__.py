"""The main job: ledger, layers and curves in one self-contained page and one JSON file."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..files import require_folder, require_writable, write, write_json
from .aside import Aside
from .page import rendered

__all__ = ["build_report", "steps"]

_MARK = "invariance report"
_PICTURE = rb"Software\0invariance"


def build_report(
    folder: str | Path, *, images: str | Path | None = None, tick: Callable[[str], None] = lambda _: None
) -> bool:
    """Write `index.html`, `report.json` and the figures as PNG into `folder`.

    True if every claim came out as recorded or predicted.

    Args:
        images: a folder of PNG or JPEG photographs; scikit-image's own where none is given.
        tick: called with the name of each of the `steps` as it begins, or once it is done if it was in another process.

    Raises:
        ImageReadError: photographs that cannot be read.
    """
    start, folder = time.perf_counter(), Path(folder)
    require_folder("--output", folder)
    if folder.is_dir():
        for name in ("index.html", "report.json"):
            require_writable("--output", folder / name, replaces=_MARK.encode())
        for picture in sorted(folder.glob("*.png")):
            require_writable("--output", picture, replaces=_PICTURE)
    with Aside(_ledger) as aside:  # begun before torch is imported, of which it has no need
        from .measured import SIZE, measured

        photos, found, results, explorer = measured(images, aside.wait, tick)
        tick("ledger")
        ledger, rows = aside.result()
    folder.mkdir(parents=True, exist_ok=True)
    seconds = time.perf_counter() - start
    data = {
        "format": f"{_MARK} 1",
        "seconds": seconds,
        "ledger": ledger,
        "findings": [asdict(finding) for finding in found],
        "figures": {r.name: {"title": r.title, "text": r.text, "data": r.data} for r in results},
    }
    write_json(folder / "report.json", data)
    for result in results:
        write(folder / f"{result.name}.png", result.png)
    page = rendered(
        "page.html.j2",
        explorer=explorer,
        wrong=[row["id"] for row in rows if not row["agreed"]] + [f.id for f in found if not f.agrees],
        entries=rows,
        ledger=ledger,
        findings=found,
        seconds=seconds,
        results=[asdict(result) | {"png": base64.b64encode(result.png).decode()} for result in results],
        count=photos,
        size=SIZE,
    )
    write(folder / "index.html", page)
    return bool(ledger["agreed"]) and all(finding.agrees for finding in found)


def steps() -> list[str]:
    """Names of the steps that `build_report` announces."""
    from .figures import FIGURES

    return ["layers", *FIGURES, "ledger"]


def _ledger() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The ledger as JSON, and the rows of the page."""
    from invariance_proofs.ledger import to_json, verify

    entries = list(verify())
    return to_json(entries), [_row(entry) for entry in entries]


def _row(entry: Any) -> dict[str, Any]:
    statement = entry.statement
    return {
        "id": statement.id,
        "summary": statement.summary,
        "correction": statement.correction,
        "verdict": str(entry.verdict),
        "style": entry.verdict.name,
        "agreed": entry.agreed,
        "sizes": entry.sizes,
        "routes": entry.methods,
    }
