"""Results in one folder, written after every step, so that a run that is cut off goes on where it was."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from invariance.errors import ArgumentError
from invariance.files import write_json

__all__ = ["Kept", "pack", "unpack"]

_PART = 12 * 2**20  # bytes of a packed file: small enough to be copied one by one


class Kept:
    """A JSON file of results by name, beside the machine that gave them."""

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self.path, self.about = path, about
        self.results: dict[str, Any] = {}
        if path.exists():
            try:
                kept = json.loads(path.read_text(encoding="utf-8"))
                self.results = kept["results"] if kept["machine"]["card"] == about["card"] else {}
            except (ValueError, KeyError, TypeError) as error:
                raise ArgumentError("--out", path, f"results of this kit, or another folder ({error})") from error

    def __contains__(self, name: str) -> bool:
        return name in self.results

    def add(self, name: str, result: dict[str, Any]) -> None:
        self.results[name] = result
        write_json(self.path, {"machine": self.about, "results": self.results})


def pack(runs: Path, out: Path) -> list[Path]:
    """The runs' folders as archives of a bounded size each; older archives go."""
    for old in out.glob("runs-*.tar"):
        old.unlink()
    archives: list[Path] = []
    for number, part in enumerate(_parts(sorted(path for path in runs.rglob("*") if path.is_file()))):
        archives.append(out / f"runs-{number}.tar")
        with tarfile.open(archives[-1], "w") as archive:
            for path in part:
                archive.add(path, path.relative_to(runs))
    return archives


def unpack(out: Path, runs: Path) -> None:
    """What `pack` left, unless the runs are there already."""
    if runs.exists():
        return
    for path in sorted(out.glob("runs-*.tar")):
        with tarfile.open(path) as archive:
            archive.extractall(runs, filter="data")


def _parts(paths: Iterable[Path]) -> Iterable[list[Path]]:
    part: list[Path] = []
    size = 0
    for path in paths:
        if part and size + path.stat().st_size > _PART:
            yield part
            part, size = [], 0
        part.append(path)
        size += path.stat().st_size
    if part:
        yield part
