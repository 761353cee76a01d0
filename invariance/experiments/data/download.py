"""Data sets from the network, checked."""

from __future__ import annotations

from pathlib import Path

from ...errors import DataError

__all__ = ["download"]


def download(name: str, folder: Path) -> None:
    raise DataError("download", name, "not there yet; put the files there by hand")
