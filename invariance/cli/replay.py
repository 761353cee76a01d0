"""`invariance replay`: a recorded failure once more."""

from __future__ import annotations

from pathlib import Path

import click

from ..verdicts import STATUS
from .check import show
from .parameters import InputPath, Source

__all__ = ["replay"]


@click.command()
@click.argument("file", type=InputPath())
@click.option("--target", type=Source(), help="Where the model is, if not where the file says.")
@click.option("--trust", is_flag=True, help="Run code that the file names also where it is not below this folder.")
def replay(file: Path, target: str | None, trust: bool) -> int:
    """Run again what FILE recorded: a report of `invariance check`, a worst case, or a failed test.

    The code that it names is run: it is told which and from where. Without --trust it must be below this folder.

    Status as of the check: 0 consistent, 1 violated, 3 undecided or undefined.
    """
    from rich.console import Console

    from ..testing.replay import replay as again

    def tell(said: str) -> None:
        Console(stderr=True).print(said, markup=False, highlight=False, soft_wrap=True)

    result = again(file, target=target, trust=trust, tell=tell)
    if result.report is not None:
        show(result.report)
    else:
        for name, value in result.now.items():
            Console().print(f"{name}: {value}", markup=False, highlight=False, soft_wrap=True)
    Console().print(str(result), markup=False, highlight=False, soft_wrap=True)
    return STATUS[result.verdict]
