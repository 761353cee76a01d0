"""Results in one folder, written after every step, so that a run that is cut off goes on where it was."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from invariance.errors import ArgumentError
from invariance.files import write_json

__all__ = ["Kept", "pack", "unpack"]

_PART = 12 * 2**20  # bytes of a packed file: small enough to be copied one by one


class Kept:
    """A JSON file of results by name, beside the machine that gave them; each card has files of its own.

    Raises:
        ArgumentError: a file of that name holds something else.
    """

    def __init__(self, out: Path, part: str, about: dict[str, Any]) -> None:
        card = re.sub(r"[^a-z0-9]+", "-", about["card"].lower()).strip("-")
        self.path, self.about = out / f"{part}-{card}.json", about
        self.results: dict[str, Any] = {}
        if self.path.exists():
            try:
                self.results = {**json.loads(self.path.read_text(encoding="utf-8"))["results"]}
            except (ValueError, KeyError, TypeError) as error:
                raise ArgumentError("--out", self.path, f"results of this kit, or another folder ({error})") from error

    def done(self, name: str) -> bool:
        """Whether there is a result that did not fail and was not cut off."""
        result = self.results.get(name, {"cut": True})
        return not (result.get("failed") or result.get("cut"))

    def add(self, name: str, result: dict[str, Any]) -> None:
        self.results[name] = result
        write_json(self.path, {"machine": self.about, "results": self.results})


def pack(runs: Path, out: Path) -> list[Path]:
    """The runs' folders as archives of a bounded size each. The old ones go when all the new ones are there.

    Without the state of those that are done, four fifths of what they weigh: nobody goes on from it.
    """
    out.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    paths = sorted(path for path in runs.rglob("*") if path.is_file())
    wanted = [path for path in paths if path.name != "state.safetensors" or not _finished(path.parent)]
    for number, part in enumerate(_parts(wanted)):
        written.append(out / f"new-runs-{number}.tar")
        with tarfile.open(written[-1], "w") as archive:
            for path in part:
                archive.add(path, path.relative_to(runs))
    archives = [path.replace(out / path.name.removeprefix("new-")) for path in written]
    for old in set(out.glob("runs-*.tar")) - set(archives):
        old.unlink()
    return archives


def _finished(run: Path) -> bool:
    try:
        return bool(json.loads((run / "record.json").read_text(encoding="utf-8"))["finished"])
    except (FileNotFoundError, ValueError, KeyError):
        return False


def unpack(out: Path, runs: Path) -> None:
    """What `pack` left, all of it or nothing, unless the runs are there already.

    Raises:
        ArgumentError: an archive that is cut off, or none.
    """
    if runs.exists():
        return
    runs.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=runs.parent) as beside:
        for path in sorted(out.glob("runs-*.tar")):
            try:
                with tarfile.open(path) as archive:
                    archive.extractall(beside, filter="data")
            except (tarfile.TarError, EOFError) as error:
                why = str(error).splitlines()[0]
                raise ArgumentError("--out", path, f"an archive of this kit; move it away ({why})") from error
        shutil.copytree(beside, runs)


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
