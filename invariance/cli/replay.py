"""`invariance replay`: a recorded failure once more."""

from __future__ import annotations

from pathlib import Path

import click

from ..verdicts import STATUS
from .check import show

__all__ = ["replay"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--target", help="Where the model is, if not where the file says.")
def replay(file: Path, target: str | None) -> int:
    """Run again what FILE recorded: a report of `invariance check`, a worst case, or a failed test.

    Status as of the check: 0 consistent, 1 violated, 3 undecided or undefined.
    """
    from rich.console import Console

    from ..testing.replay import replay as again

    result = again(file, target=target)
    if result.report is not None:
        show(result.report)
    else:
        for name, value in result.now.items():
            Console().print(f"{name}: {value}", markup=False, highlight=False, soft_wrap=True)
    Console().print(str(result), markup=False, highlight=False, soft_wrap=True)
    return STATUS[result.verdict]
