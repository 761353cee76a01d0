"""The main job: ledger, layers and curves in one self-contained page and one JSON file."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from ..files import require_folder, require_writable, write, write_json
from ..pictures import photographs
from ..plots.save import picture_of
from .aside import Aside, dealt
from .bridge import findings
from .explorer import on_page
from .figures import FIGURES
from .page import rendered
from .result import Result

__all__ = ["build_report"]

_MARK = "invariance report"
_PICTURE = rb"Software\0invariance"
SIZE = 60
"""Pixels along a side of the photographs: a multiple of 6, for windows of two and three pixels."""


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
    photos = photographs(SIZE, folder=images)
    folder.mkdir(parents=True, exist_ok=True)
    with dealt(tuple(FIGURES)) as names:

        def ledger_and_figures() -> tuple[Any, ...]:
            torch.set_num_threads(1)
            return *_ledger(), {name: _drawn(FIGURES[name](photos)) for name in names}

        with Aside(ledger_and_figures) as aside, _a_core_left():  # forked before torch has threads
            tick("layers")
            found = list(findings(photos))
            figures: dict[str, _Drawn] = {}
            for name in names:
                tick(name)
                figures[name] = _drawn(FIGURES[name](photos))
            explorer = on_page()
            tick("ledger")
            ledger, rows, others = aside.result()
    for name in others:
        tick(name)
    results = [(figures | others)[name] for name in FIGURES]
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
        count=len(photos),
        size=SIZE,
    )
    write(folder / "index.html", page)
    return bool(ledger["agreed"]) and all(finding.agrees for finding in found)


def steps() -> list[str]:
    """Names of the steps that `build_report` announces."""
    return ["layers", *FIGURES, "ledger"]


@contextmanager
def _a_core_left() -> Iterator[None]:
    """A thread fewer for torch: its threads wait for each other busily, and one of them would share its core."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, before - 1))
    try:
        yield
    finally:
        torch.set_num_threads(before)


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


@dataclass(frozen=True)
class _Drawn:
    """A `Result` whose figure is a PNG file, which can go from one process to another."""

    name: str
    title: str
    text: str
    data: Any
    png: bytes


def _drawn(result: Result) -> _Drawn:
    return _Drawn(result.name, result.title, result.text, result.data, picture_of(result.figure, "png", dpi=180))
