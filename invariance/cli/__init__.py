"""The command line, a file for each command.

Exit status: 0 holds, 1 violated or a verdict other than recorded, 2 bad input, 3 undecided or undefined.
"""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from ..errors import ArgumentError, ArgumentTypeError
from .check import check
from .curve import curve
from .replay import replay
from .report import report
from .table import table
from .train import train
from .verify import verify

__all__ = ["cli", "main"]


@click.group(no_args_is_help=False, context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.version_option(package_name="invariance")
def cli() -> None:
    """Which invariance claims are true, under which hypotheses, and how far a network is from them."""


for command in (verify, curve, check, replay, report, table, train):
    cli.add_command(command)


def main() -> None:
    """Run a command; a user's mistake is one line on stderr and exit status 2."""
    from invariance_proofs.ledger import UnknownStatementError

    try:
        status = cli(standalone_mode=False)
    except click.ClickException as error:
        _fail(error.format_message())
    except (ArgumentError, ArgumentTypeError, UnknownStatementError, OSError) as error:
        _fail(str(error))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    sys.exit(status or 0)


def _fail(message: str) -> NoReturn:
    print("invariance:", " ".join(message.split()), file=sys.stderr)
    sys.exit(2)
