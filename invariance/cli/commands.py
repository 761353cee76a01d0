"""The commands by name: each is imported when it is called, so that none waits for, or falls with, another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module

import click

from .. import __version__
from ..errors import ArgumentError, ArgumentTypeError, MissingExtraError, meant

__all__ = ["COMMANDS", "cli"]

_HELP = {
    "Of a network": {
        "check": "Is it invariant or equivariant, and if not, where?",
        "prove": "The same for all inputs, from its weights.",
        "profile": "Which symmetries does it have?",
        "doctor": "Why does it lack a symmetry, and what mends it?",
        "certify": "How far may its images be moved by any diffeomorphism?",
        "curve": "Error, consistency and accuracy against a warp's size.",
        "compare": "How do checkpoints of it differ?",
    },
    "Of papers": {
        "verify": "Their claims, decided by machine.",
        "report": "Claims, layers and curves on one page.",
        "train": "Train one of their networks.",
        "table": "Make one of their tables.",
    },
    "Of what was kept": {
        "replay": "Ask again what a report recorded.",
        "plot": "Draw what `curve` and `compare` measured.",
    },
    "Names to type": {
        "groups": "Groups, with an example each.",
        "fields": "What inputs and outputs can be, with an example each.",
    },
}
COMMANDS = tuple(name for about in _HELP.values() for name in about)
"""Each is the function of this name in the module of this name."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f".{cmd_name}", __package__), cmd_name)
        if _TRACEBACK not in command.params:
            command.params.append(_TRACEBACK)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from .line import require_one_meaning

        if args and args[0] not in COMMANDS and (close := meant(args[0], COMMANDS)):
            raise click.UsageError(f"No such command {args[0]!r}: {close.strip()}", ctx)
        name, command, words = super().resolve_command(ctx, args)
        if command is not None:
            require_one_meaning(command, click.Context(command, info_name=name, parent=ctx), words)
        return name, command, words

    def invoke(self, ctx: click.Context) -> object:
        """Errors that name an argument of Python name what is typed for it, in their advice too."""
        try:
            return super().invoke(ctx)
        except (ArgumentError, ArgumentTypeError) as error:
            command = self.get_command(ctx, ctx.invoked_subcommand or "")
            if command is None or isinstance(error, MissingExtraError):
                raise
            argument, value, wanted = error.args
            typed = _typed(command)
            raise type(error)(typed.get(argument) or argument, value, _advice(wanted, typed)) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """In words of this file, so that help imports no command."""
        for title, about in _HELP.items():
            with formatter.section(title):
                formatter.write_dl(list(about.items()))


def _typed(command: click.Command) -> dict[str, str]:
    """What is typed for each argument of the function behind a command."""
    from .line import typed_name

    return {parameter.name: typed_name(parameter) for parameter in command.params if parameter.name}


def _advice(wanted: str, typed: Mapping[str, str]) -> str:
    """`claim='invariant'` of Python as `--claim invariant`, `eval=True` as `--eval`."""

    def option(found: re.Match[str]) -> str:
        name = typed.get(found[1], "")
        if not name.startswith("--"):
            return found[0]
        return name if found[3] == "True" else f"{name} {found[3]}"

    said = re.sub(r"\b(\w+)=(['\"]?)([\w.]+)\2", option, wanted)
    return re.sub(r"(--[\w-]+) \(\1\)", r"\1", said)  # said in both ways


def _ask(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and ctx.obj is not None:
        ctx.obj["traceback"] = True


_TRACEBACK = click.Option(
    ["--traceback"], is_flag=True, is_eager=True, expose_value=False, callback=_ask, help="Show where an error is from."
)


@click.group(
    cls=_Commands,
    no_args_is_help=False,
    context_settings={"show_default": True, "help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="invariance")
def cli() -> None:
    """Which invariance claims are true, under which hypotheses, and how far a network is from them.

    Exit status: 0 it holds, 1 it does not, 2 the input is wrong, 3 nothing was decided, 4 a fault of this program.
    """
