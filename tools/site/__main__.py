"""Build the site into a folder; a link that leads nowhere is an error.

    python -m tools.site --out site [--execute]

Without --execute the notebooks are shown without their figures, as they are in the repository.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["SiteError", "build", "main"]

ROOT = Path(__file__).parents[2]


class SiteError(Exception):
    """What the site lacks."""


class _Listener(logging.Handler):
    """What mkdocs warns of; it fails without saying why."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def build(folder: Path, *, execute: bool = False) -> None:
    """Write the site into `folder`; what was there is lost.

    Raises:
        SiteError: links, anchors, names or pages that are not there, each in a line.
    """
    from mkdocs.commands.build import build as make
    from mkdocs.config import load_config
    from mkdocs.exceptions import MkDocsException

    heard = _Listener(logging.WARNING)
    logging.getLogger("mkdocs").addHandler(heard)
    try:
        config = load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True, extra={"execute": execute})
        config.plugins.on_startup(command="build", dirty=False)
        make(config)
    except MkDocsException as error:
        raise SiteError("\n".join(heard.said) or str(error)) from error
    finally:
        logging.getLogger("mkdocs").removeHandler(heard)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder, which is emptied")
    parser.add_argument("--execute", action="store_true", help="run the notebooks, for their figures: minutes")
    chosen = parser.parse_args(arguments)
    if chosen.out.exists() and not (chosen.out / "sitemap.xml").exists() and any(chosen.out.iterdir()):
        sys.exit(f"tools.site: --out {chosen.out}: there is something else in it, which would be lost")
    try:
        build(chosen.out, execute=chosen.execute)
    except SiteError as error:
        sys.exit(f"tools.site: {error}")
    print(chosen.out / "index.html")


if __name__ == "__main__":
    main()
